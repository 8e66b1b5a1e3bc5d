package board_test

import (
	"errors"
	"os"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"periph.io/x/conn/v3/gpio"

	"latchd/board"
	"latchd/board/sim"
	"latchd/lock"
)

func TestBoardOnSimulatedCopper(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rows, cols := []string{"GPIO5", "GPIO6"}, []string{"GPIO16", "GPIO20"}
		copper := sim.New(sim.Wiring{Rows: rows, Cols: cols, Keys: []string{"12", "45"}, Strike: "GPIO17",
			StrikeActiveLow: true, Bell: sim.Input{Line: "GPIO26", ActiveLow: true}, Others: []string{"GPIO12"}})
		b, err := board.Open(copper, board.Wiring{
			Rows: rows, Cols: cols, Settle: 20 * time.Microsecond,
			Bell:   board.Input{Line: "GPIO26", ActiveLow: true, Debounce: 20 * time.Millisecond},
			Strike: board.Output{Line: "GPIO17", ActiveLow: true}, Green: "GPIO12",
		})
		if err != nil {
			t.Fatal(err)
		}
		strike := func(what string, want gpio.Level) {
			t.Helper()
			synctest.Wait()
			if got, err := copper.Line("GPIO17"); got != want || err != nil {
				t.Errorf("%s: strike %v, %v", what, got, err)
			}
			if lit, err := copper.Line("GPIO12"); lit == want || err != nil { // lit while the strike's line is low
				t.Errorf("%s: green %v, %v", what, lit, err)
			}
		}
		strike("at first", gpio.High)
		if err := b.Strike.Open(time.Second); err != nil {
			t.Error(err)
		}
		strike("opened", gpio.Low)

		var told []lock.Input
		ended := make(chan error)
		go func() { ended <- b.Switches[0].Run(t.Context(), func(in lock.Input) { told = append(told, in) }) }()
		synctest.Wait()
		if err := copper.Bell(t.Context(), 300*time.Millisecond); err != nil {
			t.Error(err)
		}

		if err := b.Pad.Rest(); err != nil {
			t.Error(err)
		}
		b.Pad.Drain()
		go func() { _ = copper.Hold(t.Context(), '5', 300*time.Millisecond) }()
		if moved, err := b.Pad.Wait(0); !moved || err != nil {
			t.Errorf("Wait: %v, %v", moved, err)
		}
		for row, want := range []uint32{0, 0b10} {
			err := b.Pad.Drive(row)
			if low, errRead := b.Pad.Columns(); low != want || err != nil || errRead != nil {
				t.Errorf("row %d: columns %b, want %b; %v, %v", row, low, want, err, errRead)
			}
		}
		<-time.After(time.Second)

		waited := make(chan error)
		go func() {
			b.Pad.Drain()
			_, err := b.Pad.Wait(0)
			waited <- err
		}()
		synctest.Wait()
		closed := make(chan error, 1)
		go func() { closed <- b.Close() }()
		for range 2 {
			select {
			case err = <-waited:
			case err = <-ended:
			}
			if !errors.Is(err, os.ErrClosed) {
				t.Errorf("a wait ended with %v", err)
			}
		}
		if err := <-closed; err != nil {
			t.Error(err)
		}
		strike("closed", gpio.High)
		want := []lock.Input{lock.Level{Sensor: lock.Bell, Initial: true}, lock.Level{Sensor: lock.Bell, Active: true},
			lock.Level{Sensor: lock.Bell}}
		if !slices.Equal(told, want) {
			t.Errorf("told %+v, want %+v", told, want)
		}
		if s := copper.Shorts(); len(s) > 0 {
			t.Errorf("lines driven against each other: %v", s)
		}
	})
}
