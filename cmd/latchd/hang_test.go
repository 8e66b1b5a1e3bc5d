package main

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"latchd/board/sim"
	"latchd/configs"
	"latchd/lock"
)

func TestALoopThatHangsInMidPulseHoldsNeitherTheStrikeOpenNorTheDoorOnline(t *testing.T) {
	r := newRig(t)
	r.startBroker()
	cfg, err := configs.Load(r.config)
	if err != nil {
		t.Fatal(err)
	}
	hangs, goOn := make(chan struct{}), make(chan struct{})
	h, err := openHouse(cfg, houseOptions{log: slog.New(slog.NewTextHandler(&r.stderr, nil)), secrets: demoSecrets(),
		show: func(s lock.Status) {
			if s.Strike == lock.Unlocked {
				close(hangs)
				<-goOn
			}
		}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	strike := h.sim.Watch(ctx, "GPIO17")
	ended := make(chan error, 1)
	go func() { ended <- h.run(ctx) }()
	r.await("availability", "online")
	h.post(lock.Level{Sensor: lock.Exit, Active: true})
	var opened, locked sim.Change
	for ; !opened.Level; opened = <-strike {
		if ctx.Err() != nil {
			t.Fatal("the strike did not open")
		}
	}
	<-hangs
	if locked = <-strike; locked.Level || locked.Line != "GPIO17" {
		t.Error("the strike did not lock while the loop hung")
	}
	if took := locked.At.Sub(opened.At); took < 500*time.Millisecond || took > 5*time.Second {
		t.Errorf("the strike was open for %v, want 0.5 s", took)
	}
	r.await("availability", "offline")
	close(goOn)
	r.await("availability", "online")
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
