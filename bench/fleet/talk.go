package main

import (
	"encoding/json"
	"io"
	"time"

	"golang.org/x/sys/unix"
)

// order is what a process of doors is asked: to let visitors come at a rate, all its doors together; to say how it is; and, by the
// end of its input, to end.
type order struct {
	Rate float64 // visitors a second
	Look bool
}

// word is what the process of doors says: that all doors stand, that a strike was opened, or how it is.
type word struct {
	Up     bool    `json:",omitempty"`
	Door   int     `json:",omitempty"`
	Opened int64   `json:",omitempty"` // when, as now tells
	Report *report `json:",omitempty"`
}

// report is how a process of doors is.
type report struct {
	In, Out uint64             // bytes on its connections so far
	Dials   map[int64]attempts // since the last report, by tick
	Doors   []truth
	Trouble []string // of visits, since the last report
	Active  int      // visits that are not over, or wait for their turn
}

// attempts are what came of dialling within one tick.
type attempts struct{ Made, Failed int }

// truth is what a door should have told.
type truth struct {
	Seq             uint64
	Strike, Contact string
}

// tick is the unit in which attempts to connect are counted.
const tick = 100 * time.Millisecond

// now reads a clock that all processes of this machine share, and that nobody sets.
func now() int64 {
	var ts unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts) // cannot fail on Linux
	return ts.Nano()
}

// read reads orders until they end.
func read(from io.Reader) <-chan order {
	orders := make(chan order)
	go func() {
		defer close(orders)
		for d := json.NewDecoder(from); ; {
			var o order
			if d.Decode(&o) != nil {
				return
			}
			orders <- o
		}
	}()
	return orders
}
