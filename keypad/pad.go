package keypad

import (
	"fmt"
	"time"
	"unicode/utf8"
)

// Pad is what Run needs of a matrix. Its methods are called by one goroutine at a time.
type Pad interface {
	// Rest drives every row low, so that any key pulls its column low.
	Rest() error
	// Drive drives this row low and no other row at all, and returns after the settle time.
	Drive(row int) error
	// Columns reads all columns in one call. Bit c is set when column c is low.
	Columns() (uint32, error)
	// Wait returns true at an edge on a column, false when the time is over; 0 waits for ever. It fails after Close.
	Wait(timeout time.Duration) (bool, error)
	// Drain throws away the edges that are queued.
	Drain()
}

// Options describe a pad.
type Options struct {
	Keys       []string // one string a row, one rune a column
	Rows, Cols []string // the names of the lines, for people
	// Debounce is how long scans must agree before a contact counts as closed or open; 0: 15 ms. It is measured from
	// the first scan, which follows the edge at once.
	Debounce time.Duration
}

func (o Options) check() error {
	if len(o.Keys) == 0 || len(o.Keys) != len(o.Rows) || len(o.Rows) > MaxRows || len(o.Cols) > MaxCols {
		return fmt.Errorf("keypad: %d rows of keys on %d row lines and %d column lines: want as many rows as lines, %d rows "+
			"and %d columns at the most", len(o.Keys), len(o.Rows), len(o.Cols), MaxRows, MaxCols)
	}
	for i, keys := range o.Keys {
		if n := utf8.RuneCountInString(keys); n != len(o.Cols) {
			return fmt.Errorf("keypad: %d keys in row %s: want %d, one a column", n, o.Rows[i], len(o.Cols))
		}
	}
	if o.Debounce < 0 {
		return fmt.Errorf("keypad: debounce %v: want 0 or more", o.Debounce)
	}
	return nil
}
