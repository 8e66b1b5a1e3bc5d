package board

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"periph.io/x/conn/v3/gpio"
	"pgregory.net/rapid"
)

// hearing collects what onFault hears.
type hearing struct {
	mu    sync.Mutex
	heard []string
}

func (h *hearing) fault(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err == nil {
		h.heard = append(h.heard, "cleared")
		return
	}
	h.heard = append(h.heard, err.Error())
}

func (h *hearing) all() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.heard)
}

// doing is one thing done to a strike: opened for a time, locked (no time), or left alone for a time.
type doing struct {
	what string
	d    time.Duration
}

func doings(t *rapid.T) []doing {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) doing {
		d := doing{what: rapid.SampledFrom([]string{"open", "open", "wait", "wait", "lock"}).Draw(t, "what")}
		d.d = rapid.SampledFrom([]time.Duration{1, time.Millisecond, time.Second, 7 * time.Second, 20 * time.Second,
			MaxPulse - 1, MaxPulse, MaxPulse + 1, time.Hour}).Draw(t, "d")
		return d
	}), 1, 40).Draw(t, "doings")
}

func TestStrikeIsOpenForItsPulseAndNeverBeyondTheLimit(t *testing.T) {
	for _, activeLow := range []bool{false, true} {
		rapid.Check(t, func(rt *rapid.T) {
			var err error
			todo := doings(rt)
			synctest.Test(t, func(*testing.T) { err = work(todo, activeLow) })
			if err != nil {
				rt.Fatal(err)
			}
		})
	}
}

// work does it all to a strike, beside a model of two times: when it left the locked level, when it must be back.
func work(todo []doing, activeLow bool) error {
	locked := gpio.Level(activeLow)
	line, h := newFakePin("GPIO17", locked), &hearing{}
	s := NewStrike(line, activeLow, 0, h.fault)
	defer s.Close()
	var since, until time.Time
	for _, do := range append(todo, doing{"wait", MaxPulse}) {
		var err error
		now := time.Now()
		switch do.what {
		case "open":
			if !now.Before(until) {
				since = now
			}
			until = now.Add(min(do.d, MaxPulse-now.Sub(since)))
			err = s.Open(do.d)
		case "lock":
			until = now
			err = s.Lock()
		case "wait":
			<-time.After(do.d)
		}
		synctest.Wait()
		want := locked
		if time.Now().Before(until) {
			want = !locked
		}
		if err != nil || line.Read() != want || len(h.all()) > 0 {
			return fmt.Errorf("after %v: line %v, want %v; error %v, faults %q", do, line.Read(), want, err, h.all())
		}
	}
	return holdsLimit(line.log(), locked)
}

// holdsLimit reads the record of all levels driven.
func holdsLimit(log []write, locked gpio.Level) error {
	if log[0].Level != locked {
		return fmt.Errorf("the first level driven is %v", log[0].Level)
	}
	var left time.Time
	for i, w := range log[1:] {
		switch before := log[i].Level; {
		case w.Level != locked && before == locked:
			left = w.At
		case w.Level == locked && before != locked && w.At.Sub(left) > MaxPulse:
			return fmt.Errorf("open for %v on end", w.At.Sub(left))
		}
	}
	return nil
}

func TestStrikeLocksAtItsLimitHoweverOftenItIsOpened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line := newFakePin("GPIO17", gpio.Low)
		s := NewStrike(line, false, 12*time.Second, func(error) {})
		defer s.Close()
		start := time.Now()
		for range 4 {
			if err := s.Open(10 * time.Second); err != nil {
				t.Fatal(err)
			}
			<-time.After(3*time.Second - 1)
		}
		<-time.After(time.Second)
		last := line.log()[len(line.log())-1]
		if last.Level != gpio.Low || last.At.Sub(start) != 12*time.Second {
			t.Errorf("last driven %v after %v, want Low after 12s", last.Level, last.At.Sub(start))
		}
	})
}

func TestStrikeLocksWithoutItsCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line := newFakePin("GPIO17", gpio.Low)
		s := NewStrike(line, false, 0, func(error) {})
		defer s.Close()
		opened := time.Now()
		if err := s.Open(5 * time.Second); err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Minute)
		last := line.log()[len(line.log())-1]
		if last.Level != gpio.Low || last.At.Sub(opened) != 5*time.Second {
			t.Errorf("last driven %v after %v, want Low after 5s", last.Level, last.At.Sub(opened))
		}
	})
}

func TestStrikeRefusesAPulseThatIsNone(t *testing.T) {
	line := newFakePin("GPIO17", gpio.Low)
	s := NewStrike(line, false, 0, func(error) {})
	defer s.Close()
	for _, d := range []time.Duration{0, -time.Second} {
		if err := s.Open(d); err == nil || line.Read() != gpio.Low {
			t.Errorf("Open(%v) = %v, line %v", d, err, line.Read())
		}
	}
}

func TestStrikeStaysLockedOnceClosed(t *testing.T) {
	line := newFakePin("GPIO17", gpio.High)
	s := NewStrike(line, true, 0, func(error) {})
	if err := s.Open(time.Second); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil || line.Read() != gpio.High {
		t.Errorf("Close() = %v, line %v", err, line.Read())
	}
	if err := s.Open(time.Second); !errors.Is(err, os.ErrClosed) || line.Read() != gpio.High {
		t.Errorf("Open after Close = %v, line %v", err, line.Read())
	}
	if err := errors.Join(s.Lock(), s.Close()); err != nil {
		t.Errorf("Lock and Close after Close: %v", err)
	}
}

func TestStrikeTriesAgainUntilItIsLocked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line, h := newFakePin("GPIO17", gpio.Low), &hearing{}
		s := NewStrike(line, false, 0, h.fault)
		defer s.Close()
		if err := s.Open(time.Second); err != nil {
			t.Fatal(err)
		}
		line.fail(func(p *fakePin) { p.outErr = errors.New("no answer") })
		<-time.After(time.Minute)
		if err := s.Open(time.Second); err == nil {
			t.Error("a strike that cannot be locked was opened")
		}
		if got := h.all(); len(got) == 0 || !strings.Contains(got[0], "lock the strike: no answer") {
			t.Errorf("heard %q", got)
		}
		line.fail(func(p *fakePin) { p.outErr = nil })
		<-time.After(lastRetry)
		synctest.Wait()
		if got := h.all(); line.Read() != gpio.Low || got[len(got)-1] != "cleared" {
			t.Errorf("line %v, heard %q", line.Read(), got)
		}
	})
}

// oddLine fails for one level; told to, it takes that level all the same.
type oddLine struct {
	*fakePin
	level  gpio.Level
	obeys  bool
	broken bool
}

func (o *oddLine) Out(l gpio.Level) error {
	if !o.broken || l != o.level {
		return o.fakePin.Out(l)
	}
	if o.obeys {
		_ = o.fakePin.Out(l)
	}
	return errors.New("no answer")
}

func TestStrikeIsNotOpenedWhileItCannotBeLocked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line := &oddLine{fakePin: newFakePin("GPIO17", gpio.Low), level: gpio.Low}
		s := NewStrike(line, false, 0, func(error) {})
		defer s.Close()
		line.broken = true
		if err := s.Lock(); err == nil {
			t.Fatal("no error")
		}
		if err := s.Open(time.Second); err == nil || line.Read() != gpio.Low {
			t.Errorf("Open = %v, line %v", err, line.Read())
		}
		line.broken = false
	})
}

func TestStrikeIsLockedAtOnceWhenOpeningItFailsHalfWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line := &oddLine{fakePin: newFakePin("GPIO17", gpio.Low), level: gpio.High, obeys: true, broken: true}
		s := NewStrike(line, false, 0, func(error) {})
		defer s.Close()
		if err := s.Open(time.Second); err == nil || line.Read() != gpio.Low {
			t.Errorf("Open = %v, line %v", err, line.Read())
		}
	})
}

func TestStrikeThatCannotOpenSaysSoAndRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line, h := newFakePin("GPIO17", gpio.Low), &hearing{}
		s := NewStrike(line, false, 0, h.fault)
		defer s.Close()
		line.fail(func(p *fakePin) { p.outErr = errors.New("no answer") })
		if err := s.Open(time.Second); err == nil {
			t.Fatal("no error")
		}
		synctest.Wait()
		line.fail(func(p *fakePin) { p.outErr = nil })
		<-time.After(lastRetry)
		synctest.Wait()
		if got := h.all(); !slices.Equal(got, []string{"open the strike: no answer", "cleared"}) {
			t.Errorf("heard %q", got)
		}
		if err := s.Open(time.Second); err != nil || line.Read() != gpio.High {
			t.Errorf("Open of the line that works again = %v, line %v", err, line.Read())
		}
	})
}

func TestStrikeLocksThoughNobodyListensToItsFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line, deaf := newFakePin("GPIO17", gpio.Low), make(chan struct{})
		s := NewStrike(line, false, 0, func(error) { <-deaf })
		if err := s.Open(time.Second); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			line.fail(func(p *fakePin) { p.outErr = errors.New("no answer") })
			<-time.After(time.Minute)
			line.fail(func(p *fakePin) { p.outErr = nil })
			<-time.After(time.Minute)
			if line.Read() != gpio.Low {
				t.Error("open")
			}
		}
		close(deaf)
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestStrikeClosesInTimeOnADeadLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line := newFakePin("GPIO17", gpio.Low)
		s := NewStrike(line, false, 0, func(error) {})
		line.fail(func(p *fakePin) { p.outErr = errors.New("no answer") })
		start := time.Now()
		if err := s.Close(); err == nil {
			t.Error("no error")
		}
		if d := time.Since(start); d > 100*time.Millisecond {
			t.Errorf("took %v", d)
		}
	})
}
