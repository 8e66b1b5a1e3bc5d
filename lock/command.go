package lock

import "time"

// TrustedFor is how long an owner's order at the console stands: who gave it has been told by then that the door does not
// answer.
const TrustedFor = 2 * time.Second

// freshness is how far a command's time may lie from now, either way.
const freshness = 10 * time.Second

// What is told of commands beyond this many in this span is folded.
const (
	commandBurst = 60
	commandSpan  = time.Minute
)

// command carries out an order or refuses it. Locking is never refused for being late or early.
func (m *Machine) command(c Command) {
	if why, detail := m.refusal(c); why != "" {
		m.answer(Event{Type: CommandRefused, Method: c.Method, Owner: c.Owner, Action: c.Action, Made: c.At, Reason: why, Detail: detail})
		return
	}
	detail := ""
	if c.Trusted {
		detail = c.Detail
	}
	switch c.Action {
	case Lock:
		m.lockStrike()
	case Unlock, Open:
		if !c.Trusted {
			m.lastCommand, m.dirty = c.At.UnixMicro(), true
		}
		m.grant(c.Method, c.Owner, detail)
	case Pardon:
		out := m.tries.Out()
		m.tries.Pardon(m.now.Mono)
		m.dirty = true
		if out {
			m.entry.clear()
			m.emit(Event{Type: LockoutEnded, Method: c.Method, Owner: c.Owner, Detail: detail, Level: new(m.tries.Level())})
		}
	}
	m.answer(Event{Type: CommandDone, Method: c.Method, Owner: c.Owner, Action: c.Action, Detail: detail, Made: c.At})
}

// answer says what became of a command, but does not let the broker's other guests fill the journal.
func (m *Machine) answer(e Event) {
	if m.allow(&m.commands, "commands", "flood", "commands come faster than people and automations give them") {
		m.emit(e)
	}
}

func (m *Machine) refusal(c Command) (Reason, string) {
	switch {
	case c.Refused != "":
		return c.Refused, c.Detail
	case c.Action == Lock:
		return "", ""
	case c.Action == Pardon && !c.Trusted, c.Action != Unlock && c.Action != Open && c.Action != Pardon:
		return UnknownAction, "allowed are LOCK, UNLOCK and OPEN"
	case c.Trusted && m.now.Wall.Sub(c.At) > TrustedFor:
		return Stale, "the door did not answer in time, and the owner was told so"
	case c.Trusted:
		return "", ""
	case !m.cfg.Commands:
		return CommandsOff, "set mqtt.commands = true to accept UNLOCK and OPEN"
	case c.At.IsZero():
		return Stale, "at is missing: Unix seconds at which the command was made"
	}
	switch age := m.now.Wall.Sub(c.At); {
	case age > freshness:
		return Stale, "at is more than 10 s ago by the door's clock"
	case age < -freshness:
		return Future, "at is more than 10 s ahead of the door's clock"
	case c.At.UnixMicro() <= m.lastCommand && m.lastCommand <= m.now.Wall.Add(freshness).UnixMicro():
		// A last command from the future means that the clock has been set back since: it says nothing about this one.
		return Replayed, "at is not newer than the last accepted command's"
	}
	return "", ""
}
