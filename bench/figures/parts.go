package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"latchd/bench/page"
)

// The lines of the default wiring that the figures look at.
const (
	strikeLine = "GPIO17"
	bellLine   = "GPIO26"
	enterLine  = "GPIO21" // the column of #
	debounce   = 15 * time.Millisecond
)

var code = regexp.MustCompile(`\d{6}`)

// latencies rings, reads the text and types the code, again and again.
func (s *scene) latencies() ([]page.Row, error) {
	d, err := s.start()
	if err != nil {
		return nil, err
	}
	defer d.kill()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	edges := s.watch(ctx)
	if err := s.fingers(ctx, "line", strikeLine); err != nil { // the watch is open, too
		return nil, err
	}
	time.Sleep(time.Second)
	var keyToStrike, bellToRequest []time.Duration
	for range *rings {
		if err := s.fingers(ctx, "bell", "100ms"); err != nil {
			return nil, err
		}
		text, err := within(s.texts, "no text came")
		if err != nil {
			return nil, err
		}
		pressed, err := next(edges, bellLine, 0)
		if err != nil {
			return nil, err
		}
		asked, err := within(s.requests, "no request came")
		if err != nil {
			return nil, err
		}
		bellToRequest = append(bellToRequest, asked.Sub(pressed))
		if err := s.fingers(ctx, "press", code.FindString(text.Body)); err != nil {
			return nil, err
		}
		time.Sleep(200 * time.Millisecond) // so that the edges of the digits are over
		for len(edges) > 0 {
			<-edges
		}
		if err := s.fingers(ctx, "press", "#"); err != nil {
			return nil, err
		}
		down, err := next(edges, enterLine, 0)
		if err != nil {
			return nil, err
		}
		open, err := next(edges, strikeLine, 1)
		if err != nil {
			return nil, err
		}
		keyToStrike = append(keyToStrike, open.Sub(down)-debounce)
		if _, err := next(edges, strikeLine, 0); err != nil {
			return nil, err
		}
	}
	return []page.Row{
		{"last key edge to strike edge, less the debounce of 15 ms", page.Spread(keyToStrike), "under 1 ms"},
		{"bell edge to the request's first byte at the API", page.Spread(bellToRequest), "under 3 ms"},
	}, d.stop()
}

// within takes what comes, or says that it did not.
func within[T any](c <-chan T, problem string) (v T, err error) {
	select {
	case v = <-c:
		return v, nil
	case <-time.After(20 * time.Second):
		return v, errors.New(problem)
	}
}

func next(edges <-chan edge, line string, level int) (time.Time, error) {
	timeout := time.After(20 * time.Second)
	for {
		select {
		case e := <-edges:
			if e.Line == line && e.Level == level {
				return e.At, nil
			}
		case <-timeout:
			return time.Time{}, fmt.Errorf("%s did not go to %d", line, level)
		}
	}
}

// starts starts the daemon again and again.
func (s *scene) starts() ([]page.Row, error) {
	var locked, ready []time.Duration
	for range *starts {
		d, err := s.start()
		if err != nil {
			return nil, err
		}
		locked, ready = append(locked, d.locked), append(ready, d.ready)
		if err := d.stop(); err != nil {
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
	d, err := s.start()
	if err != nil {
		return nil, err
	}
	defer d.kill()
	time.Sleep(40 * time.Second) // until what a start does is over, in Go's runtime, too
	before, err := switches(d.cmd.Process.Pid)
	if err != nil {
		return nil, err
	}
	time.Sleep(time.Duration(*seconds) * time.Second)
	after, err := switches(d.cmd.Process.Pid)
	if err != nil {
		return nil, err
	}
	rss, err := status(fmt.Sprintf("/proc/%d/status", d.cmd.Process.Pid), "VmRSS")
	if err != nil {
		return nil, err
	}
	return []page.Row{
		{fmt.Sprintf("context switches at rest, broker connected, over %d s", *seconds), fmt.Sprintf("%.2f/s", float64(after-before)/float64(*seconds)), "under 1/s"},
		{"resident memory at rest", fmt.Sprintf("%.1f MB", float64(rss)*1024/1e6), "–"},
	}, d.stop()
}

// switches counts the context switches of all threads of a process.
func switches(pid int) (n int, err error) {
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	if err != nil || len(tasks) == 0 {
		return 0, errors.Join(err, errors.New("the daemon is gone"))
	}
	for _, t := range tasks {
		for _, key := range []string{"voluntary_ctxt_switches", "nonvoluntary_ctxt_switches"} {
			v, err := status(t, key)
			if err != nil {
				return 0, err
			}
			n += v
		}
	}
	return n, nil
}

func status(file, key string) (int, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		if value, ok := strings.CutPrefix(line, key+":"); ok {
			return strconv.Atoi(strings.Fields(value)[0])
		}
	}
	return 0, fmt.Errorf("%s: no %s", file, key)
}
