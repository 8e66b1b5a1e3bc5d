package lock

import (
	"time"

	"latchd/otp"
)

// entry is what is being typed. What is typed during a lockout is gone when it ends.
type entry struct {
	digits [otp.MaxDigits]byte
	n      int // typed so far; more than fit are counted, up to one too many
	idleAt time.Duration
	flood  guard // of refused entries that cost the visitor nothing
}

// Refused entries beyond this many in this span are folded into one fault.
const (
	entryBurst = 20
	entrySpan  = time.Minute
)

func (e *entry) clear() {
	clear(e.digits[:])
	e.n, e.idleAt = 0, never
}

func (e *entry) add(digit byte) {
	if e.n < len(e.digits) {
		e.digits[e.n] = digit
	}
	e.n = min(e.n+1, len(e.digits)+1)
}

// key takes one press. Keys that are neither digits nor enter nor clear (A to D on larger pads) do nothing.
func (m *Machine) key(r rune) {
	switch {
	case r == m.cfg.Enter:
		m.enter() // each answer has a signal of its own
		m.entry.clear()
	case r == m.cfg.Clear:
		m.entry.clear()
		m.do(Feedback{KeyTaken})
	case '0' <= r && r <= '9':
		m.entry.add(byte(r))
		m.entry.idleAt = m.now.Mono + m.cfg.IdleClear
		m.do(Feedback{KeyTaken})
	}
}

// enter judges the entry. The strike's effect comes before every word about it.
func (m *Machine) enter() {
	if m.tries.Out() {
		m.deny(LockedOut)
		return
	}
	if m.entry.n != m.cfg.Digits {
		m.deny(Malformed)
		return
	}
	typed, detail := string(m.entry.digits[:m.entry.n]), ""
	verdict := m.codes.Try(m.now.Mono, typed)
	if verdict != otp.Right && m.tryOffline(typed) {
		verdict, detail = otp.Right, "offline code"
	}
	switch verdict {
	case otp.Right:
		m.dirty = m.dirty || m.tries.Failures() > 0
		m.tries.Right()
		m.grant(ByCode, "", detail)
		m.do(Spent{m.texts.ring})
	case otp.Used:
		m.deny(Used)
	case otp.Expired:
		m.deny(Expired)
	case otp.Wrong:
		m.deny(WrongCode)
		m.countFailure()
	case otp.NoCode:
		m.deny(NoCode)
		m.countFailure()
	}
}

// deny refuses an entry and says which way it was wrong. Wrong entries end in a lockout and so bound themselves; the
// others are guarded, for they may go on all night.
func (m *Machine) deny(r Reason) {
	signal, wait := EntryWrong, time.Duration(0)
	if r == LockedOut {
		signal, wait = KeypadLocked, m.tries.Until()-m.now.Mono
	}
	m.do(Feedback{signal})
	if r != WrongCode && r != NoCode && !m.allow(&m.entry.flood, "keypad", "entries", "refused entries come faster than people type") {
		return
	}
	m.emit(Event{Type: AccessDenied, Method: ByCode, Reason: r, Wait: wait})
}

func (m *Machine) countFailure() {
	m.dirty = true
	if !m.tries.Fail(m.now.Mono, m.strict()) {
		return
	}
	wait := m.tries.Until() - m.now.Mono
	m.do(Feedback{KeypadLocked})
	m.emit(Event{Type: LockoutStarted, Method: ByCode, Until: m.now.Wall.Add(wait), Wait: wait, Level: new(m.tries.Level())})
}
