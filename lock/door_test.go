package lock_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	. "latchd/lock"
)

// rules are a careful owner's, with every sensor in use.
func rules() Config {
	return Config{Digits: 6, TTL: 2 * time.Minute, Attempts: 3, Lockout: 10 * time.Minute, LockoutMax: 24 * time.Hour,
		Pulse: 5 * time.Second, HeldAlarm: 30 * time.Second, IdleClear: 10 * time.Second, Enter: '#', Clear: '*',
		MinGap: time.Minute, PerHour: 5, PerDay: 20, Owners: []Owner{{Name: "Ada"}}, Commands: true}
}

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// door is a machine with a clock of its own and a memory of what it asked for.
type door struct {
	t    testing.TB
	cfg  Config
	m    *Machine
	now  Instant
	said []string // the effects since the last look, in short
	code string   // the newest code texted
	ring uint64
	to   []string
}

func newDoor(t testing.TB, cfg Config) *door {
	d := &door{t: t, cfg: cfg, now: Instant{Wall: noon}}
	d.start(State{})
	return d
}

func (d *door) start(st State) {
	d.m = New(d.cfg, st, d.now)
	d.step(Started{"test"})
	d.said = nil
}

// step puts one input in and notes what comes out.
func (d *door) step(in Input) {
	for _, e := range d.m.Step(d.now, in) {
		switch e := e.(type) {
		case OpenStrike:
			d.said = append(d.said, fmt.Sprintf("open %v", e.For))
		case LockStrike:
			d.said = append(d.said, "lock")
		case Text:
			d.code, d.ring, d.to = e.Code.Reveal(), e.Ring, e.To
			d.said = append(d.said, "text "+strings.Join(e.To, ","))
		case Emit:
			d.said = append(d.said, brief(e.Event))
		}
	}
}

func brief(e Event) string {
	s := string(e.Type)
	for _, more := range []string{string(e.Method), string(e.Action), e.Part, string(e.Reason)} {
		if more != "" {
			s += " " + more
		}
	}
	if e.Type == BellLimited && e.Owner != "" {
		s += " " + e.Owner
	}
	return s
}

// wait lets time pass, with a Tick at each moment the machine asks for.
func (d *door) wait(span time.Duration) {
	end := d.now.Mono + span
	for {
		at, due := d.m.Wake()
		if !due || at > end {
			break
		}
		d.pass(max(0, at-d.now.Mono))
		d.step(Tick{})
		if next, due := d.m.Wake(); due && next <= at {
			d.t.Fatalf("at %v the machine wants to be woken at %v", at, next)
		}
	}
	d.pass(end - d.now.Mono)
}

func (d *door) pass(span time.Duration) {
	d.now.Mono += span
	d.now.Wall = d.now.Wall.Add(span)
}

func (d *door) typed(keys string) {
	for _, k := range keys {
		d.step(Key{k})
	}
}

func (d *door) bell() {
	d.step(Level{Sensor: Bell, Active: true})
	d.step(Level{Sensor: Bell})
}

func (d *door) wrong() string {
	w := []byte(d.code)
	w[0] = '0' + (w[0]-'0'+1)%10
	return string(w)
}

// heard compares what was asked for since the last look, and forgets it.
func (d *door) heard(want ...string) {
	d.t.Helper()
	if !slices.Equal(d.said, want) {
		d.t.Errorf("heard\n\t%s\nwant\n\t%s", strings.Join(d.said, "\n\t"), strings.Join(want, "\n\t"))
	}
	d.said = nil
}

func (d *door) forget() { d.said = nil }

func (d *door) exit()           { d.step(Level{Sensor: Exit, Active: true}); d.step(Level{Sensor: Exit}) }
func (d *door) door(open bool)  { d.step(Level{Sensor: Contact, Active: !open}) }
func (d *door) fit(closed bool) { d.step(Level{Sensor: Contact, Active: closed, Initial: true}) }

func (d *door) lockedOut() {
	d.t.Helper()
	d.bell()
	for range d.cfg.Attempts {
		d.typed(d.wrong() + "#")
	}
	if !d.m.Status().LockedOut {
		d.t.Fatal("not locked out")
	}
	d.forget()
}

func (d *door) command(a Action, age time.Duration) {
	d.step(Command{Method: ByMQTT, Action: a, At: d.now.Wall.Add(-age)})
}

func TestDoor(t *testing.T) {
	granted := []string{"open 5s", "access.granted code", "lock.unlocked code"}
	for name, story := range map[string]func(d *door){
		"the bell is told and texted, the code opens, the pulse ends": func(d *door) {
			d.bell()
			d.heard("text Ada", "bell.rung")
			d.typed(d.code + "#")
			d.heard(granted...)
			d.wait(5 * time.Second)
			d.heard("lock", "lock.locked")
		},
		"the first thing is to lock": func(d *door) {
			d.m = New(d.cfg, State{}, d.now)
			d.step(Started{"1"})
			d.heard("lock", "daemon.started")
		},
		"the last thing is to lock": func(d *door) {
			d.exit()
			d.forget()
			d.step(Stopping{})
			d.heard("lock", "lock.locked", "daemon.stopped")
		},
		"a code opens once": func(d *door) {
			d.bell()
			d.typed(d.code + "#")
			d.forget()
			d.typed(d.code + "#")
			d.heard("access.denied code used")
		},
		"a code dies with its time": func(d *door) {
			d.bell()
			d.wait(2 * time.Minute)
			d.forget()
			d.typed(d.code + "#")
			d.heard("access.denied code expired")
		},
		"a new code voids the one before": func(d *door) {
			d.bell()
			old := d.code
			d.wait(time.Minute)
			d.bell()
			d.forget()
			d.typed(old + "#")
			d.heard("access.denied code expired")
			d.typed(d.code + "#")
			d.heard(granted...)
		},
		"an entry before any ring is no_code, and counts": func(d *door) {
			d.typed("123456#123456#")
			d.heard("access.denied code no_code", "access.denied code no_code")
			d.typed("123456#")
			d.heard("access.denied code no_code", "lockout.started code")
		},
		"too few and too many digits are malformed and do not count": func(d *door) {
			for _, keys := range []string{"#", "1#", "12345#", "1234567#", strings.Repeat("7", 40) + "#"} {
				d.typed(keys)
				d.heard("access.denied code malformed")
			}
			if n := d.m.State().Failures; n != 0 {
				d.t.Errorf("%d failures", n)
			}
		},
		"clear forgets what was typed, and letters are not digits": func(d *door) {
			d.bell()
			d.forget()
			d.typed("12*" + d.code[:3] + "ABCD" + d.code[3:] + "#")
			d.heard(granted...)
		},
		"typed digits are forgotten after a while": func(d *door) {
			d.bell()
			d.forget()
			d.typed(d.code[:3])
			d.wait(10 * time.Second)
			d.typed(d.code[3:] + "#")
			d.heard("access.denied code malformed")
		},
		"a slow typist has time for each digit": func(d *door) {
			d.bell()
			d.forget()
			for _, k := range d.code {
				d.typed(string(k))
				d.wait(9 * time.Second)
			}
			d.typed("#")
			d.heard(granted...)
		},
		"three wrong codes lock out for ten minutes, and the right one is then refused": func(d *door) {
			d.bell()
			d.forget()
			d.typed(d.wrong() + "#" + d.wrong() + "#" + d.wrong() + "#")
			d.heard("access.denied code wrong_code", "access.denied code wrong_code", "access.denied code wrong_code", "lockout.started code")
			d.typed(d.code + "#")
			d.heard("access.denied code locked_out")
			d.wait(10*time.Minute - 1)
			d.heard()
			d.wait(1)
			d.heard("lockout.ended")
		},
		"digits typed during a lockout are not there when it ends": func(d *door) {
			d.cfg.TTL = 10 * time.Minute
			d.start(State{})
			d.lockedOut()
			d.wait(10*time.Minute - 5*time.Second)
			d.typed(d.code[:3])
			d.wait(6 * time.Second)
			d.forget()
			d.typed(d.code[3:] + "#")
			d.heard("access.denied code malformed")
		},
		"during a lockout the bell rings without a text, the exit and commands open": func(d *door) {
			d.lockedOut()
			d.bell()
			d.heard("bell.rung", "bell.limited locked_out")
			d.exit()
			d.heard("open 5s", "exit.pressed", "access.granted exit", "lock.unlocked exit")
			d.wait(5 * time.Second)
			d.forget()
			d.command(Open, 0)
			d.heard("open 5s", "access.granted mqtt", "lock.unlocked mqtt", "command.done mqtt OPEN")
		},
		"a new code does not lower the count": func(d *door) {
			d.bell()
			d.typed(d.wrong() + "#" + d.wrong() + "#")
			d.wait(time.Minute)
			d.bell()
			d.forget()
			d.typed(d.wrong() + "#")
			d.heard("access.denied code wrong_code", "lockout.started code")
		},
		"a restart does not lower the count": func(d *door) {
			d.bell()
			d.typed(d.wrong() + "#" + d.wrong() + "#")
			d.start(d.m.State())
			d.typed("000000#")
			d.heard("access.denied code no_code", "lockout.started code")
		},
		"a restart in a lockout neither shortens nor lengthens it, whatever the wall clock says": func(d *door) {
			d.lockedOut()
			d.wait(4 * time.Minute)
			st := d.m.State()
			d.now = Instant{Mono: 77 * time.Hour, Wall: time.Unix(0, 0)}
			d.start(st)
			d.wait(6*time.Minute - 1)
			if !d.m.Status().LockedOut {
				d.t.Error("ended early")
			}
			d.wait(1)
			d.heard("lockout.ended")
		},
		"a lockout is saved every minute, so that a power cut costs a minute at the most": func(d *door) {
			d.lockedOut()
			saves := 0
			for end := d.now.Mono + 5*time.Minute; d.now.Mono < end; {
				at, _ := d.m.Wake()
				d.pass(at - d.now.Mono)
				for _, e := range d.m.Step(d.now, Tick{}) {
					if s, ok := e.(Save); ok {
						saves++
						if want := 10*time.Minute - time.Duration(saves)*time.Minute; s.State.Remaining != want {
							d.t.Errorf("save %d holds %v, want %v", saves, s.State.Remaining, want)
						}
					}
				}
			}
			if saves != 5 {
				d.t.Errorf("%d saves", saves)
			}
		},
		"while the journal cannot be written, a lockout is the longest": func(d *door) {
			d.step(Fault{Part: "journal", Standing: true, Detail: "disk full"})
			d.lockedOut()
			if got := d.m.Status().Remaining; got != 24*time.Hour {
				d.t.Errorf("lockout of %v", got)
			}
		},
		"a lockout is the longest as long as any fault of the journal stands": func(d *door) {
			d.step(Fault{Part: "journal", Kind: "damaged", Standing: true})
			d.step(Fault{Part: "journal", Kind: "unwritable", Standing: true})
			d.step(Fault{Part: "journal", Kind: "unwritable"})
			d.lockedOut()
			if got := d.m.Status().Remaining; got != 24*time.Hour {
				d.t.Errorf("lockout of %v", got)
			}
		},
		"while the journal cannot be written, a right code opens": func(d *door) {
			d.step(Fault{Part: "journal", Standing: true})
			d.bell()
			d.forget()
			d.typed(d.code + "#")
			d.heard(granted...)
		},
		"an owner's pardon ends the lockout and lowers the level": func(d *door) {
			d.lockedOut()
			d.step(Command{Method: ByConsole, Action: Pardon, At: d.now.Wall, Trusted: true})
			d.heard("lockout.ended console", "command.done console PARDON")
			if s := d.m.Status(); s.LockedOut || s.Level != 0 {
				d.t.Errorf("%+v", s)
			}
		},
		"an order from the console says whose it is": func(d *door) {
			at := d.now.Wall
			for _, e := range d.m.Step(d.now, Command{Method: ByConsole, Action: Unlock, At: at, Trusted: true, Owner: "Ada", Detail: "client tablet"}) {
				if e, ok := e.(Emit); ok && (e.Event.Owner != "Ada" || e.Event.Detail != "client tablet" && e.Event.Type != LockUnlocked) {
					d.t.Errorf("%s by %q, %q", e.Event.Type, e.Event.Owner, e.Event.Detail)
				}
			}
			if s := d.m.Status(); s.OpenFor != d.cfg.Pulse {
				d.t.Errorf("open for %v more", s.OpenFor)
			}
		},
		"an order from the console that a hanging door takes up late is refused": func(d *door) {
			d.step(Command{Method: ByConsole, Action: Unlock, At: d.now.Wall.Add(-3 * time.Second), Trusted: true, Owner: "Ada"})
			d.heard("command.refused console UNLOCK stale")
		},
		"the tries that are left survive a restart": func(d *door) {
			d.bell()
			d.typed(d.wrong() + "#")
			d.start(d.m.State())
			if s := d.m.Status(); s.TriesLeft != 2 {
				d.t.Errorf("%d tries left", s.TriesLeft)
			}
			d.lockedOut()
			if s := d.m.Status(); s.TriesLeft != 0 {
				d.t.Errorf("%d tries left in a lockout", s.TriesLeft)
			}
		},
		"nobody pardons over MQTT": func(d *door) {
			d.lockedOut()
			d.command(Pardon, 0)
			d.heard("command.refused mqtt PARDON unknown_action")
		},
		"a second ring within the gap is told and not texted": func(d *door) {
			d.bell()
			d.wait(time.Minute - 1)
			d.forget()
			d.bell()
			d.heard("bell.rung", "bell.limited min_gap")
			d.wait(1)
			d.bell()
			d.heard("text Ada", "bell.rung")
		},
		"the hour's and the day's budget": func(d *door) {
			texts, reasons := 0, map[string]int{}
			for range 36 * 60 {
				d.bell()
				for _, s := range d.said {
					if strings.HasPrefix(s, "text") {
						texts++
					}
					if strings.HasPrefix(s, "bell.limited") {
						reasons[s]++
					}
				}
				d.forget()
				d.wait(time.Minute)
			}
			if texts != 20+20 || reasons["bell.limited per_hour"] == 0 || reasons["bell.limited per_day"] == 0 {
				d.t.Errorf("%d texts, limits %v", texts, reasons)
			}
		},
		"a restart does not fill the budget up": func(d *door) {
			for range 5 {
				d.bell()
				d.wait(time.Minute)
			}
			d.start(d.m.State())
			d.wait(time.Minute)
			d.bell()
			d.heard("bell.rung", "bell.limited per_hour")
		},
		"a text that certainly never went out is not paid for": func(d *door) {
			for range 7 {
				d.bell()
				d.step(TextNews{Ring: d.ring, Owner: "Ada", State: Failed, Unsent: true})
				d.wait(time.Minute)
			}
			if n := d.m.Status().TextsLeft; n != 20 {
				d.t.Errorf("%d texts left", n)
			}
		},
		"a text of which nothing is known is paid for": func(d *door) {
			d.bell()
			d.step(TextNews{Ring: d.ring, Owner: "Ada", State: Failed})
			d.heard("text Ada", "bell.rung", "code.failed")
			if n := d.m.Status().TextsLeft; n != 19 {
				d.t.Errorf("%d texts left", n)
			}
		},
		"owners in quiet hours are spared, and when all are, the visitor is told": func(d *door) {
			d.cfg.Owners = []Owner{{Name: "Ada", Quiet: Hours{22 * 60, 7 * 60}}, {Name: "Bob", Quiet: Hours{12 * 60, 13 * 60}}}
			d.start(State{})
			d.bell()
			d.heard("text Ada", "bell.rung")
			d.pass(10 * time.Hour) // 22:00
			d.bell()
			d.heard("text Bob", "bell.rung")
			d.cfg.Owners = d.cfg.Owners[:1]
			d.pass(time.Hour)
			d.step(Reconfigured{d.cfg})
			d.bell()
			d.heard("bell.rung", "bell.limited quiet")
		},
		"each owner's text is paid for, and the first ones come first": func(d *door) {
			d.cfg.Owners = []Owner{{Name: "Ada"}, {Name: "Bob"}}
			d.start(State{})
			for range 2 {
				d.bell()
				d.heard("text Ada,Bob", "bell.rung")
				d.wait(time.Minute)
			}
			d.bell()
			d.heard("text Ada", "bell.rung", "bell.limited per_hour Bob")
			d.wait(time.Minute)
			d.bell()
			d.heard("bell.rung", "bell.limited per_hour")
		},
		"in turn nobody is told of whom the budget would not reach": func(d *door) {
			d.cfg.Owners, d.cfg.InTurn, d.cfg.PerHour = []Owner{{Name: "Ada"}, {Name: "Bob"}}, true, 3
			d.start(State{})
			d.bell()
			d.heard("text Ada,Bob", "bell.rung")
			d.wait(time.Minute)
			d.bell()
			d.heard("text Ada", "bell.rung")
		},
		"a bell found pressed at the start has not rung": func(d *door) {
			d.step(Level{Sensor: Bell, Active: true, Initial: true})
			d.heard()
		},
		"the panel's bell rings while the button is stuck, and clears nothing": func(d *door) {
			d.step(Level{Sensor: Bell, Active: true})
			d.wait(time.Hour)
			d.forget()
			d.step(Ring{})
			d.heard("text Ada", "bell.rung")
			if f := d.m.Status().Faults; len(f) != 1 || f[0].Kind != "stuck" {
				d.t.Errorf("faults: %+v", f)
			}
		},
		"a bell that is held is stuck, told once, and clears itself": func(d *door) {
			d.step(Level{Sensor: Bell, Active: true})
			d.forget()
			d.wait(time.Hour)
			d.heard("fault.raised bell stuck")
			d.step(Level{Sensor: Bell})
			d.heard("fault.cleared bell stuck")
		},
		"ten thousand presses are a bounded number of events and one text a minute": func(d *door) {
			told, texts := 0, 0
			for range 10_000 {
				d.bell()
				for _, s := range d.said {
					switch {
					case strings.HasPrefix(s, "text"):
						texts++
					case strings.HasPrefix(s, "bell."):
						told++
					}
				}
				d.forget()
				d.wait(200 * time.Millisecond)
			}
			if told > 2*(20+2000/3) || texts != 5 {
				d.t.Errorf("%d bell events, %d texts", told, texts)
			}
			d.wait(time.Minute)
			d.heard("fault.cleared bell flapping")
			d.wait(time.Hour)
			d.bell()
			d.heard("text Ada", "bell.rung")
		},
		"a bell that was pressed too often is not silent for long": func(d *door) {
			for range 21 {
				d.bell()
				d.wait(time.Second)
			}
			d.wait(3 * time.Second)
			for range 1000 {
				d.forget()
				d.bell()
				if !slices.Contains(d.said, "bell.rung") {
					d.t.Fatal("a ring was not told")
				}
				d.wait(50 * time.Second)
			}
		},
		"a flood of commands is a bounded number of events": func(d *door) {
			for range 10_000 {
				d.step(Command{Method: ByMQTT, Refused: NotJSON})
				d.step(Command{Method: ByMQTT, Action: Lock})
				d.wait(10 * time.Millisecond)
			}
			told := 0
			for _, s := range d.said {
				if s != "lock" {
					told++
				}
			}
			if told > 60+100+1 {
				d.t.Errorf("%d events", told)
			}
			d.wait(time.Minute)
			d.forget()
			d.step(Command{Method: ByMQTT, Refused: NotJSON})
			d.heard("command.refused mqtt not_json")
		},
		"ten thousand refused entries are a bounded number of events": func(d *door) {
			for range 10_000 {
				d.typed("1#")
				d.wait(100 * time.Millisecond)
			}
			if n := len(d.said); n > 20+1000/3+5 {
				d.t.Errorf("%d events", n)
			}
		},
		"the exit button opens at every press, and a flapping one is told once": func(d *door) {
			for range 100 {
				d.exit()
				if d.m.Status().Strike != Unlocked {
					d.t.Fatal("a press did not open")
				}
				d.wait(time.Second)
			}
			n := 0
			for _, s := range d.said {
				if strings.HasPrefix(s, "exit.pressed") || strings.HasPrefix(s, "access.granted") {
					n++
				}
			}
			if n > 2*(6+100*6/10+1) || !slices.Contains(d.said, "fault.raised exit flapping") {
				d.t.Errorf("%d events", n)
			}
		},
		"the strike is never open for more than 30 s without a break": func(d *door) {
			d.exit()
			d.forget()
			for i := range 29 {
				d.wait(time.Second)
				d.exit()
				if d.m.Status().Strike != Unlocked {
					d.t.Fatalf("locked after %d s", i+1)
				}
			}
			d.wait(time.Second)
			if d.m.Status().Strike != Locked {
				d.t.Error("still open after 30 s")
			}
		},
		"a stuck exit button opens once": func(d *door) {
			d.step(Level{Sensor: Exit, Active: true})
			d.wait(time.Hour)
			d.heard("open 5s", "exit.pressed", "access.granted exit", "lock.unlocked exit", "lock", "lock.locked", "fault.raised exit stuck")
		},
		"a door that opens without an opening is forced": func(d *door) {
			d.fit(true)
			d.door(true)
			d.heard("door.opened", "door.forced", "fault.raised door forced")
			d.door(false)
			d.heard("door.closed", "fault.cleared door forced")
		},
		"a door that opens after an opening is not": func(d *door) {
			d.fit(true)
			d.exit()
			d.wait(6 * time.Second) // pulled at the last moment
			d.forget()
			d.door(true)
			d.heard("door.opened")
			d.door(false)
			d.wait(time.Minute)
			d.forget()
			d.door(true)
			d.heard("door.opened", "door.forced", "fault.raised door forced")
		},
		"a door left open is held, once, and cleared on close": func(d *door) {
			d.fit(true)
			d.exit()
			d.door(true)
			d.forget()
			d.wait(time.Hour)
			d.heard("lock", "lock.locked", "door.held", "fault.raised door held")
			d.door(false)
			d.heard("door.closed", "fault.cleared door held")
		},
		"a flapping contact is a fault, and the last state is told when it is calm": func(d *door) {
			d.fit(true)
			d.exit()
			d.forget()
			for i := range 401 {
				d.door(i%2 == 0)
				d.wait(10 * time.Millisecond)
			}
			d.heard("door.opened", "door.closed", "door.opened", "door.closed", "door.opened", "door.closed", "fault.raised contact flapping")
			d.wait(10 * time.Second)
			d.heard("lock", "lock.locked", "fault.cleared contact flapping", "door.opened")
		},
		"a door that is held and closed while its contact flaps is not held for ever": func(d *door) {
			d.cfg.HeldAlarm = 5 * time.Second
			d.step(Reconfigured{d.cfg})
			d.fit(true)
			d.exit()
			for i := range 7 {
				d.door(i%2 == 0)
			}
			d.forget()
			d.wait(5 * time.Second)
			d.heard("lock", "lock.locked", "door.held", "fault.raised door held")
			d.wait(3 * time.Second)
			d.door(false)
			d.wait(time.Minute)
			d.heard("fault.cleared contact flapping", "fault.cleared door held")
			d.exit()
			d.forget()
			d.door(true)
			d.wait(5 * time.Second)
			d.heard("door.opened", "lock", "lock.locked", "door.held", "fault.raised door held")
		},
		"a door that comes open as its pulse fails to be drawn out is not forced": func(d *door) {
			d.fit(true)
			d.exit()
			d.wait(2 * time.Second)
			d.exit()
			d.forget()
			d.step(StrikeFailed{})
			d.pass(50 * time.Millisecond)
			d.door(true)
			d.heard("lock.locked", "door.opened")
		},
		"tampering is told on and off": func(d *door) {
			d.step(Level{Sensor: Tamper, Initial: true})
			d.step(Level{Sensor: Tamper, Active: true})
			d.step(Level{Sensor: Tamper})
			d.heard("tamper.on", "tamper.off")
		},
		"tampered with at the start is told": func(d *door) {
			d.step(Level{Sensor: Tamper, Active: true, Initial: true})
			d.heard("tamper.on")
		},
		"commands unlock and lock": func(d *door) {
			d.command(Unlock, 0)
			d.heard("open 5s", "access.granted mqtt", "lock.unlocked mqtt", "command.done mqtt UNLOCK")
			d.command(Lock, 0)
			d.heard("lock", "lock.locked", "command.done mqtt LOCK")
		},
		"the same UNLOCK twice is one pulse": func(d *door) {
			at := d.now.Wall.Add(123) // finer than is kept
			d.step(Command{Method: ByMQTT, Action: Unlock, At: at})
			d.forget()
			d.step(Command{Method: ByMQTT, Action: Unlock, At: at})
			d.heard("command.refused mqtt UNLOCK replayed")
			d.start(d.m.State())
			d.step(Command{Method: ByMQTT, Action: Unlock, At: at})
			d.heard("command.refused mqtt UNLOCK replayed")
		},
		"commands that are late, early or without a time are refused, LOCK never": func(d *door) {
			d.command(Unlock, 11*time.Second)
			d.command(Open, -11*time.Second)
			d.step(Command{Method: ByMQTT, Action: Open})
			d.heard("command.refused mqtt UNLOCK stale", "command.refused mqtt OPEN future", "command.refused mqtt OPEN stale")
			d.step(Command{Method: ByMQTT, Action: Lock})
			d.heard("lock", "command.done mqtt LOCK")
		},
		"with commands off only LOCK is obeyed": func(d *door) {
			d.cfg.Commands = false
			d.start(State{})
			d.command(Unlock, 0)
			d.heard("command.refused mqtt UNLOCK commands_off")
			d.command(Lock, 0)
			d.heard("lock", "command.done mqtt LOCK")
		},
		"a clock set back does not shut commands out": func(d *door) {
			d.command(Unlock, 0)
			d.now.Wall = d.now.Wall.AddDate(-1, 0, 0)
			d.forget()
			d.command(Lock, 0)
			d.command(Unlock, 0)
			d.heard("lock", "lock.locked", "command.done mqtt LOCK",
				"open 5s", "access.granted mqtt", "lock.unlocked mqtt", "command.done mqtt UNLOCK")
		},
		"what the adapter could not read is refused with its reason": func(d *door) {
			d.step(Command{Method: ByMQTT, Refused: TooLarge})
			d.heard("command.refused mqtt too_large")
		},
		"the wall clock moved a year either way changes nothing": func(d *door) {
			for _, years := range []int{1, -2} {
				d.bell()
				d.now.Wall = d.now.Wall.AddDate(years, 0, 0)
				d.wait(2*time.Minute - 1)
				d.forget()
				d.typed(d.code + "#")
				d.heard(granted...)
				d.now.Wall = d.now.Wall.AddDate(-years, 0, 0)
				d.wait(5*time.Second - 1)
				d.heard()
				d.wait(1)
				d.heard("lock", "lock.locked")
			}
		},
		"a fault is told when it comes and when it goes": func(d *door) {
			d.step(Fault{Part: "mqtt", Standing: true, Detail: "refused"})
			d.step(Fault{Part: "mqtt", Standing: true, Detail: "timed out"})
			d.step(Fault{Part: "mqtt"})
			d.step(Fault{Part: "mqtt"})
			d.heard("fault.raised mqtt", "fault.cleared mqtt")
		},
		"a strike that cannot be driven is jammed": func(d *door) {
			d.step(Fault{Part: "strike", Standing: true})
			if s := d.m.Status().Strike; s != Jammed {
				d.t.Error(s)
			}
		},
		"new rules keep the count, the code and the lockout": func(d *door) {
			d.bell()
			d.typed(d.wrong() + "#" + d.wrong() + "#")
			d.cfg.Pulse = 3 * time.Second
			d.step(Reconfigured{d.cfg})
			if n := d.m.State().Failures; n != 2 {
				d.t.Errorf("%d failures", n)
			}
			d.forget()
			d.typed(d.code + "#")
			d.heard("open 3s", "access.granted code", "lock.unlocked code")
		},
	} {
		t.Run(name, func(t *testing.T) { story(newDoor(t, rules())) })
	}
}

func TestTheStrikeMovesBeforeAnyWordIsSaid(t *testing.T) {
	d := newDoor(t, rules())
	d.bell()
	d.typed(d.code)
	if effects := d.m.Step(d.now, Key{'#'}); len(effects) == 0 || effects[0] != (OpenStrike{d.cfg.Pulse}) {
		t.Errorf("the effects are %v", effects)
	}
}

func TestQuietHoursMayRunOverMidnight(t *testing.T) {
	for _, c := range []struct {
		h    Hours
		hour int
		want bool
	}{{Hours{1320, 420}, 23, true}, {Hours{1320, 420}, 6, true}, {Hours{1320, 420}, 7, false}, {Hours{60, 120}, 1, true},
		{Hours{60, 120}, 2, false}, {Hours{}, 0, false}} {
		if got := c.h.Covers(time.Date(2026, 1, 1, c.hour, 0, 0, 0, time.UTC)); got != c.want {
			t.Errorf("%v at %d: %v", c.h, c.hour, got)
		}
	}
}

func TestAPhonePrintsItsLastTwoDigits(t *testing.T) {
	p := Phone("+15557654321")
	if got := fmt.Sprintf("%v %s %q %#v", p, p, p, p); strings.Contains(got, "4321") || !strings.Contains(got, "21") {
		t.Error(got)
	}
}
