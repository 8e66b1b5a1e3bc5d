// Package proc reads what processes use, from /proc (proc(5)).
package proc

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Usage is what a process has used so far, and holds.
type Usage struct {
	CPU         float64 // seconds
	Resident    float64 // bytes
	Descriptors int
	Written     float64 // bytes, to the disk
}

func (u Usage) plus(v Usage) Usage {
	return Usage{u.CPU + v.CPU, u.Resident + v.Resident, u.Descriptors + v.Descriptors, u.Written + v.Written}
}

// clockTicks is USER_HZ, the unit of times in /proc: 100 on every architecture of Linux that Go knows.
const clockTicks = 100

// Use reads what the processes use together.
func Use(pids ...int) (all Usage, err error) {
	for _, pid := range pids {
		u, err := useOf(pid)
		if err != nil {
			return Usage{}, fmt.Errorf("read what process %d uses: %w", pid, err)
		}
		all = all.plus(u)
	}
	return all, nil
}

func useOf(pid int) (u Usage, err error) {
	at := fmt.Sprintf("/proc/%d/", pid)
	stat, err := os.ReadFile(at + "stat")
	if err != nil {
		return u, err
	}
	f := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:])) // from the third field on, proc_pid_stat(5)
	for _, i := range []int{14, 15} {
		v, err := strconv.ParseFloat(f[i-3], 64)
		if err != nil {
			return u, err
		}
		u.CPU += v / clockTicks
	}
	if u.Resident, err = Resident(pid); err != nil {
		return u, err
	}
	open, err := os.ReadDir(at + "fd")
	if err != nil {
		return u, err
	}
	u.Descriptors = len(open)
	io, err := os.ReadFile(at + "io")
	if err != nil {
		return u, err
	}
	_, written, _ := strings.Cut(string(io), "\nwrite_bytes: ")
	written, _, _ = strings.Cut(written, "\n")
	u.Written, err = strconv.ParseFloat(written, 64)
	return u, err
}

// Resident returns the memory of a process, in bytes. The counts of stat, unlike those of statm, may lag behind by what each
// processor has not added yet.
func Resident(pid int) (float64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, err
	}
	var size, pages float64
	_, err = fmt.Sscan(string(b), &size, &pages)
	return pages * float64(os.Getpagesize()), err
}

// Switches watches a process for a while, and returns the context switches of all its threads, a second.
func Switches(pid int, span time.Duration) (float64, error) {
	before, err := switches(pid)
	if err != nil {
		return 0, err
	}
	time.Sleep(span)
	after, err := switches(pid)
	return float64(after-before) / span.Seconds(), err
}

func switches(pid int) (n int, err error) {
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	if err != nil || len(tasks) == 0 {
		return 0, errors.Join(err, fmt.Errorf("process %d is gone", pid))
	}
	for _, t := range tasks {
		b, err := os.ReadFile(t)
		if err != nil {
			return 0, err
		}
		for line := range strings.Lines(string(b)) {
			key, value, _ := strings.Cut(line, ":")
			if !strings.HasSuffix(key, "voluntary_ctxt_switches") { // nonvoluntary ones, too
				continue
			}
			v, err := strconv.Atoi(strings.TrimSpace(value))
			if err != nil {
				return 0, err
			}
			n += v
		}
	}
	return n, nil
}

// Idle returns the seconds for which this machine's processors had nothing to do, all of them together.
func Idle() float64 {
	b, _ := os.ReadFile("/proc/stat")
	f := strings.Fields(strings.SplitN(string(b), "\n", 2)[0])
	if len(f) < 6 {
		return 0
	}
	v, _ := strconv.ParseFloat(f[4], 64)
	w, _ := strconv.ParseFloat(f[5], 64) // waiting for a disk
	return (v + w) / clockTicks
}
