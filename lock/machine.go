// Package lock is the door: a pure machine. Inputs go in (a key, the bell, news of a text, a command, time passed), effects come
// out (open the strike, send a text, tell an event), and the rules of the door hold in between, whatever the order of inputs.
//
// It reads no clock, starts no goroutine, touches no line, file or network: the shell around it does, and one goroutine owns
// it. It trusts nothing that comes in to be timely, and nothing that it asks for to succeed.
package lock

import (
	"math"
	"slices"
	"time"

	"latchd/otp"
)

// MaxPulse is the longest that the strike is ever held open without a break.
const MaxPulse = 30 * time.Second

// never is a deadline that is not set.
const never = time.Duration(math.MaxInt64)

// Machine is one door. Make it with New; it is not safe for concurrent use.
type Machine struct {
	cfg Config

	codes *otp.Store
	tries otp.Counter
	entry entry

	offline offline

	strike  strike
	exit    button
	bell    button
	contact contact
	tamper  tamper
	texts   texts

	commands    guard
	lastCommand int64 // Unix microseconds: when the last accepted command was made
	faults      map[faultKey]Fault

	dirty  bool          // State has changed since the last Save
	saveAt time.Duration // when State is saved again because waits have been served
	now    Instant
	out    []Effect
}

// New makes a door that is locked and goes on from st, at the moment now.
func New(cfg Config, st State, now Instant) *Machine {
	m := &Machine{cfg: cfg, codes: otp.NewStore(), faults: map[faultKey]Fault{},
		lastCommand: st.CommandAt, saveAt: never, now: now, offline: offline{last: st.OfflineStep}}
	m.entry.clear()
	m.strike.until, m.strike.graceUntil = never, math.MinInt64
	m.bell = newButton(Bell, bellBurst, bellSpan)
	m.exit = newButton(Exit, inputBurst, inputSpan)
	m.contact = newContact()
	m.tamper = newTamper()
	m.entry.flood = newGuard(entryBurst, entrySpan)
	m.commands = newGuard(commandBurst, commandSpan)
	m.tries.Rules = cfg.tries()
	m.tries.Restore(now.Mono, st.Failures, st.Level, st.Remaining, st.Decay)
	m.texts.restore(now.Mono, st.Texts)
	m.scheduleSave()
	return m
}

func (c Config) tries() otp.Rules {
	return otp.Rules{Attempts: c.Attempts, Lockout: c.Lockout, Max: c.LockoutMax}
}

// Step takes one input at one moment and returns what is to be done about it, in order. What time alone has brought about
// by then happens first. The slice is valid until the next Step.
func (m *Machine) Step(now Instant, in Input) []Effect {
	m.now, m.out = now, m.out[:0]
	if s, ok := in.(Started); ok {
		m.lockStrike()
		m.emit(Event{Type: DaemonStarted, Detail: s.Version})
	}
	m.advance()
	switch in := in.(type) {
	case Key:
		m.key(in.Rune)
	case Level:
		m.level(in)
	case Ring:
		m.ring(m.allowPress(&m.bell))
	case Command:
		m.command(in)
	case TextNews:
		m.offline.news(in)
		m.textNews(in)
	case Fault:
		m.fault(in)
	case StrikeFailed:
		m.strikeFailed()
	case Reconfigured:
		m.cfg, m.tries.Rules = in.Config, in.Config.tries()
		m.entry.clear()
		m.watchBudget()
	case Stopping:
		m.lockStrike()
		m.emit(Event{Type: DaemonStopped})
		m.dirty = true
	}
	if m.dirty {
		m.do(Save{m.State()})
		m.scheduleSave()
	}
	return m.out
}

// advance does what is due by now.
func (m *Machine) advance() {
	now := m.now.Mono
	if now >= m.strike.until {
		m.lockStrike()
	}
	if now >= m.entry.idleAt {
		m.entry.clear()
	}
	if ended, fell := m.tries.Advance(now); ended || fell {
		m.dirty = true
		if ended {
			m.entry.clear()
			m.emit(Event{Type: LockoutEnded, Level: new(m.tries.Level())})
		}
	}
	m.watchBudget()
	m.advanceSensors()
	m.calm(&m.entry.flood, "keypad", "entries")
	m.calm(&m.commands, "commands", "flood")
	if now >= m.saveAt {
		m.dirty = true
	}
}

// Wake returns when Step wants a Tick: the next moment at which time alone brings something about. ok is false when nothing
// is due before another input.
func (m *Machine) Wake() (at time.Duration, ok bool) {
	at = min(m.strike.until, m.entry.idleAt, m.texts.next(), m.saveAt, m.sensorsNext(), m.entry.flood.next(), m.commands.next())
	if next, due := m.tries.Next(); due {
		at = min(at, next)
	}
	if left := m.codes.Left(m.now.Mono); left > 0 {
		at = min(at, m.now.Mono+left)
	}
	return at, at != never
}

// Status returns what the door is at the moment of the last Step.
func (m *Machine) Status() Status {
	now := m.now.Mono
	s := Status{
		Strike: Locked, Contact: m.contact.fitted, DoorOpen: m.contact.open(), TamperFit: m.tamper.fitted, Tamper: m.tamper.on,
		LockedOut: m.tries.Out(), Level: m.tries.Level(), CodeFor: m.codes.Left(now), TextsLeft: m.texts.left(m.cfg),
		Typed: min(m.entry.n, m.cfg.Digits), Faults: make([]Fault, 0, len(m.faults)),
	}
	if m.strike.open {
		s.Strike, s.OpenFor = Unlocked, max(0, m.strike.until-now)
	}
	s.TriesLeft = max(0, m.cfg.Attempts-m.tries.Failures())
	if s.LockedOut {
		s.TriesLeft = 0
		s.Remaining = max(0, m.tries.Until()-now)
		s.Until = m.now.Wall.Add(s.Remaining)
	}
	if reason, wait := m.textLimit(); reason != "" {
		s.ResendIn = wait
	}
	for key, f := range m.faults {
		if key.part == StrikePart {
			s.Strike = Jammed
		}
		s.Faults = append(s.Faults, f)
	}
	slices.SortFunc(s.Faults, func(a, b Fault) int { return compareKeys(keyOf(a), keyOf(b)) })
	return s
}

// State returns what must survive a power cut, as of the last Step.
func (m *Machine) State() State {
	remaining, decay := m.tries.Left(m.now.Mono)
	return State{Failures: m.tries.Failures(), Level: m.tries.Level(), Remaining: remaining, Decay: decay,
		Texts: m.texts.ages(m.now.Mono), CommandAt: m.lastCommand, OfflineStep: m.offline.last}
}

// How often the waits served so far are saved: a power cut costs an innocent visitor one span at the most.
const (
	saveInLockout = time.Minute
	saveElse      = time.Hour
)

func (m *Machine) scheduleSave() {
	m.dirty = false
	switch {
	case m.tries.Out():
		m.saveAt = m.now.Mono + saveInLockout
	case m.tries.Level() > 0 || len(m.texts.sent) > 0:
		m.saveAt = m.now.Mono + saveElse
	default:
		m.saveAt = never
	}
}

func (m *Machine) do(e Effect) { m.out = append(m.out, e) }

func (m *Machine) emit(e Event) {
	e.At = m.now.Wall
	m.do(Emit{e})
}
