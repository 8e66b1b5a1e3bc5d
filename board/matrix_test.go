package board

import (
	"errors"
	"fmt"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"periph.io/x/conn/v3/gpio"
	"pgregory.net/rapid"
)

// newFakeMatrix gives a matrix of 4 rows and 3 columns; onDrive runs at each row driven.
func newFakeMatrix(onDrive func(rows []*fakePin)) (*Matrix, []*fakePin, *fakeGroup) {
	rows, lines := make([]*fakePin, 4), make([]gpio.PinIO, 4)
	for i := range rows {
		rows[i] = newFakePin(fmt.Sprintf("GPIO%d", i), gpio.High)
		rows[i].onDrive = func() { onDrive(rows) }
		lines[i] = rows[i]
	}
	cols := newFakeGroup(3)
	return NewMatrix(lines, cols, 20*time.Microsecond), rows, cols
}

func driven(rows []*fakePin) (low []int) {
	for i, r := range rows {
		if r.driven {
			low = append(low, i)
		}
	}
	return low
}

func TestMatrixLetsGoOfEveryOtherRowBeforeItDrivesOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var resting bool
		m, rows, _ := newFakeMatrix(func(rows []*fakePin) {
			for _, r := range rows {
				if r.driven && r.level != gpio.Low {
					t.Fatalf("row %s is driven high", r.name)
				}
			}
			if low := driven(rows); !resting && len(low) != 1 {
				t.Fatalf("rows %v are driven", low)
			}
		})
		for range 20 {
			row := rapid.IntRange(-1, 3).Draw(t, "row")
			if resting = row < 0; resting {
				if err := m.Rest(); err != nil {
					t.Fatal(err)
				}
				if low := driven(rows); len(low) != 4 {
					t.Fatalf("at rest, rows %v are driven", low)
				}
				continue
			}
			if err := m.Drive(row); err != nil {
				t.Fatal(err)
			}
			if low := driven(rows); len(low) != 1 || low[0] != row {
				t.Fatalf("rows %v are driven, want row %d", low, row)
			}
		}
	})
}

func TestMatrixLetsGoOfARowThatFailedBefore(t *testing.T) {
	m, rows, _ := newFakeMatrix(func([]*fakePin) {})
	rows[0].inErr = errors.New("no answer")
	if err := errors.Join(m.Drive(0), m.Drive(1)); err == nil {
		t.Fatal("row 1 was driven beside row 0")
	}
	rows[0].inErr = nil
	if err := m.Drive(1); err != nil || len(driven(rows)) != 1 {
		t.Errorf("Drive(1) = %v, driven %v", err, driven(rows))
	}
	rows[2].outErr = errors.New("no answer")
	if err := m.Drive(2); err == nil {
		t.Error("no error of a row that cannot be driven")
	}
	if err := m.Rest(); err == nil {
		t.Error("no error of a row that cannot rest")
	}
	rows[2].driven = true // it took the level and said that it had not
	if err := m.Drive(1); err != nil || len(driven(rows)) != 1 {
		t.Errorf("Drive(1) = %v, driven %v", err, driven(rows))
	}
}

func TestMatrixSetsTheBitsOfTheColumnsThatAreLow(t *testing.T) {
	m, _, cols := newFakeMatrix(func([]*fakePin) {})
	for _, c := range []struct {
		levels gpio.GPIOValue
		want   uint32
	}{{0b111, 0}, {0b110, 0b001}, {0b010, 0b101}, {0, 0b111}} {
		cols.bits = c.levels
		if got, err := m.Columns(); got != c.want || err != nil {
			t.Errorf("levels %03b: Columns() = %03b, %v, want %03b", c.levels, got, err, c.want)
		}
	}
	cols.readErr = errors.New("no answer")
	if _, err := m.Columns(); !errors.Is(err, cols.readErr) {
		t.Errorf("error %v", err)
	}
}

func TestMatrixWaitsForAnEdgeOrForTheTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, _, cols := newFakeMatrix(func([]*fakePin) {})
		cols.edge()
		if moved, err := m.Wait(0); !moved || err != nil {
			t.Errorf("with an edge: %v, %v", moved, err)
		}
		for _, cols.waitErr = range []error{nil, fmt.Errorf("read: %w", os.ErrDeadlineExceeded)} {
			start := time.Now()
			if moved, err := m.Wait(5 * time.Millisecond); moved || err != nil || time.Since(start) != 5*time.Millisecond {
				t.Errorf("without: %v, %v after %v", moved, err, time.Since(start))
			}
		}
		cols.waitErr = errors.New("no such device")
		if _, err := m.Wait(5 * time.Millisecond); !errors.Is(err, cols.waitErr) {
			t.Errorf("a wait that fails: %v", err)
		}
	})
}

func TestMatrixWaitsForEverWhenToldTo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, _, cols := newFakeMatrix(func([]*fakePin) {})
		start := time.Now()
		time.AfterFunc(1000*time.Hour, cols.edge)
		if moved, err := m.Wait(0); !moved || err != nil || time.Since(start) != 1000*time.Hour {
			t.Errorf("%v, %v after %v", moved, err, time.Since(start))
		}
	})
}

func TestMatrixForgetsQueuedEdgesAndThoseOnlyInBoundedTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, _, cols := newFakeMatrix(func([]*fakePin) {})
		for range 10 {
			cols.edge()
		}
		m.Drain()
		if moved, err := m.Wait(time.Millisecond); moved || err != nil {
			t.Errorf("after Drain: %v, %v", moved, err)
		}
		start, stop := time.Now(), make(chan struct{})
		noise := time.NewTicker(drained / 2)
		go func() {
			defer noise.Stop()
			for {
				select {
				case <-noise.C:
					cols.edge()
				case <-stop:
					return
				}
			}
		}()
		m.Drain()
		if d := time.Since(start); d > 100*time.Millisecond {
			t.Errorf("draining a column that never rests took %v", d)
		}
		close(stop)
	})
}

func TestMatrixCloseEndsAWaitAndAllUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, _, cols := newFakeMatrix(func([]*fakePin) {})
		cols.waitErr = os.ErrDeadlineExceeded
		ended := make(chan error)
		go func() {
			_, err := m.Wait(0)
			ended <- err
		}()
		synctest.Wait()
		go m.Close()
		if err := <-ended; !errors.Is(err, os.ErrClosed) {
			t.Errorf("Wait ended with %v", err)
		}
		m.Close()
		_, errWait := m.Wait(0)
		_, errCols := m.Columns()
		for _, err := range []error{errWait, errCols, m.Rest(), m.Drive(0)} {
			if !errors.Is(err, os.ErrClosed) {
				t.Errorf("after Close: %v", err)
			}
		}
		m.Drain()
	})
}

func TestGateHaltsUntilWhoeverIsInsideHasLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, halts := newGate(), 0
		if err := g.enter(); err != nil {
			t.Fatal(err)
		}
		g.close(func() error {
			if halts++; halts == 3 { // those before came too early for its wait
				g.leave()
			}
			return nil
		})
		if err := g.enter(); !errors.Is(err, os.ErrClosed) || halts != 3 {
			t.Errorf("enter: %v, after %d halts", err, halts)
		}
	})
}

func TestPauseLastsAsLongAsAsked(t *testing.T) {
	for _, d := range []time.Duration{0, 20 * time.Microsecond, time.Millisecond} {
		start := monotonic()
		pause(d)
		if got := monotonic() - start; got < d {
			t.Errorf("pause(%v) took %v", d, got)
		}
	}
}
