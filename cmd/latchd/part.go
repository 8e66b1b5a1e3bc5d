package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"

	"latchd/lock"
)

// job starts a part of the house that runs until its context ends.
func (h *house) job(name string, f func() error) { h.jobs.Go(func() { h.part(name, f) }) }

// part runs f. That it ends with an error is a fault; that it panics, the end, with the strike locked first.
func (h *house) part(name string, f func() error) {
	defer func() {
		if p := recover(); p != nil {
			h.die(name, p)
		}
	}()
	if err := f(); err != nil && !errors.Is(err, context.Canceled) {
		h.log.Error("a part of the door has ended", "part", name, "error", err)
		h.post(lock.Fault{Part: name, Standing: true, Detail: err.Error(), Hint: "restart latchd"})
	}
}

// die ends the program after a panic. It says where without the arguments that Go's own trace would show: one of them may
// be a digit.
func (h *house) die(part string, p any) {
	h.board.Strike.Lock()
	h.log.Error("panic: the strike is locked and the program ends", "part", part, "panic", p, "at", trace())
	if h.flush != nil {
		h.flush()
	}
	os.Exit(exitFailed)
}

// trace is the stack as names of functions and lines.
func trace() string {
	pcs := make([]uintptr, 32)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	var b strings.Builder
	for {
		f, more := frames.Next()
		fmt.Fprintf(&b, "%s:%d ", f.Function, f.Line)
		if !more {
			return b.String()
		}
	}
}
