package lock_test

import (
	"testing"
	"time"

	. "latchd/lock"
)

// spent is a door that has texted so often today, a minute ago the last time.
func spent(t *testing.T, n int) *door {
	cfg := rules()
	cfg.PerHour = cfg.PerDay
	d := newDoor(t, cfg)
	for range n {
		d.bell()
		d.wait(time.Minute)
	}
	d.forget()
	return d
}

func TestTheBudgetWarnsBeforeItIsSpent(t *testing.T) {
	for name, test := range map[string]func(*testing.T){
		"at four fifths of the day's texts, once": func(t *testing.T) {
			d := spent(t, 15)
			d.bell()
			d.heard("text Ada", "bell.rung", "fault.raised texts budget")
			d.wait(time.Minute)
			d.bell()
			d.heard("text Ada", "bell.rung")
			for _, f := range d.m.Status().Faults {
				if f.Detail == "" || f.Hint == "" {
					t.Errorf("the fault says %+v", f)
				}
			}
		},
		"until the day's budget grows again": func(t *testing.T) {
			d := spent(t, 16)
			d.wait(24*time.Hour - 15*time.Minute - 1) // a ring's worth below the limit
			d.heard()
			d.wait(1)
			d.heard("fault.cleared texts budget")
		},
		"once, though texts come back that never went out": func(t *testing.T) {
			d := spent(t, 15)
			for range 3 {
				d.bell()
				d.step(TextNews{Ring: d.ring, Owner: "Ada", State: Failed, Unsent: true})
				d.wait(time.Minute)
			}
			d.heard("text Ada", "bell.rung", "fault.raised texts budget", "code.failed", "text Ada", "bell.rung", "code.failed", "text Ada", "bell.rung", "code.failed")
		},
		"again after a restart": func(t *testing.T) {
			d := spent(t, 16)
			d.m = New(d.cfg, d.m.State(), d.now)
			d.step(Started{"test"})
			d.heard("lock", "daemon.started", "fault.raised texts budget")
		},
		"no more when the owner raises it": func(t *testing.T) {
			d := spent(t, 16)
			d.cfg.PerDay += 5
			d.step(Reconfigured{d.cfg})
			d.heard("fault.cleared texts budget")
			d.cfg.PerDay -= 5
			d.step(Reconfigured{d.cfg})
			d.heard("fault.raised texts budget")
		},
		"never after the word that the door stops": func(t *testing.T) {
			d := spent(t, 16)
			d.pass(24 * time.Hour)
			d.step(Stopping{})
			d.heard("fault.cleared texts budget", "lock", "daemon.stopped")
		},
		"at a budget of one text": func(t *testing.T) {
			d := newDoor(t, rules())
			d.cfg.PerDay = 1
			d.step(Reconfigured{d.cfg})
			d.heard()
			d.bell()
			d.heard("text Ada", "bell.rung", "fault.raised texts budget")
		},
	} {
		t.Run(name, test)
	}
}

func TestARestartKeepsTheGapTheHourAndTheDay(t *testing.T) {
	for _, tc := range []struct {
		texts  int
		wait   time.Duration // between the last text and the ring
		reason Reason
		left   time.Duration
	}{
		{1, 20 * time.Second, MinGap, 40 * time.Second},
		{5, 10 * time.Minute, PerHour, 46 * time.Minute},
		{20, 3 * time.Hour, PerDay, 0},
	} {
		t.Run(string(tc.reason), func(t *testing.T) {
			cfg := rules()
			if tc.reason == PerDay {
				cfg.PerHour = cfg.PerDay
			}
			d := newDoor(t, cfg)
			for i := range tc.texts {
				if i > 0 {
					d.wait(time.Minute)
				}
				d.bell()
			}
			before := d.m.Status().TextsLeft
			d.wait(tc.wait)
			d.step(Tick{}) // as a stop does
			st := d.m.State()
			d.now = Instant{Mono: time.Minute, Wall: d.now.Wall.AddDate(-50, 0, 0)} // another boot, and a clock gone wrong
			d.start(st)
			s := d.m.Status()
			if s.TextsLeft != before || tc.left != 0 && s.ResendIn != tc.left {
				t.Errorf("%d texts left, the next in %v; want %d, %v", s.TextsLeft, s.ResendIn, before, tc.left)
			}
			d.bell()
			d.heard("bell.rung", "bell.limited "+string(tc.reason))
		})
	}
}

func TestWhatWasSetAsideForAnOwnerWhoseTurnDoesNotComeIsFreeAgain(t *testing.T) {
	cfg := rules()
	cfg.InTurn = true
	cfg.Owners = []Owner{{Name: "Ada"}, {Name: "Ben"}, {Name: "Cleo"}}
	d := newDoor(t, cfg)
	d.bell()
	d.heard("text Ada,Ben,Cleo", "bell.rung")
	before := d.m.Status().TextsLeft
	for _, owner := range []string{"Ben", "Cleo"} {
		d.step(TextNews{Ring: d.ring, Owner: owner, State: Unneeded})
	}
	d.step(TextNews{Ring: d.ring - 1, Owner: "Ada", State: Unneeded}) // of a ring that is over
	d.heard()
	if left := d.m.Status().TextsLeft; left != before+2 || left != cfg.PerDay-1 {
		t.Errorf("%d texts left, %d before", left, before)
	}
}
