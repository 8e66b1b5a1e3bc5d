package main

import (
	"errors"
	"slices"
	"strings"

	"latchd/board"
	"latchd/configs"
	"latchd/wiring"
)

// lines looks whether the board's lines are there, free and the service's to take.
func (r *report) lines(cfg *configs.Config) {
	if cfg.Board.Driver == "sim" {
		r.ok("board: simulated, every line is there")
		return
	}
	for _, w := range wireWarnings(plan(cfg)) {
		r.warn("wiring: %s", w)
	}
	names := slices.Concat([]string{cfg.Strike.Line}, cfg.Keypad.Rows, cfg.Keypad.Cols)
	for _, name := range []string{cfg.Bell.Line, cfg.Exit.Line, cfg.Contact.Line, cfg.Tamper.Line, cfg.Feedback.Green,
		cfg.Feedback.Red, cfg.Feedback.Buzzer} {
		if name != "" {
			names = append(names, name)
		}
	}
	chip, faults, err := board.Survey(cfg.Board.Chip, names)
	if err != nil {
		r.fail("board: %v", err)
		return
	}
	own, bad := 0, 0
	for _, fault := range faults {
		switch {
		case fault == nil:
		case errors.Is(fault, board.ErrBusy) && strings.Contains(fault.Error(), `held by "latchd`):
			own++
		default:
			bad++
			r.fail("board: %v", fault)
		}
	}
	switch {
	case own > 0:
		r.warn("board: a running latchd holds %d of the %d lines on %s: stop it to see whether others want them", own, len(names), chip)
	case bad == 0:
		r.ok("board: all %d lines are on %s and free", len(names), chip)
	}
	name, _, _ := strings.Cut(chip, " ")
	r.drives("/dev/" + name)
}

// wireWarnings is what latchd wiring warns of, less what it says of every door, and less a strike that moves at power-on,
// of which the configuration's own warnings tell.
func wireWarnings(p wiring.Plan) []string {
	line := "GPIO17"
	if p.Strike.ActiveLow {
		line = "GPIO4"
	}
	always := wiring.Plan{Strike: wiring.Output{Line: line, ActiveLow: p.Strike.ActiveLow}}.Warnings()
	return slices.DeleteFunc(p.Warnings(), func(w string) bool {
		return slices.Contains(always, w) || strings.Contains(w, " at power-on")
	})
}
