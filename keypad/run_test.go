package keypad_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"periph.io/x/conn/v3/gpio"

	"latchd/board/sim"
	"latchd/keypad"
	"latchd/lock"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var wiring = sim.Wiring{
	Rows: []string{"GPIO5", "GPIO6", "GPIO13", "GPIO19"}, Cols: []string{"GPIO16", "GPIO20", "GPIO21"}, Keys: keys,
}

var options = keypad.Options{Keys: keys, Rows: wiring.Rows, Cols: wiring.Cols, Debounce: debounce}

// matrix is the pad of a simulated board.
type matrix struct {
	rows   []gpio.PinIO
	low    [4]bool
	cols   gpio.Group
	drives atomic.Int64
	broken atomic.Pointer[error]
}

func newMatrix(t *testing.T, b *sim.Board) *matrix {
	t.Helper()
	m := new(matrix)
	for _, name := range wiring.Rows {
		row, err := b.Row(name)
		if err != nil {
			t.Fatal(err)
		}
		m.rows = append(m.rows, row)
	}
	var err error
	if m.cols, err = b.Columns(wiring.Cols); err != nil {
		t.Fatal(err)
	}
	return m
}

func (m *matrix) Rest() error {
	for i, row := range m.rows {
		m.low[i] = true
		if err := row.Out(gpio.Low); err != nil {
			return err
		}
	}
	return nil
}

func (m *matrix) Drive(row int) error {
	m.drives.Add(1)
	if err := m.broken.Load(); err != nil {
		return *err
	}
	for i, r := range m.rows {
		if i != row && m.low[i] {
			if err := r.In(gpio.Float, gpio.NoEdge); err != nil {
				return err
			}
			m.low[i] = false
		}
	}
	m.low[row] = true
	return m.rows[row].Out(gpio.Low)
}

func (m *matrix) Columns() (uint32, error) {
	high, err := m.cols.Read(0)
	return uint32(high) ^ 0b111, err
}

func (m *matrix) Wait(timeout time.Duration) (bool, error) {
	_, edge, err := m.cols.WaitForEdge(timeout)
	if edge == gpio.NoEdge && timeout > 0 {
		return false, nil
	}
	return edge != gpio.NoEdge, err
}

func (m *matrix) Drain() {
	for {
		if _, _, err := m.cols.WaitForEdge(time.Millisecond); err != nil {
			return
		}
	}
}

// bench is a scanner at work on a simulated board.
type bench struct {
	*sim.Board
	pad *matrix
	mu  sync.Mutex
	got []lock.Input
}

// take returns what has come since the last call: presses as their keys, faults as "raised" with their detail, "cleared".
func (b *bench) take() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var s strings.Builder
	for _, in := range b.got {
		switch in := in.(type) {
		case lock.Key:
			s.WriteRune(in.Rune)
		case lock.Fault:
			if in.Part != "keypad" || in.Standing != (in.Detail != "") || in.Standing != (in.Hint != "") {
				fmt.Fprintf(&s, "%+v", in)
			}
			if in.Standing {
				fmt.Fprintf(&s, "[raised: %s]", in.Detail)
			} else {
				s.WriteString("[cleared]")
			}
		}
	}
	b.got = nil
	return s.String()
}

// on runs the keypad on a simulated board in virtual time.
func on(t *testing.T, f func(t *testing.T, b *bench)) {
	synctest.Test(t, func(t *testing.T) {
		b := &bench{Board: sim.New(wiring)}
		b.pad = newMatrix(t, b.Board)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() {
			ended <- keypad.Run(ctx, b.pad, options, func(in lock.Input) {
				b.mu.Lock()
				defer b.mu.Unlock()
				b.got = append(b.got, in)
			})
		}()
		<-time.After(time.Second)
		f(t, b)
		cancel()
		_ = b.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if s := b.Shorts(); len(s) != 0 {
			t.Errorf("short circuits: %v", s)
		}
	})
}

func (b *bench) want(t *testing.T, want string) {
	t.Helper()
	if diff := cmp.Diff(want, b.take()); diff != "" {
		t.Error(diff)
	}
}

func TestATapIsTakenWhenTheDebounceIsOver(t *testing.T) {
	on(t, func(t *testing.T, b *bench) {
		go b.Press(t.Context(), "5")
		<-time.After(debounce - 1)
		b.want(t, "")
		<-time.After(1)
		synctest.Wait()
		b.want(t, "5")
		<-time.After(time.Second)
		b.want(t, "")
	})
}

func TestAtRestNobodyScans(t *testing.T) {
	on(t, func(t *testing.T, b *bench) {
		for range 3 {
			before := b.pad.drives.Load()
			<-time.After(24 * time.Hour)
			if n := b.pad.drives.Load() - before; n != 0 {
				t.Errorf("%d rows were scanned in a day at rest", n)
			}
			if err := b.Press(t.Context(), "5"); err != nil {
				t.Error(err)
			}
			b.want(t, "5")
			<-time.After(time.Second)
		}
	})
}

func TestKeysOfTwoFingersCount(t *testing.T) {
	on(t, func(t *testing.T, b *bench) {
		go b.Hold(t.Context(), '1', time.Second)
		<-time.After(100 * ms)
		_ = b.Press(t.Context(), "55#")
		b.want(t, "155#")
		<-time.After(time.Second)
	})
}

func TestThreeKeysOfARectangleAreNotTakenFromCopper(t *testing.T) {
	on(t, func(t *testing.T, b *bench) {
		for _, key := range "125" {
			go b.Hold(t.Context(), key, time.Second)
		}
		<-time.After(2 * time.Second)
		b.want(t, "")
		_ = b.Press(t.Context(), "125")
		b.want(t, "125")
	})
}

func TestTenThousandDigitsComeOutAsTheyWentIn(t *testing.T) {
	on(t, func(t *testing.T, b *bench) {
		b.Bounce(10*ms, 1)
		typed := strings.Repeat("0123456789", 1000)
		if err := b.Press(t.Context(), typed); err != nil {
			t.Error(err)
		}
		b.want(t, typed)
	})
}

func TestAStuckKeyIsNamedByItsLinesAndTheOthersGoOn(t *testing.T) {
	on(t, func(t *testing.T, b *bench) {
		go b.Hold(t.Context(), '5', time.Minute)
		<-time.After(11 * time.Second)
		b.want(t, "5[raised: stuck down (row × column): GPIO6 × GPIO20]")
		_ = b.Press(t.Context(), "1234")
		_ = b.Press(t.Context(), "6789*0#")
		b.want(t, "12346789*0#")

		go b.Hold(t.Context(), '#', 30*time.Second)
		<-time.After(11 * time.Second)
		b.want(t, "#[raised: stuck down (row × column): GPIO6 × GPIO20, GPIO19 × GPIO21]")
		<-time.After(20 * time.Second)
		b.want(t, "[raised: stuck down (row × column): GPIO6 × GPIO20]")
		<-time.After(20 * time.Second)
		b.want(t, "[cleared]")

		before := b.pad.drives.Load()
		<-time.After(time.Hour)
		if n := b.pad.drives.Load() - before; n != 0 {
			t.Errorf("%d rows were scanned at rest after the key was freed", n)
		}
		_ = b.Press(t.Context(), "5")
		b.want(t, "5")
	})
}

func TestWhileAKeyIsStuckThePadIsLookedAtFortyTimesASecondAtTheMost(t *testing.T) {
	on(t, func(t *testing.T, b *bench) {
		go b.Hold(t.Context(), '5', 2*time.Minute)
		<-time.After(20 * time.Second)
		before := b.pad.drives.Load()
		<-time.After(time.Minute)
		if n := (b.pad.drives.Load() - before) / 4; n == 0 || n > 60*40 {
			t.Errorf("%d scans in a minute", n)
		}
		<-time.After(time.Minute)
	})
}

func TestAFlutteringContactNeitherTypesNorTakesTheProcessor(t *testing.T) {
	on(t, func(t *testing.T, b *bench) {
		before := b.pad.drives.Load()
		for range 2000 { // 4 s
			_ = b.Hold(t.Context(), '5', ms)
			<-time.After(ms)
		}
		if n := (b.pad.drives.Load() - before) / 4; n > 4*200+1 {
			t.Errorf("%d scans in 4 s", n)
		}
		b.take() // whether it counted as pressed is a matter of chance
		<-time.After(time.Second)
		_ = b.Press(t.Context(), "1")
		b.want(t, "1")
	})
}

func TestAPadThatFailsIsTriedAgainMoreAndMoreRarelyAndSaysWhenItWorks(t *testing.T) {
	on(t, func(t *testing.T, b *bench) {
		err := errors.New("drive row GPIO5 low: input/output error")
		b.pad.broken.Store(&err)
		before := b.pad.drives.Load()
		go b.Hold(t.Context(), '5', 2*time.Minute) // found down afterwards: nobody saw it go down
		<-time.After(time.Minute)
		b.want(t, "[raised: the keypad cannot be read: "+err.Error()+"]")
		if n := b.pad.drives.Load() - before; n < 9 || n > 11 { // at 0, 0.1, 0.3, 0.7 ... 25.5, 51.1 s
			t.Errorf("tried %d times in a minute", n)
		}
		b.pad.broken.Store(nil)
		<-time.After(31 * time.Second)
		b.want(t, "[cleared]")
		<-time.After(time.Minute)
		b.want(t, "[raised: stuck down (row × column): GPIO6 × GPIO20][cleared]")
		_ = b.Press(t.Context(), "5")
		b.want(t, "5")
	})
}

func TestOptionsThatDoNotFitTogetherAreRefused(t *testing.T) {
	tests := []struct {
		name    string
		options keypad.Options
		want    string
	}{
		{"no keys", keypad.Options{}, "0 rows of keys"},
		{"fewer lines than rows", keypad.Options{Keys: keys, Rows: wiring.Rows[:3], Cols: wiring.Cols}, "on 3 row lines"},
		{"too many rows", keypad.Options{Keys: make([]string, 9), Rows: make([]string, 9)}, "8 rows and 32 columns at the most"},
		{"a short row", keypad.Options{Keys: []string{"123", "45"}, Rows: wiring.Rows[:2], Cols: wiring.Cols},
			"2 keys in row GPIO6: want 3"},
		{"a negative debounce", keypad.Options{Keys: keys, Rows: wiring.Rows, Cols: wiring.Cols, Debounce: -1}, "debounce -1ns"},
	}
	for _, tt := range tests {
		err := keypad.Run(t.Context(), nil, tt.options, nil)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}
