package sim_test

import (
	"context"
	"errors"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"periph.io/x/conn/v3/gpio"

	"latchd/board/sim"
)

func bell(t *testing.T, b *sim.Board) gpio.PinIn {
	t.Helper()
	p, err := b.Input("GPIO26", gpio.PullUp)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAWait(t *testing.T) {
	tests := []struct {
		name    string
		timeout time.Duration
		during  func(b *sim.Board, p gpio.PinIn)
		want    bool
		after   time.Duration
	}{
		{"of 0 ends with an edge, however late", 0, func(b *sim.Board, _ gpio.PinIn) {
			<-time.After(240 * time.Hour)
			_ = b.Bell(context.Background(), 0)
		}, true, 240 * time.Hour},
		{"ends with the edge when that comes before the time is over", time.Minute, func(b *sim.Board, _ gpio.PinIn) {
			<-time.After(time.Second)
			_ = b.Bell(context.Background(), 0)
		}, true, time.Second},
		{"ends when the time is over", time.Minute, func(*sim.Board, gpio.PinIn) {}, false, time.Minute},
		{"of a negative time ends at once", -1, func(*sim.Board, gpio.PinIn) {}, false, 0},
		{"ends with Halt", 0, func(_ *sim.Board, p gpio.PinIn) { <-time.After(time.Hour); _ = p.Halt() }, false, time.Hour},
		{"ends with Close", 0, func(b *sim.Board, _ gpio.PinIn) { <-time.After(time.Hour); _ = b.Close() }, false, time.Hour},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := sim.New(wiring)
				p := bell(t, b)
				start := time.Now()
				var during sync.WaitGroup
				defer during.Wait()
				during.Go(func() { tt.during(b, p) })
				if got := p.WaitForEdge(tt.timeout); got != tt.want || time.Since(start) != tt.after {
					t.Errorf("%v after %v, want %v after %v", got, time.Since(start), tt.want, tt.after)
				}
			})
		})
	}
}

func TestAHaltBeforeAWaitIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := bell(t, sim.New(wiring))
		_ = p.Halt()
		start := time.Now()
		if p.WaitForEdge(time.Minute) || time.Since(start) != time.Minute {
			t.Errorf("the wait ended after %v", time.Since(start))
		}
	})
}

func TestSixteenEdgesOfALineAreKeptTheOldestGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sim.New(wiring)
		cols, err := b.Columns([]string{"GPIO16"})
		if err != nil {
			t.Fatal(err)
		}
		row, _ := b.Row("GPIO5")
		_ = row.Out(gpio.Low)
		for range 20 {
			_ = b.Hold(t.Context(), '1', time.Millisecond)
		}
		go b.Hold(t.Context(), '1', time.Hour) // one more falling edge, which pushes out a falling one
		synctest.Wait()
		for i := range 16 {
			number, edge, err := cols.WaitForEdge(time.Millisecond)
			want := gpio.RisingEdge
			if i%2 == 1 {
				want = gpio.FallingEdge
			}
			if number != 16 || edge != want || err != nil {
				t.Fatalf("edge %d: line %d, %v, %v", i, number, edge, err)
			}
		}
		if _, edge, err := cols.WaitForEdge(time.Millisecond); edge != gpio.NoEdge || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("a 17th edge: %v, %v", edge, err)
		}
	})
}

func TestAGroupOfColumns(t *testing.T) {
	b := sim.New(wiring)
	cols, err := b.Columns([]string{"GPIO20", "GPIO16"})
	if err != nil {
		t.Fatal(err)
	}
	if got := cols.ByOffset(1).Name(); got != "GPIO16" {
		t.Errorf("bit 1 is %s", got)
	}
	if got := cols.ByNumber(20).Name(); got != "GPIO20" {
		t.Errorf("number 20 is %s", got)
	}
	if cols.ByName("GPIO5") != nil || cols.ByOffset(2) != nil || cols.ByNumber(0) != nil {
		t.Error("the group has lines that were not asked for")
	}
	if got, err := cols.Read(0b10); got != 0b10 || err != nil {
		t.Errorf("one column at rest: %b, %v", got, err)
	}
	if err := cols.Out(1, 1); err == nil {
		t.Error("columns can be driven")
	}
	waited := make(chan error)
	go func() {
		_, _, err := cols.WaitForEdge(0)
		waited <- err
	}()
	_ = b.Close()
	if err := <-waited; !errors.Is(err, os.ErrClosed) {
		t.Errorf("closed while waiting: %v", err)
	}
	if _, err := cols.Read(0); !errors.Is(err, os.ErrClosed) {
		t.Errorf("reading closed columns: %v", err)
	}
	if _, _, err := cols.WaitForEdge(0); !errors.Is(err, os.ErrClosed) {
		t.Errorf("waiting for closed columns: %v", err)
	}
}
