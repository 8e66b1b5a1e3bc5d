package sim_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"periph.io/x/conn/v3/gpio"

	"latchd/board/sim"
)

func level(t *testing.T, b *sim.Board, line string) gpio.Level {
	t.Helper()
	l, err := b.Line(line)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestANewBoardIsAtRestWithTheDoorClosed(t *testing.T) {
	b := sim.New(wiring)
	bell, err := b.Input("GPIO26", gpio.PullUp)
	if err != nil {
		t.Fatal(err)
	}
	if !bell.Read() {
		t.Error("the bell is pressed")
	}
	for line, want := range map[string]gpio.Level{
		"GPIO23": gpio.Low,  // the contact ties it to ground
		"GPIO24": gpio.Low,  // not tied, but it pulls down at power-on
		"GPIO2":  gpio.High, // pulls up at power-on
		"GPIO17": gpio.Low,
	} {
		if got := level(t, b, line); got != want {
			t.Errorf("%s is %v, want %v", line, got, want)
		}
	}
}

func TestAStrikeThatNobodyDrivesIsLocked(t *testing.T) {
	for _, activeLow := range []bool{false, true} {
		w := wiring
		w.StrikeActiveLow = activeLow
		if got := level(t, sim.New(w), w.Strike); got != gpio.Level(activeLow) {
			t.Errorf("active low %v: the line is %v", activeLow, got)
		}
	}
}

func TestAnOutputStartsAtItsLevelWithoutAGlitchAndKeepsItAfterClose(t *testing.T) {
	for _, activeLow := range []bool{false, true} {
		w := wiring
		w.StrikeActiveLow = activeLow
		locked := gpio.Level(activeLow)
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			b := sim.New(w)
			changes := b.Watch(ctx, w.Strike)
			strike, err := b.Output(w.Strike, locked)
			if err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			select {
			case c := <-changes:
				t.Errorf("active low %v: the request changed the line: %+v", activeLow, c)
			default:
			}
			if err := strike.Out(!locked); err != nil {
				t.Fatal(err)
			}
			_ = b.Close()
			if got := level(t, b, w.Strike); got != !locked {
				t.Errorf("active low %v: the line fell to %v when it was released", activeLow, got)
			}
			if err := strike.Out(locked); !errors.Is(err, os.ErrClosed) {
				t.Errorf("driving a released line: %v", err)
			}
			if _, err := b.Output(w.Strike, locked); err != nil || level(t, b, w.Strike) != locked {
				t.Errorf("the next request: %v, line %v", err, level(t, b, w.Strike))
			}
		})
	}
}

func TestLinesThatAreBusyOrMissingAreNamed(t *testing.T) {
	b := sim.New(wiring)
	if _, err := b.Output("GPIO17", gpio.Low); err != nil {
		t.Fatal(err)
	}
	requests := map[string]func(name string) error{
		"Output":  func(name string) error { _, err := b.Output(name, gpio.High); return err },
		"Row":     func(name string) error { _, err := b.Row(name); return err },
		"Input":   func(name string) error { _, err := b.Input(name, gpio.PullUp); return err },
		"Columns": func(name string) error { _, err := b.Columns([]string{"GPIO16", name}); return err },
	}
	for what, request := range requests {
		for line, why := range map[string]string{"GPIO17": "busy", "GPIO99": "not on the simulated board"} {
			err := request(line)
			if err == nil || !strings.Contains(err.Error(), line) || !strings.Contains(err.Error(), why) ||
				!strings.Contains(err.Error(), "simulated board") {
				t.Errorf("%s of %s: %v", what, line, err)
			}
		}
	}
	if _, err := b.Columns([]string{"GPIO16", "GPIO16"}); err == nil {
		t.Error("a column named twice was taken")
	}
	if _, err := b.Columns([]string{"GPIO16"}); err != nil {
		t.Errorf("a refused request kept its lines: %v", err)
	}
	if level(t, b, "GPIO17") {
		t.Error("a refused request drove the line")
	}
}

func TestThreeKeysOfARectangleShowTheFourth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sim.New(wiring)
		cols, err := b.Columns(wiring.Cols)
		if err != nil {
			t.Fatal(err)
		}
		rows := make([]gpio.PinIO, len(wiring.Rows))
		for i, name := range wiring.Rows {
			if rows[i], err = b.Row(name); err != nil {
				t.Fatal(err)
			}
			if err := rows[i].In(gpio.Float, gpio.NoEdge); err != nil {
				t.Fatal(err)
			}
		}
		scan := func() (seen [4]gpio.GPIOValue) {
			for i, row := range rows {
				_ = row.Out(gpio.Low)
				levels, err := cols.Read(0)
				if err != nil {
					t.Error(err)
				}
				seen[i] = levels ^ 0b111
				_ = row.In(gpio.Float, gpio.NoEdge)
			}
			return seen
		}
		for _, key := range "125" {
			go b.Hold(t.Context(), key, time.Second)
		}
		synctest.Wait()
		if got, want := scan(), [4]gpio.GPIOValue{0b011, 0b011}; got != want {
			t.Errorf("1, 2 and 5 held: %03b, want %03b", got, want)
		}
		<-time.After(time.Second)
		synctest.Wait()
		if got, want := scan(), [4]gpio.GPIOValue{}; got != want {
			t.Errorf("nothing held: %03b", got)
		}
		if len(b.Shorts()) != 0 {
			t.Errorf("short circuits: %v", b.Shorts())
		}
	})
}

func TestRowsDrivenAgainstEachOtherAreAShortCircuit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sim.New(wiring)
		a, _ := b.Row("GPIO5")
		c, _ := b.Row("GPIO6")
		_, _ = a.Out(gpio.Low), c.Out(gpio.High)
		if s := b.Shorts(); len(s) != 0 {
			t.Fatalf("no key joins them yet: %v", s)
		}
		now := time.Now()
		go b.Hold(t.Context(), '1', time.Second)
		go b.Hold(t.Context(), '4', time.Second)
		synctest.Wait()
		want := []sim.Short{{At: now, Lines: []string{"GPIO5", "GPIO6", "GPIO16"}}}
		if diff := cmp.Diff(want, b.Shorts()); diff != "" {
			t.Error(diff)
		}
		for range 200 {
			_, _ = c.Out(gpio.Low), c.Out(gpio.High)
		}
		if n := len(b.Shorts()); n != 100 {
			t.Errorf("%d short circuits are kept", n)
		}
	})
}

func TestARowKeepsGpioioctlsHabits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		b := sim.New(wiring)
		row, _ := b.Row("GPIO2")
		changes := b.Watch(ctx, "GPIO2")
		if err := row.Out(gpio.High); err != nil {
			t.Fatal(err)
		}
		if first, second := <-changes, <-changes; first.Level || !second.Level {
			t.Errorf("an input made a high output went %v, %v; want low first", first.Level, second.Level)
		}
		if err := row.Out(gpio.Low); err != nil {
			t.Fatal(err)
		}
		<-changes
		if !row.Read() || !(<-changes).Level || row.Pull() != gpio.PullUp {
			t.Error("an output that is read does not become an input with pull-up")
		}
	})
}
