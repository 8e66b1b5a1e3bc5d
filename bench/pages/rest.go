package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"latchd/bench/page"
)

// rest measures what the pages cost a door that nobody comes to, and what open streams do. later says what is left of
// their memory when it is called, and ends the door; Go gives memory back in minutes.
func rest(dir, exe string) (rows []page.Row, later func() (page.Row, error), err error) {
	d, err := newDoor(dir, exe)
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			d.end()
		}
	}()
	time.Sleep(time.Duration(*settle) * time.Second) // until what a start does is over, in Go's runtime, too
	alone, err1 := d.switches()
	base, err2 := d.resident()
	panel, err3 := http.Get("http://" + d.at + "/panel/stream")
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, nil, err
	}
	one, err := d.switches()
	panel.Body.Close()
	if err != nil {
		return nil, nil, err
	}
	l, err := d.load("streams")
	if err != nil {
		return nil, nil, err
	}
	time.Sleep(5 * time.Second)
	full, err := d.resident()
	l.end()
	gone := time.Now()
	mb := func(n int) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }
	rows = []page.Row{
		{fmt.Sprintf("context switches at rest, nobody looking, over %d s", *seconds), fmt.Sprintf("%.2f/s", alone), "under 1/s"},
		{"… with one panel open", fmt.Sprintf("%.2f/s", one), "–"},
		{"resident memory at rest, nobody looking", mb(base), "–"},
		{fmt.Sprintf("… with %d streams open", streams), mb(full), "–"},
	}
	return rows, func() (page.Row, error) {
		left, err := d.resident()
		took := time.Since(gone).Minutes()
		return page.Row{fmt.Sprintf("… %.0f min after they have gone", took), mb(left), "as at rest, by a third at the most"}, errors.Join(err, d.end())
	}, err
}

// switches counts context switches of all the door's threads, a second.
func (d *door) switches() (float64, error) {
	count := func() (n int, err error) {
		tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", d.cmd.Process.Pid))
		if err != nil || len(tasks) == 0 {
			return 0, errors.Join(err, errors.New("the door is gone"))
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
	before, err1 := count()
	time.Sleep(time.Duration(*seconds) * time.Second)
	after, err2 := count()
	return float64(after-before) / float64(*seconds), errors.Join(err1, err2)
}

// resident is the door's memory in bytes.
func (d *door) resident() (int, error) {
	kb, err := status(fmt.Sprintf("/proc/%d/status", d.cmd.Process.Pid), "VmRSS")
	return kb * 1024, err
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
