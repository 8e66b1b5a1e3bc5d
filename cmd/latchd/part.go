package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"

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
	h.end("panic: the strike is locked and the program ends", "part", part, "panic", p, "at", trace())
}

func (h *house) end(msg string, args ...any) {
	h.log.Error(msg, args...)
	if h.flush != nil {
		h.flush()
	}
	os.Exit(exitFailed)
}

// traced are the signals at which Go prints all stacks with their arguments, whatever GOTRACEBACK says
// (https://pkg.go.dev/os/signal#hdr-Default_behavior_of_signals_in_Go_programs).
var traced = []os.Signal{syscall.SIGQUIT, syscall.SIGABRT, syscall.SIGILL, syscall.SIGTRAP, syscall.SIGBUS, syscall.SIGFPE,
	syscall.SIGSEGV, syscall.SIGSYS}

// endOn ends the program without a trace when someone sends it one of these signals, until the function that it returns
// is called.
func (h *house) endOn(sigs ...os.Signal) (stop func()) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, sigs...)
	go func() {
		if sig, ok := <-c; ok {
			h.board.Strike.Lock()
			h.end("a signal: the strike is locked and the program ends", "signal", sig.String())
		}
	}()
	return func() { signal.Stop(c); close(c) }
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
