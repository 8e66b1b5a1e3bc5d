package sim_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"periph.io/x/conn/v3/gpio"

	"latchd/board/sim"
)

// held drives every row low and reads the columns as inputs with pull-up: a column is low while a key of it is down.
func held(t *testing.T) *sim.Board {
	t.Helper()
	b := sim.New(wiring)
	for _, name := range wiring.Rows {
		row, err := b.Row(name)
		if err != nil {
			t.Fatal(err)
		}
		_ = row.Out(gpio.Low)
	}
	if _, err := b.Columns(wiring.Cols); err != nil {
		t.Fatal(err)
	}
	return b
}

type change struct {
	After time.Duration
	Line  string
	Level gpio.Level
}

// record lets fingers work and returns what changed meanwhile.
func record(t *testing.T, b *sim.Board, work func(ctx context.Context)) []change {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	start, changes := time.Now(), b.Watch(ctx)
	go func() {
		work(ctx)
		synctest.Wait()
		cancel()
	}()
	var got []change
	for c := range changes {
		got = append(got, change{c.At.Sub(start), c.Line, c.Level})
	}
	return got
}

func TestPressTapsTheKeysOneAfterTheOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, start := held(t), time.Now()
		got := record(t, b, func(ctx context.Context) {
			if err := b.Press(ctx, "1#1"); err != nil {
				t.Error(err)
			}
			if took := time.Since(start); took != 480*time.Millisecond {
				t.Errorf("Press returned after %v", took)
			}
		})
		const ms = time.Millisecond
		want := []change{
			{0, "GPIO16", gpio.Low}, {80 * ms, "GPIO16", gpio.High},
			{160 * ms, "GPIO21", gpio.Low}, {240 * ms, "GPIO21", gpio.High},
			{320 * ms, "GPIO16", gpio.Low}, {400 * ms, "GPIO16", gpio.High},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestSwitchesTieTheirLineWhileTheyAreClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sim.New(wiring)
		for line, pull := range map[string]gpio.Pull{"GPIO26": gpio.PullUp, "GPIO12": gpio.PullDown, "GPIO23": gpio.PullUp,
			"GPIO24": gpio.PullUp} {
			if _, err := b.Input(line, pull); err != nil {
				t.Fatal(err)
			}
		}
		got := record(t, b, func(ctx context.Context) {
			if err := errors.Join(b.Bell(ctx, 0), b.Exit(ctx, time.Second), b.Door(true), b.Door(true), b.Tamper(true),
				b.Tamper(false), b.Door(false)); err != nil {
				t.Error(err)
			}
		})
		const ring, end = sim.Ring, sim.Ring + time.Second
		want := []change{
			{0, "GPIO26", gpio.Low}, {ring, "GPIO26", gpio.High},
			{ring, "GPIO12", gpio.High}, {end, "GPIO12", gpio.Low},
			{end, "GPIO23", gpio.High}, {end, "GPIO24", gpio.Low}, {end, "GPIO24", gpio.High}, {end, "GPIO23", gpio.Low},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAKeyIsDownAsLongAsOneOfTwoFingersIsOnIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := held(t)
		got := record(t, b, func(ctx context.Context) {
			go b.Hold(ctx, '5', time.Second)
			<-time.After(500 * time.Millisecond)
			_ = b.Hold(ctx, '5', time.Second)
		})
		want := []change{{0, "GPIO20", gpio.Low}, {1500 * time.Millisecond, "GPIO20", gpio.High}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestBounceIsTheSameForTheSameSeedAndEndsAtTheFingersWill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bounced := func(seed uint64) []change {
			b := held(t)
			b.Bounce(10*time.Millisecond, seed)
			return record(t, b, func(ctx context.Context) { _ = b.Press(ctx, "11") })
		}
		one, again, other := bounced(1), bounced(1), bounced(2)
		if diff := cmp.Diff(one, again); diff != "" {
			t.Errorf("the same seed: %s", diff)
		}
		if cmp.Equal(one, other) {
			t.Error("another seed bounces alike")
		}
		if len(one) <= 4 {
			t.Errorf("no bounce: %v", one)
		}
		for _, c := range one {
			if in := c.After % (80 * time.Millisecond); in >= 10*time.Millisecond {
				t.Errorf("the contact chattered %v after it was moved", in)
			}
		}
		if last := one[len(one)-1]; !last.Level || last.After < 240*time.Millisecond {
			t.Errorf("the last change is %+v", last)
		}
	})
}

func TestAFingerIsLiftedWhenItsContextEnds(t *testing.T) {
	for _, bounce := range []time.Duration{0, time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			b := held(t)
			b.Bounce(bounce, 1)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			start := time.Now()
			err := b.Hold(ctx, '5', time.Minute)
			if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
				t.Errorf("%v after %v", err, time.Since(start))
			}
			if !level(t, b, "GPIO20") {
				t.Error("the key is still down")
			}
			if b.Bounce(0, 0); b.Press(t.Context(), "5") != nil || !level(t, b, "GPIO20") {
				t.Error("the key does not work any more")
			}
		})
	}
}

func TestWhatNoFingerCanDoIsWrongUsageAndMovesNothing(t *testing.T) {
	bare := sim.New(sim.Wiring{Rows: wiring.Rows, Cols: wiring.Cols, Keys: wiring.Keys})
	ctx := t.Context()
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"press a key that is not there", bare.Press(ctx, "1x2"),
			"key 'x' is not on this pad: keys are 1 2 3 4 5 6 7 8 9 * 0 #"},
		{"press too many", bare.Press(ctx, strings.Repeat("1", 20_001)), "press: more than 20000 keys"},
		{"hold a key that is not there", bare.Hold(ctx, 'A', time.Second), "key 'A' is not on this pad"},
		{"hold for ever", bare.Hold(ctx, '1', time.Hour+1), "at most 1h0m0s"},
		{"hold for less than nothing", bare.Hold(ctx, '1', -1), "more than 0"},
		{"ring where there is no bell", bare.Bell(ctx, 0), "bell: none is wired to this board"},
		{"leave where there is no button", bare.Exit(ctx, 0), "exit: none is wired"},
		{"open a door without a contact", bare.Door(true), "door: none is wired"},
		{"tamper without a switch", bare.Tamper(true), "tamper: none is wired"},
	}
	for _, tt := range tests {
		if tt.err == nil || !errors.Is(tt.err, sim.ErrUsage) || !strings.Contains(tt.err.Error(), tt.want) {
			t.Errorf("%s: %v", tt.name, tt.err)
		}
	}
}

func TestWatchersMissNothingAndHoldUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		b := sim.New(wiring)
		pin, _ := b.Output("GPIO2", gpio.Low)
		slow, other := b.Watch(ctx), b.Watch(ctx, "GPIO17")
		for range 30_000 {
			_, _ = pin.Out(gpio.High), pin.Out(gpio.Low)
		}
		for i := range 60_000 {
			if c := <-slow; c.Line != "GPIO2" || c.Level != (i%2 == 0) {
				t.Fatalf("change %d: %+v", i, c)
			}
		}
		synctest.Wait()
		select {
		case c := <-other:
			t.Errorf("a watcher of the strike is told of %+v", c)
		default:
		}
	})
}

func TestAWatcherThatFallsTooFarBehindIsToldSoByTheEndOfItsChannel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		b := sim.New(wiring)
		pin, _ := b.Output("GPIO2", gpio.Low)
		changes := b.Watch(ctx)
		for range 70_000 {
			_, _ = pin.Out(gpio.High), pin.Out(gpio.Low)
		}
		n := 0
		for c := range changes {
			if n++; c.Level != (n%2 == 1) {
				t.Fatalf("change %d is out of order", n)
			}
		}
		if n < 1<<16 || n >= 140_000 || ctx.Err() != nil {
			t.Errorf("%d changes, context %v", n, ctx.Err())
		}
	})
}
