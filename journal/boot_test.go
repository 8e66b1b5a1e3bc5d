package journal

import (
	"testing"
	"time"

	"latchd/lock"
)

// clock is a boot whose clock the test moves.
type clock struct {
	id  string
	now time.Duration
}

func (c *clock) boot() Boot { return Boot{ID: c.id, Clock: func() time.Duration { return c.now }} }

// kept saves s, ends, moves the clocks by move, and returns the state that is opened then.
func kept(t *testing.T, c *clock, s lock.State, move func()) lock.State {
	t.Helper()
	o := options(t.TempDir())
	o.Boot = c.boot()
	d, _ := begin(t, o)
	d.Save(s)
	d.end()
	move()
	o.Boot = c.boot()
	j, was, err := Open(o)
	if err != nil || !was.Known || was.Why != "" {
		t.Fatalf("opened %+v, %v", was, err)
	}
	j.Close()
	return was.State
}

func TestAStateGoesOnWithinOneBootAndStandsStillOverAnother(t *testing.T) {
	const h, m = time.Hour, time.Minute
	for name, c := range map[string]struct {
		state      lock.State
		gone       time.Duration
		same, next lock.State // in the same boot, in another one
	}{
		"a lockout has run down in part": {
			lock.State{Level: 2, Remaining: 20 * m}, 5 * m,
			lock.State{Level: 2, Remaining: 15 * m}, lock.State{Level: 2, Remaining: 20 * m}},
		"a lockout has run out: its level falls a full day later": {
			lock.State{Level: 2, Remaining: 20 * m}, 21 * m,
			lock.State{Level: 2, Decay: 24 * h}, lock.State{Level: 2, Remaining: 20 * m}},
		"a lockout ends in this very moment": {
			lock.State{Level: 1, Remaining: 20 * m}, 20 * m,
			lock.State{Level: 1, Decay: 24 * h}, lock.State{Level: 1, Remaining: 20 * m}},
		"part of the day of rest has been served": {
			lock.State{Failures: 2, Level: 3, Decay: 10 * h}, 4 * h,
			lock.State{Failures: 2, Level: 3, Decay: 6 * h}, lock.State{Failures: 2, Level: 3, Decay: 10 * h}},
		"several days of rest have been served": {
			lock.State{Failures: 2, Level: 3, Decay: 10 * h}, 35 * h,
			lock.State{Failures: 2, Level: 1, Decay: 23 * h}, lock.State{Failures: 2, Level: 3, Decay: 10 * h}},
		"all days of rest have been served": {
			lock.State{Level: 2, Decay: 10 * h}, 1000 * h,
			lock.State{}, lock.State{Level: 2, Decay: 10 * h}},
		"a day of rest that had not begun begins": {
			lock.State{Level: 2}, 30 * h,
			lock.State{Level: 2, Decay: 24 * h}, lock.State{Level: 2}},
		"texts grow older, and leave the budget after a day": {
			lock.State{Texts: []time.Duration{23 * h, 2 * h, m}}, 2 * h,
			lock.State{Texts: []time.Duration{4 * h, 2*h + m}}, lock.State{Texts: []time.Duration{23 * h, 2 * h, m}}},
		"the count of failures does not fade": {
			lock.State{Failures: 2, CommandAt: 5}, 500 * h,
			lock.State{Failures: 2, CommandAt: 5}, lock.State{Failures: 2, CommandAt: 5}},
		"a boot clock that stands still changes nothing": {
			lock.State{Level: 1, Remaining: m}, 0,
			lock.State{Level: 1, Remaining: m}, lock.State{Level: 1, Remaining: m}},
	} {
		t.Run(name, func(t *testing.T) {
			boot := &clock{"one", 3 * h}
			equal(t, "same boot", kept(t, boot, c.state, func() { boot.now += c.gone }), c.same)
			boot = &clock{"one", 3 * h}
			equal(t, "another boot", kept(t, boot, c.state, func() { *boot = clock{"two", 3*h + c.gone} }), c.next)
			boot = &clock{"", 3 * h}
			equal(t, "boots that have no id", kept(t, boot, c.state, func() { boot.now += c.gone }), c.next)
		})
	}
}

func TestThisBootHasAnIDAndAClock(t *testing.T) {
	a, b := ThisBoot(), ThisBoot()
	if a.ID == "" || a.ID != b.ID || a.Clock() <= 0 {
		t.Errorf("boot %q at %v", a.ID, a.Clock())
	}
}
