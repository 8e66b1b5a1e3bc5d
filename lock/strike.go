package lock

import "time"

// StrikePart is the part whose fault means that the strike's line cannot be driven.
const StrikePart = "strike"

// openGrace is how long after the strike has locked again a door may still come open: it was pulled at the last moment.
const openGrace = 2 * time.Second

// strike is what the machine believes of the strike. The line enforces the same end by itself.
type strike struct {
	open       bool
	since      time.Duration // when it left the locked level
	until      time.Duration // the pulse's end; never while locked
	graceUntil time.Duration // until then an opening door is no surprise
}

// grant opens the strike and says by what means, and by whom where that is known.
func (m *Machine) grant(by Method, owner, detail string) {
	opened := m.openStrike()
	m.emit(Event{Type: AccessGranted, Method: by, Owner: owner, Detail: detail})
	if opened {
		m.emit(Event{Type: LockUnlocked, Method: by, Owner: owner})
	}
}

// openStrike starts a pulse, or draws out the one that is live, but never past MaxPulse in all. It says whether the strike
// was locked before.
func (m *Machine) openStrike() bool {
	now, was := m.now.Mono, m.strike.open
	if !was {
		m.strike.open, m.strike.since, m.strike.until = true, now, now
	}
	m.strike.until = max(m.strike.until, min(now+m.cfg.Pulse, m.strike.since+MaxPulse))
	m.do(OpenStrike{m.strike.until - now})
	m.do(Feedback{DoorOpen})
	return !was
}

// Unopened is what is to be done in place of effects whose OpenStrike the line did not take: nobody is told that the door was
// opened. The machine hears of it with StrikeFailed.
func Unopened(effects []Effect) (instead []Effect) {
	for _, e := range effects {
		switch was := e.(type) {
		case OpenStrike:
			continue
		case Feedback:
			if was.Signal == DoorOpen {
				e = Feedback{TextNotSent}
			}
		case Emit:
			switch was.Event.Type {
			case LockUnlocked:
				continue
			case AccessGranted:
				was.Event.Type, was.Event.Reason = AccessDenied, Undriven
			case CommandDone:
				was.Event.Type, was.Event.Reason = CommandRefused, Undriven
			}
			e = was
		}
		instead = append(instead, e)
	}
	return instead
}

// strikeFailed takes back what the step before believed. A pulse that was live has ended.
func (m *Machine) strikeFailed() {
	grace := m.strike.graceUntil
	if m.strike.open && m.strike.since < m.now.Mono {
		grace = m.now.Mono + openGrace
		m.emit(Event{Type: LockLocked})
	}
	m.strike = strike{until: never, graceUntil: grace}
}

// lockStrike locks, even when the strike is believed to be locked: whoever asks may know better. It tells the end of a
// pulse, if one was live.
func (m *Machine) lockStrike() {
	m.do(LockStrike{})
	if m.strike.open {
		m.strike = strike{until: never, graceUntil: m.now.Mono + openGrace}
		m.emit(Event{Type: LockLocked})
	}
}
