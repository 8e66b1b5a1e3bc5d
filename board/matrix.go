package board

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
	"periph.io/x/conn/v3/gpio"
)

// Matrix is the rows and columns of a keypad. A row is driven low or let go, never driven high, so no two rows are ever
// driven at different levels, whatever keys join them. All methods but Close are for one goroutine. They report the
// line's error, and os.ErrClosed after Close.
type Matrix struct {
	gate   *gate
	rows   []gpio.PinIO
	low    []bool // rows that may be driven
	cols   gpio.Group
	mask   gpio.GPIOValue
	settle time.Duration
}

// NewMatrix takes rows as Lines.Row gives them and columns as Lines.Columns does, 32 at the most. settle is the time
// that the columns need to follow a change of the rows.
func NewMatrix(rows []gpio.PinIO, cols gpio.Group, settle time.Duration) *Matrix {
	low := make([]bool, len(rows))
	for i := range low {
		low[i] = true
	}
	return &Matrix{gate: newGate(), rows: rows, low: low, cols: cols, mask: 1<<len(cols.Pins()) - 1, settle: settle}
}

// Rest drives all rows low, so that any key that is pressed gives an edge on its column.
func (m *Matrix) Rest() error {
	if err := m.gate.enter(); err != nil {
		return err
	}
	defer m.gate.leave()
	for i := range m.rows {
		if err := m.drive(i); err != nil {
			return err
		}
	}
	pause(m.settle)
	return nil
}

// Drive drives one row low after letting go of all others, and returns when the columns have settled.
func (m *Matrix) Drive(row int) error {
	if err := m.gate.enter(); err != nil {
		return err
	}
	defer m.gate.leave()
	for i, r := range m.rows {
		if i == row || !m.low[i] {
			continue
		}
		if err := r.In(gpio.Float, gpio.NoEdge); err != nil {
			return fmt.Errorf("let go of row %s: %w", r.Name(), err)
		}
		m.low[i] = false
	}
	if err := m.drive(row); err != nil {
		return err
	}
	pause(m.settle)
	return nil
}

func (m *Matrix) drive(row int) error {
	m.low[row] = true // even when it fails: it must be let go before another is driven
	if err := m.rows[row].Out(gpio.Low); err != nil {
		return fmt.Errorf("drive row %s low: %w", m.rows[row].Name(), err)
	}
	return nil
}

// Columns reads all columns at one moment. Bit c is set when column c is low: a key joins it to a row that is driven.
func (m *Matrix) Columns() (uint32, error) {
	if err := m.gate.enter(); err != nil {
		return 0, err
	}
	defer m.gate.leave()
	v, err := m.cols.Read(m.mask)
	if err != nil {
		return 0, fmt.Errorf("read the columns: %w", err)
	}
	return uint32(^v & m.mask), nil
}

// Wait sleeps until a column changes and says so, or until the timeout; 0: for ever. An edge that the kernel had queued
// before counts as a change: Drain first, and read the columns after.
func (m *Matrix) Wait(timeout time.Duration) (bool, error) {
	if err := m.gate.enter(); err != nil {
		return false, err
	}
	defer m.gate.leave()
	for {
		moved, err := m.wait(timeout)
		if m.gate.shut.Load() {
			err = os.ErrClosed
		}
		if err != nil {
			return false, fmt.Errorf("wait for a column: %w", err)
		}
		if moved || timeout > 0 {
			return moved, nil
		}
	}
}

func (m *Matrix) wait(timeout time.Duration) (bool, error) {
	if timeout <= 0 {
		timeout = forever
	}
	_, edge, err := m.cols.WaitForEdge(timeout)
	if errors.Is(err, os.ErrDeadlineExceeded) { // how periph says both that time is up and that it was halted
		return false, nil
	}
	return edge != gpio.NoEdge, err
}

// Drain forgets the edges that have been queued so far. Those of a column that never rests are not waited for.
func (m *Matrix) Drain() {
	if m.gate.enter() != nil {
		return
	}
	defer m.gate.leave()
	for range queued * len(m.cols.Pins()) {
		if moved, err := m.wait(drained); !moved || err != nil {
			return
		}
	}
}

// queued is how many edges a line the kernel keeps at the least (gpio_v2_line_request.event_buffer_size).
const queued = 16

// Close ends a Wait that is under way and all use of the matrix. It does not release the lines.
func (m *Matrix) Close() { m.gate.close(m.cols.Halt) }

// pause waits for d. The runtime rounds a short sleep up to a millisecond, which would make a scan of four rows outlast
// the time between two scans, so a short one spins, by the kernel's clock: one that tests hold still would spin for ever.
func pause(d time.Duration) {
	if d >= 200*time.Microsecond {
		time.Sleep(d)
		return
	}
	for start := monotonic(); monotonic()-start < d; {
	}
}

func monotonic() time.Duration {
	var t unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &t) // fails only for a clock that does not exist
	return time.Duration(t.Nano())
}
