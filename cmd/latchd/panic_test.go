package main

import (
	"fmt"
	"log/slog"
	"os"
	"time"

	"latchd/configs"
)

// panicker is a door whose keypad panics with a digit in hand while the strike is open. Run by testdata/script/panic.txtar.
func panicker() {
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
	h.job("keypad", func() error { dropped('7'); return nil })
	h.jobs.Wait()
}

//go:noinline
func dropped(digit rune) { panic("a key fell off") }

type writer func([]byte)

func (w writer) Write(p []byte) (int, error) { w(p); return len(p), nil }
