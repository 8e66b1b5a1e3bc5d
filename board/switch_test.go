package board

import (
	"context"
	"errors"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"periph.io/x/conn/v3/gpio"

	"latchd/lock"
)

const ms = time.Millisecond

// told is something that a switch told, and when.
type told struct {
	At    time.Duration
	Input lock.Input
}

// run starts a switch on a line to ground that is at rest, and returns the line and what the switch has told by then.
func run(t *testing.T, o SwitchOptions) (*fakePin, func() []told) {
	p := newFakePin("GPIO26", gpio.High)
	o.ActiveLow = true
	start, ended := time.Now(), make(chan error)
	var all []told
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		ended <- NewSwitch(p, o).Run(ctx, func(in lock.Input) { all = append(all, told{time.Since(start), in}) })
	}()
	synctest.Wait()
	return p, func() []told {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("Run ended with %v", err)
		}
		return all
	}
}

// play moves the line at each of the times, to low first.
func play(p *fakePin, times ...time.Duration) {
	start := time.Now()
	for i, at := range times {
		<-time.After(at - time.Since(start))
		p.move(i%2 == 1)
	}
	<-time.After(time.Second)
}

var bell = SwitchOptions{Sensor: lock.Bell, Debounce: 20 * ms, Attack: ms}

func level(at time.Duration, s lock.Sensor, active bool) told {
	return told{at, lock.Level{Sensor: s, Active: active}}
}

func TestSwitchReportsWhatHasSettled(t *testing.T) {
	contact := SwitchOptions{Sensor: lock.Contact, Debounce: 20 * ms}
	for _, c := range []struct {
		name  string
		o     SwitchOptions
		moves []time.Duration
		want  []told
	}{
		{"nothing happens", bell, nil, nil},
		{"a press is told within the attack, its end after the debounce", bell, []time.Duration{100 * ms, 300 * ms},
			[]told{level(101*ms, lock.Bell, true), level(320*ms, lock.Bell, false)}},
		{"a spike shorter than the attack is nothing", bell, []time.Duration{100 * ms, 100*ms + ms/2}, nil},
		{"spikes in a row are nothing", bell, []time.Duration{100 * ms, 100*ms + ms/2, 101 * ms, 101*ms + ms/2}, nil},
		{"a press that bounces is one press", bell,
			[]time.Duration{100 * ms, 102 * ms, 104 * ms, 106 * ms, 108 * ms, 300 * ms, 305 * ms, 310 * ms},
			[]told{level(101*ms, lock.Bell, true), level(330*ms, lock.Bell, false)}},
		{"a slow switch waits the debounce both ways", contact, []time.Duration{100 * ms, 105 * ms, 110 * ms, 500 * ms},
			[]told{level(130*ms, lock.Contact, true), level(520*ms, lock.Contact, false)}},
		{"a break shorter than the debounce is nothing", bell, []time.Duration{100 * ms, 200 * ms, 210 * ms},
			[]told{level(101*ms, lock.Bell, true)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, stop := run(t, c.o)
				play(p, c.moves...)
				want := append([]told{{0, lock.Level{Sensor: c.o.Sensor, Initial: true}}}, c.want...)
				if diff := cmp.Diff(want, stop()); diff != "" {
					t.Errorf("told otherwise (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestSwitchStartsWithALineThatIsActive(t *testing.T) {
	for _, activeLow := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := NewSwitch(newFakePin("GPIO26", gpio.Level(!activeLow)), SwitchOptions{Sensor: lock.Tamper, ActiveLow: activeLow})
			first := make(chan lock.Input, 1)
			ended := make(chan error)
			go func() { ended <- s.Run(t.Context(), func(in lock.Input) { first <- in }) }()
			if got, want := <-first, (lock.Level{Sensor: lock.Tamper, Active: true, Initial: true}); got != want {
				t.Errorf("first told %+v, want %+v", got, want)
			}
			s.Close()
			if err := <-ended; !errors.Is(err, os.ErrClosed) {
				t.Errorf("Run ended with %v", err)
			}
		})
	}
}

func TestDebounceCountsFromTheLastEdgeEvenIfTheLevelIsTheSame(t *testing.T) {
	d := debounce{attack: 20, release: 50}
	for _, c := range []struct {
		now           time.Duration
		active, moved bool
		changed       bool
		next          time.Duration
	}{
		{100, true, true, false, 20},
		{110, true, true, false, 20}, // gone and back between two readings
		{120, true, false, false, 10},
		{130, true, false, true, forever},
		{140, false, true, false, 50},
		{150, true, true, false, forever},
		{160, false, true, false, 50},
		{210, false, false, true, forever},
	} {
		if changed, next := d.step(c.now, c.active, c.moved); changed != c.changed || next != c.next {
			t.Errorf("at %d: %v, %d, want %v, %d", c.now, changed, next, c.changed, c.next)
		}
	}
}

func TestSwitchBelievesTheLevelAndNotAQueuedEdge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, stop := run(t, bell)
		for range 16 {
			p.edge()
		}
		<-time.After(time.Second)
		p.move(gpio.Low)
		<-time.After(10 * ms)
		want := []told{{0, lock.Level{Sensor: lock.Bell, Initial: true}}, level(time.Second+ms, lock.Bell, true)}
		if diff := cmp.Diff(want, stop()); diff != "" {
			t.Errorf("told otherwise (-want +got):\n%s", diff)
		}
	})
}

func TestSwitchTellsOfALineThatFailsAndOfItsReturn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, stop := run(t, bell)
		p.fail(func(p *fakePin) { p.waitErr, p.inErr = true, errors.New("no such device") })
		p.edge()
		<-time.After(time.Minute)
		p.fail(func(p *fakePin) { p.waitErr, p.inErr, p.level = false, nil, gpio.Low })
		<-time.After(3 * time.Second)
		var got []lock.Input
		for _, x := range stop() {
			if f, ok := x.Input.(lock.Fault); ok {
				f.Hint = ""
				x.Input = f
			}
			got = append(got, x.Input)
		}
		want := []lock.Input{
			lock.Level{Sensor: lock.Bell, Initial: true},
			lock.Fault{Part: "bell", Standing: true, Detail: "line GPIO26: no such device"},
			lock.Fault{Part: "bell"},
			lock.Level{Sensor: lock.Bell, Active: true},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("told otherwise (-want +got):\n%s", diff)
		}
	})
}
