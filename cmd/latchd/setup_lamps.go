package main

import (
	"context"
	"errors"
	"time"

	"periph.io/x/conn/v3/gpio"
)

// shine is how long a lamp or the buzzer is on to be seen or heard.
const shine = time.Second

// lamps asks for the lines of the lamps and the buzzer, and switches each on for a second.
func (s *installer) lamps(ctx context.Context) error {
	s.tell("\nLamps and a buzzer, which a high level switches on: type the line of each, as GPIO12, or none. It comes on for a second. Any one of them tells everything.")
	was, now := s.was.Feedback, &s.cfg.Feedback
	for _, l := range []struct {
		flag, text, did, usual string
		line                   *string
	}{
		{"green", "The green lamp", "Did the green lamp light", was.Green, &now.Green},
		{"red", "The red lamp", "Did the red lamp light", was.Red, &now.Red},
		{"buzzer", "The buzzer", "Did the buzzer sound", was.Buzzer, &now.Buzzer},
	} {
		q := question{flag: l.flag, text: "  " + l.text, usual: l.usual, optional: true, keys: []string{"feedback." + l.flag},
			lines: oneLine, set: func(a string) { *l.line = a }}
		_, given := s.given(l.flag)
		for tries, right := 1, false; !right; tries++ {
			if tries > maxRounds {
				return giveUp(maxRounds, l.text, "--"+l.flag)
			}
			if err := s.ask(ctx, q); err != nil {
				return err
			}
			if given || s.yes || *l.line == "" {
				break
			}
			var err error
			if right, err = s.lights(ctx, l.flag, *l.line, l.did); err != nil {
				return err
			}
		}
	}
	return nil
}

// lights switches a line on for a second and asks what came of it.
func (s *installer) lights(ctx context.Context, flag, line, did string) (right bool, err error) {
	err = s.shine(ctx, line)
	var no unfit
	if errors.As(err, &no) {
		s.say("  %v", err)
		return false, nil
	}
	if err != nil {
		return false, err
	}
	answer, err := s.choose(ctx, "--"+flag, "  "+did, "yes", "yes", "no")
	if answer == "no" {
		s.say("  Then see that its wire is on the pin of %s, and which way round it is; or type another line, or none.", line)
	}
	return answer == "yes", err
}

// shine drives a line high for a second, and low whatever happens meanwhile.
func (s *installer) shine(ctx context.Context, line string) (err error) {
	h, err := s.open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	lamp, err := h.Output(line, gpio.Low)
	if err != nil {
		return unfit(err.Error())
	}
	defer func() { err = errors.Join(err, lamp.Out(gpio.Low)) }()
	if err := lamp.Out(gpio.High); err != nil {
		return unfit(err.Error())
	}
	select {
	case <-ctx.Done():
		return errBrokenOff
	case <-time.After(shine):
		return nil
	}
}
