package main

import (
	"errors"
	"fmt"
	"time"

	"latchd/bench/door"
	"latchd/bench/page"
	"latchd/bench/proc"
)

// latencies rings, reads the text and types the code, again and again.
func (s *scene) latencies() ([]page.Row, error) {
	d, _, err := s.start()
	if err != nil {
		return nil, err
	}
	defer d.Kill()
	d.Watch()
	time.Sleep(time.Second)
	var keyToStrike, bellToRequest []time.Duration
	for range *rings {
		rung := time.Now()
		if err := d.Fingers("bell", "100ms"); err != nil {
			return nil, err
		}
		text, err := within(s.texts, "no text came")
		if err != nil {
			return nil, err
		}
		pressed, err := d.Next(door.BellLine, 0, rung)
		if err != nil {
			return nil, err
		}
		asked, err := within(s.requests, "no request came")
		if err != nil {
			return nil, err
		}
		bellToRequest = append(bellToRequest, asked.Sub(pressed))
		if err := d.Fingers("press", door.Code(text.Body)); err != nil {
			return nil, err
		}
		time.Sleep(200 * time.Millisecond) // so that the edges of the digits are over
		took, err := d.Enter()
		if err != nil {
			return nil, err
		}
		keyToStrike = append(keyToStrike, took-door.Debounce)
	}
	return []page.Row{
		{"last key edge to strike edge, less the debounce of 15 ms", page.Spread(keyToStrike), "under 1 ms"},
		{"bell edge to the request's first byte at the API", page.Spread(bellToRequest), "under 3 ms"},
	}, d.Stop()
}

// within takes what comes, or says that it did not.
func within[T any](c <-chan T, problem string) (v T, err error) {
	select {
	case v = <-c:
		return v, nil
	case <-time.After(door.Patience):
		return v, errors.New(problem)
	}
}

// starts starts the daemon again and again.
func (s *scene) starts() ([]page.Row, error) {
	var locked, ready []time.Duration
	for range *starts {
		d, took, err := s.start()
		if err != nil {
			return nil, err
		}
		locked, ready = append(locked, took), append(ready, d.Ready)
		if err := d.Stop(); err != nil {
			return nil, err
		}
	}
	return []page.Row{
		{"exec to strike locked", page.Spread(locked), "under 20 ms"},
		{"exec to ready", page.Spread(ready), "under 150 ms"},
	}, nil
}

// rest leaves the daemon alone, with the broker connected.
func (s *scene) rest() ([]page.Row, error) {
	d, _, err := s.start()
	if err != nil {
		return nil, err
	}
	defer d.Kill()
	time.Sleep(40 * time.Second) // until what a start does is over, in Go's runtime, too
	switches, err := proc.Switches(d.PID(), time.Duration(*seconds)*time.Second)
	if err != nil {
		return nil, err
	}
	rss, err := proc.Resident(d.PID())
	if err != nil {
		return nil, err
	}
	return []page.Row{
		{fmt.Sprintf("context switches at rest, broker connected, over %d s", *seconds), fmt.Sprintf("%.2f/s", switches), "under 1/s"},
		{"resident memory at rest", fmt.Sprintf("%.1f MB", rss/1e6), "–"},
	}, d.Stop()
}
