package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// usage is what a process has used so far, and holds.
type usage struct {
	cpu         float64 // seconds
	resident    float64 // bytes
	descriptors int
	written     float64 // bytes, to the disk
}

func (u usage) plus(v usage) usage {
	return usage{u.cpu + v.cpu, u.resident + v.resident, u.descriptors + v.descriptors, u.written + v.written}
}

// clockTicks is USER_HZ, the unit of times in /proc: 100 on every architecture of Linux that Go knows.
const clockTicks = 100

// use reads what the processes use together.
func use(pids ...int) (all usage, err error) {
	for _, pid := range pids {
		u, err := useOf(pid)
		if err != nil {
			return usage{}, fmt.Errorf("read what process %d uses: %w", pid, err)
		}
		all = all.plus(u)
	}
	return all, nil
}

func useOf(pid int) (u usage, err error) {
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
		u.cpu += v / clockTicks
	}
	pages, err := strconv.ParseFloat(f[24-3], 64)
	if err != nil {
		return u, err
	}
	u.resident = pages * float64(os.Getpagesize())
	open, err := os.ReadDir(at + "fd")
	if err != nil {
		return u, err
	}
	u.descriptors = len(open)
	io, err := os.ReadFile(at + "io")
	if err != nil {
		return u, err
	}
	_, written, _ := strings.Cut(string(io), "\nwrite_bytes: ")
	written, _, _ = strings.Cut(written, "\n")
	u.written, err = strconv.ParseFloat(written, 64)
	return u, err
}

// idle returns the seconds for which this machine's processors had nothing to do, all of them together.
func idle() float64 {
	b, _ := os.ReadFile("/proc/stat")
	f := strings.Fields(strings.SplitN(string(b), "\n", 2)[0])
	if len(f) < 6 {
		return 0
	}
	v, _ := strconv.ParseFloat(f[4], 64)
	w, _ := strconv.ParseFloat(f[5], 64) // waiting for a disk
	return (v + w) / clockTicks
}
