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

// comeBack is how long memory may take to be given back: Go collects at least every two minutes.
const comeBack = 5 * time.Minute

// rest measures what the pages cost a door that nobody comes to.
func rest(dir, exe string) (rows []page.Row, err error) {
	d, err := newDoor(dir, exe)
	if err != nil {
		return nil, err
	}
	defer d.end()
	time.Sleep(time.Duration(*settle) * time.Second) // until what a start does is over, in Go's runtime, too
	alone, err1 := d.switches()
	base, err2 := d.resident()
	panel, err3 := http.Get("http://" + d.at + "/panel/stream")
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	one, err := d.switches()
	panel.Body.Close()
	if err != nil {
		return nil, err
	}
	l, err := d.load("streams")
	if err != nil {
		return nil, err
	}
	defer l.end()
	time.Sleep(time.Duration(*seconds) * time.Second)
	full, err := d.resident()
	if err != nil {
		return nil, err
	}
	l.end()
	left, took := full, time.Duration(0)
	for gone := time.Now(); took < comeBack && left > base*5/4; took = time.Since(gone) {
		time.Sleep(time.Second)
		if left, err = d.resident(); err != nil {
			return nil, err
		}
	}
	mb := func(n int) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }
	return []page.Row{
		{fmt.Sprintf("context switches at rest, nobody looking, over %d s", *seconds), fmt.Sprintf("%.2f/s", alone), "under 1/s"},
		{"… with one panel open", fmt.Sprintf("%.2f/s", one), "–"},
		{"resident memory at rest, nobody looking", mb(base), "–"},
		{fmt.Sprintf("… with %d streams open", streams), mb(full), "–"},
		{fmt.Sprintf("… %.0f s after they have gone", took.Seconds()), mb(left), "back within a quarter of that at rest, in 5 min"},
	}, nil
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
