package board

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"periph.io/x/conn/v3/gpio"

	"latchd/lock"
)

func TestFeedbackPlaysTheNewestSignalAndThenGoesDark(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, r := newFakePin("green", gpio.Low), newFakePin("red", gpio.Low)
		f := NewFeedback(g, r, nil, func(err error) { t.Error(err) })
		defer f.Close()
		shows := func(what string, wantGreen, wantRed gpio.Level) {
			t.Helper()
			synctest.Wait()
			if g.Read() != wantGreen || r.Read() != wantRed {
				t.Errorf("%s: green %v, red %v", what, g.Read(), r.Read())
			}
		}
		shows("at first", gpio.Low, gpio.Low)
		f.Show(lock.TextOnItsWay)
		shows("the text is on its way", gpio.High, gpio.Low)
		<-time.After(short / 2)
		f.Show(lock.KeyTaken)
		f.Show(lock.EntryWrong)
		shows("then a wrong entry", gpio.Low, gpio.High)
		<-time.After(long)
		shows("when that is over", gpio.Low, gpio.Low)
	})
}

func TestFeedbackHasAPatternForEverySignalThatEndsSoon(t *testing.T) {
	for _, s := range []lock.Signal{lock.KeyTaken, lock.TextOnItsWay, lock.TextNotSent, lock.EntryWrong, lock.DoorOpen,
		lock.KeypadLocked, lock.BellNotTexted} {
		var all time.Duration
		for _, b := range patterns[s] {
			all += b.d
		}
		if all == 0 || all > 5*time.Second {
			t.Errorf("%s plays for %v", s, all)
		}
	}
}

func TestFeedbackIsDarkOnceClosedAndNeverBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newFakePin("green", gpio.Low)
		f := NewFeedback(g, nil, nil, func(err error) { t.Error(err) })
		f.Unlocked(true)
		synctest.Wait()
		if g.Read() != gpio.High {
			t.Error("never on")
		}
		f.Close()
		f.Close()
		for range 3 {
			f.Show(lock.DoorOpen)
			f.Unlocked(true)
		}
		if g.Read() != gpio.Low {
			t.Error("still on")
		}
	})
}

// Whatever happens to the strike, and whatever is signalled meanwhile: the green lamp is lit while it is unlocked, and no longer.
func TestGreenIsLitForAsLongAsTheStrikeIsUnlocked(t *testing.T) {
	type at struct {
		after time.Duration
		do    func(*Strike, *Feedback)
	}
	open := func(d time.Duration) func(*Strike, *Feedback) {
		return func(s *Strike, f *Feedback) { s.Open(d); f.Show(lock.DoorOpen) }
	}
	signal := func(which lock.Signal) func(*Strike, *Feedback) {
		return func(_ *Strike, f *Feedback) { f.Show(which) }
	}
	for name, c := range map[string]struct {
		do   []at
		lits []time.Duration // how long it was lit, each time
	}{
		"the shortest pulse":        {[]at{{0, open(500 * time.Millisecond)}}, []time.Duration{500 * time.Millisecond}},
		"the longest pulse":         {[]at{{0, open(30 * time.Second)}}, []time.Duration{30 * time.Second}},
		"beyond the line's limit":   {[]at{{0, open(time.Hour)}}, []time.Duration{MaxPulse}},
		"locked early":              {[]at{{0, open(5 * time.Second)}, {time.Second, func(s *Strike, _ *Feedback) { s.Lock() }}}, []time.Duration{time.Second}},
		"drawn out by the exit":     {[]at{{0, open(5 * time.Second)}, {3 * time.Second, open(5 * time.Second)}}, []time.Duration{8 * time.Second}},
		"twice":                     {[]at{{0, open(time.Second)}, {2 * time.Second, open(2 * time.Second)}}, []time.Duration{time.Second, 2 * time.Second}},
		"keys and a wrong entry":    {[]at{{0, open(5 * time.Second)}, {time.Second, signal(lock.KeyTaken)}, {time.Second, signal(lock.EntryWrong)}}, []time.Duration{5 * time.Second}},
		"a text sent in the middle": {[]at{{0, open(5 * time.Second)}, {time.Second, signal(lock.TextOnItsWay)}}, []time.Duration{5 * time.Second}},
		"announced, never opened":   {[]at{{0, signal(lock.DoorOpen)}}, nil},
	} {
		synctest.Test(t, func(t *testing.T) {
			line, g := newFakePin("strike", gpio.Low), newFakePin("green", gpio.Low)
			f := NewFeedback(g, nil, nil, func(err error) { t.Error(err) })
			defer f.Close()
			s := NewStrike(line, false, 0, func(err error) { t.Error(err) })
			defer s.Close()
			s.Watch(f.Unlocked)
			for _, a := range c.do {
				<-time.After(a.after)
				a.do(s, f)
			}
			<-time.After(time.Minute)
			if got := highs(g.log()); !slices.Equal(got, c.lits) {
				t.Errorf("%s: green was lit for %v, want %v", name, got, c.lits)
			}
			if !slices.Equal(highs(line.log()), c.lits) {
				t.Errorf("%s: the strike was unlocked for %v", name, highs(line.log()))
			}
		})
	}
}

// highs is for how long a line was high, each time.
func highs(ws []write) (all []time.Duration) {
	var since time.Time
	for _, w := range ws {
		switch {
		case bool(w.Level) && since.IsZero():
			since = w.At
		case !bool(w.Level) && !since.IsZero():
			all, since = append(all, w.At.Sub(since)), time.Time{}
		}
	}
	return all
}

func TestFeedbackTellsOfALineThatFailsAndOfItsReturn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, h := newFakePin("green", gpio.Low), &hearing{}
		f := NewFeedback(g, nil, nil, h.fault)
		defer f.Close()
		synctest.Wait()
		g.fail(func(p *fakePin) { p.outErr = errors.New("no answer") })
		f.Show(lock.KeyTaken)
		synctest.Wait()
		g.fail(func(p *fakePin) { p.outErr = nil })
		<-time.After(time.Second)
		if got := h.all(); !slices.Equal(got, []string{"no answer", "cleared"}) {
			t.Errorf("heard %q", got)
		}
	})
}
