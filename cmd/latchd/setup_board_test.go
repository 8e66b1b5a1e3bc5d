package main

import (
	"context"
	"io"
	"strings"
	"testing"

	"latchd/configs"
)

func TestASimulatedBoardHasAllThatCanBeAskedFor(t *testing.T) {
	for name, c := range map[string]struct {
		was     func(c *configs.Config)
		missing string
	}{
		"a new door":                     {func(*configs.Config) {}, ""},
		"with a line that the demo uses": {func(c *configs.Config) { c.Strike.Line = "GPIO22" }, "exit"},
		"with a part of its own":         {func(c *configs.Config) { c.Exit.Line = "GPIO24" }, "tamper"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := configs.Default()
			c.was(&cfg)
			s := &installer{flags: newSetup().Flags(), yes: true, was: cfg, cfg: cfg}
			if err := s.simBoard(t.Context()); err != nil {
				t.Fatal(err)
			}
			for part, err := range map[string]error{
				"bell": s.sim.Bell(t.Context(), 1), "exit": s.sim.Exit(t.Context(), 1), "contact": s.sim.Door(true), "tamper": s.sim.Tamper(true),
			} {
				if missing := err != nil && strings.Contains(err.Error(), "none is wired"); missing != (part == c.missing) {
					t.Errorf("%s: %v", part, err)
				}
			}
		})
	}
}

func TestEnterWhereThereIsNoChipEndsInTheEnd(t *testing.T) {
	ctx, giveUp := context.WithTimeout(t.Context(), patience)
	defer giveUp()
	s := &installer{flags: newSetup().Flags(), lines: readLines(ctx, strings.NewReader(strings.Repeat("\n", 100))), out: io.Discard, cfg: configs.Default()}
	s.cfg.Board.Chip = "no-such-chip"
	err := s.linuxBoard(ctx)
	if err == nil || !strings.Contains(err.Error(), "--driver sim") {
		t.Errorf("it ends with %v", err)
	}
}
