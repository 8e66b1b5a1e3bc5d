package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// tape keeps what the kernel recorded of starts and of the strike's line.
type tape struct {
	dir string
	h   header

	mu    sync.Mutex
	marks []mark // since the last forget
}

// mark is something that happened, at CLOCK_MONOTONIC, ns.
type mark struct {
	at   int64
	exec string // this file was executed; else the strike's line was driven
}

func startTape(h header) (*tape, error) {
	if err := h.record("side", h.only(strikeLine)); err != nil {
		return nil, err
	}
	t := &tape{dir: filepath.Join(tracefs, "instances/side"), h: h}
	if err := os.WriteFile(filepath.Join(t.dir, "events/sched/sched_process_exec/enable"), []byte("1"), 0o644); err != nil {
		return nil, err
	}
	f, err := os.Open(filepath.Join(t.dir, "trace_pipe"))
	if err != nil {
		return nil, err
	}
	go func() {
		for lines := bufio.NewScanner(f); lines.Scan(); {
			t.see(lines.Text())
		}
	}()
	return t, nil
}

// schedule has the kernel record, in a buffer that nobody reads meanwhile, every switch of the processor from one program to
// another, until the function that it returns is called, which returns how long a program's threads ran between two times.
func (t *tape) schedule() (ran func(program string, meanwhile opening) (time.Duration, error), err error) {
	dir := filepath.Join(tracefs, "instances/switches")
	set := func(file, value string) error { return os.WriteFile(filepath.Join(dir, file), []byte(value), 0o644) }
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	if err := firstError(
		func() error { return set("trace_clock", "mono") },
		func() error { return set("buffer_size_kb", "8192") },
		func() error { return set("trace", "") },
		func() error { return set("events/sched/sched_switch/enable", "1") }); err != nil {
		return nil, err
	}
	return func(program string, meanwhile opening) (time.Duration, error) {
		if err := set("events/sched/sched_switch/enable", "0"); err != nil {
			return 0, err
		}
		text, err := os.ReadFile(filepath.Join(dir, "trace"))
		return ranFor(string(text), program, meanwhile), err
	}, nil
}

func ranFor(trace, program string, meanwhile opening) (sum time.Duration) {
	on, running := meanwhile.from, false
	for line := range strings.Lines(trace) {
		at, event, ok := parseEvent(line)
		if !ok {
			continue
		}
		at = min(max(at, meanwhile.from), meanwhile.to)
		if running {
			sum += time.Duration(at - on)
		}
		on, running = at, word(event, "next_comm=") == program
	}
	return sum
}

// see takes lines of the trace such as
//
//	latchd-71 [000] ..... 12.345678: sched_process_exec: filename=/usr/bin/latchd pid=71 old_pid=71
func (t *tape) see(line string) {
	m := mark{}
	if move, ok := t.h.parseMove(line); ok {
		if move.direction {
			return
		}
		m.at = move.at
	} else {
		at, event, ok := parseEvent(line)
		if !ok {
			return
		}
		m = mark{at: at, exec: word(event, "filename=")}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.marks = append(t.marks, m)
}

// parseEvent returns when an event of the trace was, and its text from its name on.
func parseEvent(line string) (at int64, event string, ok bool) {
	i := strings.Index(line, ": sched_")
	if i < 0 {
		return 0, "", false
	}
	stamp := line[strings.LastIndexByte(line[:i], ' ')+1 : i]
	seconds, micros, _ := strings.Cut(stamp, ".")
	s, err1 := strconv.ParseInt(seconds, 10, 64)
	us, err2 := strconv.ParseInt(micros, 10, 64)
	return s*1e9 + us*1e3, line[i+2:], err1 == nil && err2 == nil
}

// word returns what follows a name such as "filename=" up to the next space.
func word(text, name string) string {
	_, rest, _ := strings.Cut(text, name)
	rest, _, _ = strings.Cut(rest, " ")
	return rest
}

func (t *tape) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.marks = nil
}

// locked returns the time from the last execution of the file to the first level of the strike's line after it.
func (t *tape) locked(file string) (time.Duration, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	last := -1
	for i, m := range t.marks {
		if m.exec == file {
			last = i
		}
	}
	if last >= 0 {
		for _, m := range t.marks[last:] {
			if m.exec == "" {
				return time.Duration(m.at - t.marks[last].at), nil
			}
		}
	}
	return 0, fmt.Errorf("no execution of %s with a level of the strike's line after it", file)
}
