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
		f.Show(lock.DoorOpen)
		shows("the door opens", gpio.High, gpio.Low)
		<-time.After(long)
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
		f.Show(lock.DoorOpen)
		synctest.Wait()
		f.Close()
		f.Close()
		for range 3 {
			f.Show(lock.DoorOpen)
		}
		if g.Read() != gpio.Low {
			t.Error("still on")
		}
	})
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
