package main

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"latchd/bench/page"
	"latchd/bench/proc"
)

// rest measures what the pages cost a door that nobody comes to, and what open streams do. later says what is left of
// their memory when it is called, and ends the door; Go gives memory back in minutes.
func rest(dir, exe string) (rows []page.Row, later func() (page.Row, error), err error) {
	d, err := newHouse(dir, exe)
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			d.end()
		}
	}()
	time.Sleep(time.Duration(*settle) * time.Second) // until what a start does is over, in Go's runtime, too
	over := time.Duration(*seconds) * time.Second
	alone, err1 := proc.Switches(d.PID(), over)
	base, err2 := proc.Resident(d.PID())
	panel, err3 := http.Get("http://" + d.at + "/panel/stream")
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, nil, err
	}
	one, err := proc.Switches(d.PID(), over)
	panel.Body.Close()
	if err != nil {
		return nil, nil, err
	}
	l, err := d.load("streams")
	if err != nil {
		return nil, nil, err
	}
	time.Sleep(5 * time.Second)
	full, err := proc.Resident(d.PID())
	l.end()
	gone := time.Now()
	mb := func(n float64) string { return fmt.Sprintf("%.1f MB", n/1e6) }
	rows = []page.Row{
		{fmt.Sprintf("context switches at rest, nobody looking, over %d s", *seconds), fmt.Sprintf("%.2f/s", alone), "under 1/s"},
		{"… with one panel open", fmt.Sprintf("%.2f/s", one), "–"},
		{"resident memory at rest, nobody looking", mb(base), "–"},
		{fmt.Sprintf("… with %d streams open", streams), mb(full), "–"},
	}
	return rows, func() (page.Row, error) {
		left, err := proc.Resident(d.PID())
		took := time.Since(gone).Minutes()
		return page.Row{fmt.Sprintf("… %.0f min after they have gone", took), mb(left), "as at rest, by a third at the most"}, errors.Join(err, d.end())
	}, err
}
