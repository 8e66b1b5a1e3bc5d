package lock

import "time"

// How many changes of an input are told in which span before they are folded into a fault, and how long a button may be
// held before it counts as stuck.
const (
	bellBurst  = 20
	bellSpan   = time.Minute
	inputBurst = 6
	inputSpan  = 10 * time.Second
	stuckAfter = 30 * time.Second
)

// button is the bell's or the exit's.
type button struct {
	name    Sensor
	guard   guard
	stuckAt time.Duration
	told    bool // whether the press under way came through the guard
}

func newButton(name Sensor, burst int, span time.Duration) button {
	return button{name: name, guard: newGuard(burst, span), stuckAt: never}
}

// contact is the door's. It is told with a guard: a flapping one is a fault, not a hundred openings.
type contact struct {
	fitted bool
	closed bool // as read
	told   bool // closed, as told
	guard  guard
	heldAt time.Duration // when an open door counts as held; never while it is closed or has been told
	since  time.Duration // when it came open
	held   bool
}

func newContact() contact { return contact{guard: newFlapGuard(inputBurst, inputSpan), heldAt: never} }

func (c *contact) open() bool { return c.fitted && !c.closed }

type tamper struct {
	fitted, on, told bool
	guard            guard
}

func newTamper() tamper { return tamper{guard: newFlapGuard(inputBurst, inputSpan)} }

func (m *Machine) level(l Level) {
	switch l.Sensor {
	case Bell:
		if m.press(&m.bell, l) {
			m.ring(m.bell.told)
		}
	case Exit:
		if m.press(&m.exit, l) {
			m.letOut()
		}
	case Contact:
		m.readContact(l)
	case Tamper:
		m.readTamper(l)
	}
}

// press follows a button and says whether it has just been pressed. One found pressed at the start has not been.
func (m *Machine) press(b *button, l Level) bool {
	if !l.Active {
		b.stuckAt = never
		m.clearFault(Fault{Part: string(b.name), Kind: "stuck"}, 0)
		return false
	}
	b.stuckAt = m.now.Mono + stuckAfter
	if l.Initial {
		return false
	}
	b.told = m.allowPress(b)
	return true
}

func (m *Machine) allowPress(b *button) bool {
	return m.allow(&b.guard, string(b.name), "flapping", string(b.name)+" pressed again and again")
}

// letOut opens for the person inside, always; only the telling is guarded.
func (m *Machine) letOut() {
	opened := m.openStrike()
	if m.exit.told {
		m.emit(Event{Type: ExitPressed})
		m.emit(Event{Type: AccessGranted, Method: ByExit})
	}
	if opened {
		m.emit(Event{Type: LockUnlocked, Method: ByExit})
	}
}

func (m *Machine) readContact(l Level) {
	c := &m.contact
	first := !c.fitted
	c.fitted, c.closed = true, l.Active
	switch {
	case c.closed:
		c.heldAt = never
	case first || c.heldAt == never && !c.held:
		c.since = m.now.Mono
		c.heldAt = m.now.Mono + m.cfg.HeldAlarm
	}
	if l.Initial || first {
		c.told = c.closed
		return
	}
	if m.allow(&c.guard, "contact", "flapping", "the door contact opens and closes again and again") {
		m.tellContact()
	}
}

// tellContact tells the contact's state when it differs from what was told last. A closed door ends its faults either way: it
// may have come open, been held and been closed while its contact was flapping.
func (m *Machine) tellContact() {
	c := &m.contact
	changed := c.told != c.closed
	c.told = c.closed
	if changed && c.closed {
		m.emit(Event{Type: DoorClosed})
	}
	if c.closed {
		c.held = false
		m.clearFault(Fault{Part: "door", Kind: "held"}, 0)
		m.clearFault(Fault{Part: "door", Kind: "forced"}, 0)
	}
	if !changed || c.closed {
		return
	}
	m.emit(Event{Type: DoorOpened})
	if !m.strike.open && c.since >= m.strike.graceUntil {
		m.emit(Event{Type: DoorForced})
		m.fault(Fault{Part: "door", Kind: "forced", Standing: true, Detail: "the door came open while the strike was locked",
			Hint: "look at the door; closing it clears this"})
	}
}

func (m *Machine) readTamper(l Level) {
	t := &m.tamper
	first := !t.fitted
	t.fitted, t.on = true, l.Active
	if first && !t.on || m.allow(&t.guard, "tamper", "flapping", "the tamper contact opens and closes again and again") {
		m.tellTamper()
	}
}

func (m *Machine) tellTamper() {
	t := &m.tamper
	if t.told == t.on {
		return
	}
	t.told = t.on
	if t.on {
		m.emit(Event{Type: TamperOn})
	} else {
		m.emit(Event{Type: TamperOff})
	}
}

// advanceSensors does what is due by now on the inputs.
func (m *Machine) advanceSensors() {
	now := m.now.Mono
	for _, b := range []*button{&m.bell, &m.exit} {
		if now >= b.stuckAt {
			b.stuckAt = never
			m.fault(Fault{Part: string(b.name), Kind: "stuck", Standing: true, Detail: string(b.name) + " pressed for more than 30 s",
				Hint: "look at the button and its wire; letting it go clears this"})
		}
		m.calm(&b.guard, string(b.name), "flapping")
	}
	if m.calm(&m.contact.guard, "contact", "flapping") {
		m.tellContact()
	}
	if m.calm(&m.tamper.guard, "tamper", "flapping") {
		m.tellTamper()
	}
	if now >= m.contact.heldAt {
		m.contact.heldAt, m.contact.held = never, true
		m.emit(Event{Type: DoorHeld, Wait: m.cfg.HeldAlarm})
		m.fault(Fault{Part: "door", Kind: "held", Standing: true, Detail: "the door has been left open",
			Hint: "close the door"})
	}
}

// sensorsNext returns when advanceSensors has something to do.
func (m *Machine) sensorsNext() time.Duration {
	return min(m.bell.stuckAt, m.exit.stuckAt, m.bell.guard.next(), m.exit.guard.next(), m.contact.guard.next(),
		m.tamper.guard.next(), m.contact.heldAt)
}
