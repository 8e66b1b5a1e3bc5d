package main

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"latchd/board"
	"latchd/configs"
	"latchd/wiring"
)

// lines looks whether the board's lines are there, free and the service's to take.
func (r *report) lines(cfg *configs.Config) {
	names := slices.Concat([]string{cfg.Strike.Line}, cfg.Keypad.Rows, cfg.Keypad.Cols, []string{cfg.Bell.Line, cfg.Exit.Line,
		cfg.Contact.Line, cfg.Tamper.Line, cfg.Feedback.Green, cfg.Feedback.Red, cfg.Feedback.Buzzer})
	names = slices.DeleteFunc(names, func(name string) bool { return name == "" })
	if cfg.Board.Driver == "sim" {
		r.simulated(names)
		return
	}
	for _, w := range wireWarnings(plan(cfg)) {
		r.warn("wiring: %s", w)
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

var onHeader = regexp.MustCompile(`^GPIO(1?[0-9]|2[0-7])$`)

// simulated warns of lines that a simulated board makes out of nothing, and a real one has not.
func (r *report) simulated(names []string) {
	odd := slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(names))), onHeader.MatchString)
	if len(odd) == 0 {
		r.ok("board: simulated, with lines that a Pi's header has")
		return
	}
	r.warn("board: simulated, with lines that no Pi's header has: %s: the header's are GPIO0 to GPIO27", strings.Join(odd, ", "))
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
