package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"periph.io/x/conn/v3/gpio"

	"latchd/board"
	"latchd/wiring"
)

// click is how long the strike's relay is switched to hear it.
const click = 300 * time.Millisecond

const strikeFlags = "--strike-line and --strike-active"

// strike asks for the strike's line and finds the level that opens it.
func (s *installer) strike(ctx context.Context) error {
	c := &s.cfg.Strike
	s.tell("\nThe strike. Nothing drives its line yet: plug its relay in now.")
	line := question{flag: "strike-line", text: "  The line of its relay", usual: s.was.Strike.Line, keys: []string{"strike.line"},
		lines: oneLine, set: func(a string) { c.Line = a }}
	level := question{flag: "strike-active", text: "  The level that opens: high or low", usual: s.was.Strike.Active,
		keys: []string{"strike.active"}, set: func(a string) { c.Active = a }}
	_, lineGiven := s.given(line.flag)
	_, levelGiven := s.given(level.flag)
	for tries := 1; ; tries++ {
		if err := s.ask(ctx, line); err != nil {
			return err
		}
		if s.yes || levelGiven {
			return s.ask(ctx, level)
		}
		active, err := s.listen(ctx)
		if errors.Is(err, errUntried) {
			return s.ask(ctx, level)
		}
		var no unfit
		switch {
		case err == nil:
			c.Active = active
			s.say("  %s opens on a %s level.", c.Line, active)
			for _, w := range (wiring.Plan{Strike: wiring.Output{Line: c.Line, ActiveLow: active == "low"}}).Warnings() {
				s.say("  Mind: %s", w)
			}
			return nil
		case !errors.As(err, &no) || lineGiven:
			return err
		case tries == maxRounds:
			return giveUp(tries, err.Error(), strikeFlags)
		}
		s.say("  %v", err)
	}
}

var errUntried = errors.New("the level has not been tried")

// unfit says why a line cannot be the strike's as it is wired.
type unfit string

func (u unfit) Error() string { return string(u) }

const openAtRest = `The strike is open while nothing drives %s, as it will be whenever the board starts. The line is left alone. ` +
	`Switch the board off and see: the strike hangs on the relay's contacts COM and NO, and is locked without current; a relay ` +
	`board that switches on a low level is on one of GPIO2 to GPIO8, with 10 kΩ to 3.3 V; one that switches on a high level, ` +
	`on one of GPIO9 to GPIO13 or GPIO16 to GPIO27, with 10 kΩ to ground.`

// listen switches the relay after each yes, to a high level first, and asks what was heard. It drives a level for 0.3 s at the
// most and lets the line go again: as long as it is not known which level opens, no level is safe to stay at.
func (s *installer) listen(ctx context.Context) (active string, err error) {
	line := s.cfg.Strike.Line
	s.say("  Which level opens it is found by ear: the relay is switched for 0.3 s, and the door may open.")
	locked, err := s.choose(ctx, strikeFlags, "  Is the strike locked now", "", "yes", "no", "skip")
	switch {
	case err != nil:
		return "", err
	case locked == "skip":
		return "", errUntried
	case locked == "no":
		return "", unfit(fmt.Sprintf(openAtRest, line))
	}
	for _, level := range []gpio.Level{gpio.High, gpio.Low} {
		word := levelWord(level)
		yes, err := s.choose(ctx, strikeFlags, fmt.Sprintf("  Switch %s %s for 0.3 s now", line, word), "no", "yes", "no")
		if err != nil {
			return "", err
		}
		if yes == "no" {
			return "", errUntried
		}
		if err := s.pulse(ctx, level); err != nil {
			return "", err
		}
		heard, err := s.choose(ctx, strikeFlags, "  Clicked and opened, nothing, or open before", "", "clicked", "nothing", "open")
		switch {
		case err != nil:
			return "", err
		case heard == "open":
			return "", unfit(fmt.Sprintf(openAtRest, line))
		case heard == "clicked":
			return word, s.confirm(ctx, !level)
		}
	}
	return "", unfit(fmt.Sprintf("Neither level of %s switches the relay: see that the wire is on this line's pin (latchd wiring draws it), and "+
		"that the relay board has its supply and shares the ground.", line))
}

func levelWord(l gpio.Level) string {
	if l {
		return "high"
	}
	return "low"
}

// pulse drives the strike's line to a level for the time of a click and lets it go, whatever happens meanwhile. The time is
// the Strike's own: it ends the pulse even if nobody waits for it.
func (s *installer) pulse(ctx context.Context, level gpio.Level) (err error) {
	h, line, err := s.strikeLine(level)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	strike := board.NewStrike(line, !bool(level), click, func(error) {})
	defer func() { err = errors.Join(err, strike.Close()) }()
	if err := strike.Open(click); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return errBrokenOff
	case <-time.After(click):
		return nil
	}
}

// confirm holds the line at the level that should lock it and asks whether it does; then it lets the line go, which is how the
// strike was locked before.
func (s *installer) confirm(ctx context.Context, locked gpio.Level) (err error) {
	h, line, err := s.strikeLine(locked)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, line.Out(!locked), h.Close()) }()
	if err := line.Out(locked); err != nil {
		return err
	}
	answer, err := s.choose(ctx, strikeFlags, fmt.Sprintf("  %s is held %s now, which should lock. Is the strike locked", s.cfg.Strike.Line, levelWord(locked)),
		"", "yes", "no")
	if answer == "no" {
		return unfit("Then what was heard is in doubt. The line has been let go: once more.")
	}
	return err
}

func (s *installer) strikeLine(to gpio.Level) (header, gpio.PinIO, error) {
	h, err := s.open()
	if err != nil {
		return nil, nil, err
	}
	line, err := h.Loose(s.cfg.Strike.Line, to, gpio.PullNoChange)
	if err != nil {
		return nil, nil, errors.Join(unfit(err.Error()), h.Close())
	}
	return h, line, nil
}
