package main

import (
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"syscall"
	"time"

	"latchd/configs"
)

// panicker is a door whose keypad panics with a digit in hand while the strike is open. Run by testdata/script/panic.txtar.
func panicker() {
	h := openDoor()
	h.job("keypad", func() error { dropped('7'); return nil })
	h.jobs.Wait()
}

// signalled is a door that is sent each of the signals that would show a digit, one a run, while the strike is open.
func signalled() {
	h := openDoor()
	defer h.endOn(traced...)()
	n, err := strconv.Atoi(os.Args[2])
	if err != nil {
		panic(err)
	}
	h.job("keypad", func() error { held('7', traced[n].(syscall.Signal)); return nil })
	h.jobs.Wait()
}

//go:noinline
func held(digit rune, sig syscall.Signal) {
	syscall.Kill(os.Getpid(), sig)
	<-time.After(30 * time.Second)
	fmt.Println("the program outlived the signal with", digit)
}

// openDoor opens the strike of the door in the file that is named, and prints its level, again at each line of the log.
func openDoor() *house {
	cfg, err := configs.Load(os.Args[1])
	if err != nil {
		panic(err)
	}
	h, err := openHouse(cfg, houseOptions{log: slog.New(slog.NewTextHandler(os.Stdout, nil)), secrets: configs.SystemSecrets()})
	if err != nil {
		panic(err)
	}
	if err := h.board.Strike.Open(10 * time.Second); err != nil {
		panic(err)
	}
	level := func() { l, _ := h.sim.Line("GPIO17"); fmt.Println("the strike's line is", l) }
	level()
	h.log = slog.New(slog.NewTextHandler(writer(func(p []byte) { level(); os.Stdout.Write(p) }), nil))
	return h
}

//go:noinline
func dropped(digit rune) { panic("a key fell off") }

type writer func([]byte)

func (w writer) Write(p []byte) (int, error) { w(p); return len(p), nil }
