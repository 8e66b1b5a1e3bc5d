package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"periph.io/x/conn/v3/gpio"

	"latchd/configs"
	"latchd/setup"
)

// switches finds the bell, the exit button, the contact and the tamper switch by working them, or asks for their lines.
func (s *installer) switches(ctx context.Context) error {
	s.tell("\nButtons and contacts, to ground or to 3.3 V. Work each when it is asked for; or type its line, as GPIO26 " +
		"or GPIO26:high, or none.")
	old := parts(&s.was)
	for _, p := range []struct{ flag, text, ready string }{
		{"bell", "Press the bell", ""},
		{"exit", "Press the exit button", ""},
		{"contact", "Now open the door", "Door contact: close the door, and answer y to find it"},
		{"tamper", "Now open the case", "Tamper switch: close the case, and answer y to find it"},
	} {
		q := question{flag: p.flag, text: "  " + p.text, usual: inputWord(*old[p.flag]), optional: true, keys: []string{p.flag + ".line", p.flag + ".active"},
			lines: inputLine, set: func(a string) { setInput(parts(&s.cfg)[p.flag], a) }}
		if _, given := s.given(p.flag); given || s.yes {
			if err := s.ask(ctx, q); err != nil {
				return err
			}
			continue
		}
		if err := s.work(ctx, q, p.ready); err != nil {
			return err
		}
	}
	return nil
}

// inputWord writes an input as its flag takes it.
func inputWord(in configs.Input) string {
	if in.Line != "" && in.Active == "high" {
		return in.Line + ":high"
	}
	return in.Line
}

func inputLine(word string) []string {
	line, _, _ := strings.Cut(word, ":")
	return []string{line}
}

func setInput(in *configs.Input, word string) {
	line, active, ok := strings.Cut(word, ":")
	if !ok {
		active = "low"
	}
	in.Line, in.Active = line, active
}

// work asks for one part until an answer is of use.
func (s *installer) work(ctx context.Context, q question, ready string) error {
	bad := tries{}
	for rounds := 1; ; rounds++ {
		answer := "y"
		if ready != "" {
			var err error
			if answer, err = s.prompt(ctx, "  "+ready, q.usual, true); err != nil {
				return err
			}
		}
		if answer == "y" || answer == "yes" {
			var err error
			answer, err = s.watch(ctx, q, ready != "" && q.flag == "contact")
			var no unfit
			if errors.As(err, &no) {
				if rounds >= maxRounds {
					return giveUp(rounds, q.text+": "+err.Error(), "--"+q.flag)
				}
				s.say("  %v.", err)
				continue
			}
			if err != nil {
				return err
			}
		}
		problem := s.try(q, answer)
		if problem == "" {
			return nil
		}
		if bad.over(answer) {
			return giveUp(bad.all, q.text+": "+problem, "--"+q.flag)
		}
		s.say("  This %s.", problem)
		if q.flag == "bell" && answer == "none" {
			s.say("  A door without a bell button needs the pages (--listen).")
		}
	}
}

// watch waits until one of the free lines changes, or a line is typed, and returns the answer that this is.
func (s *installer) watch(ctx context.Context, q question, atRest bool) (answer string, err error) {
	h, err := s.open()
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	names, err := s.free(h)
	if err != nil {
		return "", err
	}
	lines := map[string]gpio.PinIn{}
	for _, name := range names {
		if lines[name], err = h.Input(name, gpio.PullUp); err != nil {
			return "", err
		}
	}
	usual := q.usual
	if usual == "" {
		usual = "none"
	}
	rest, err := levels(lines)
	fmt.Fprintf(s.out, "%s, or Enter [%s]: ", q.text, usual)
	for last, same := rest, 0; err == nil; {
		select {
		case <-ctx.Done():
			return "", errBrokenOff
		case line, ok := <-s.lines:
			if !ok {
				return "", errBrokenOff
			}
			if line = strings.TrimSpace(line); line == "" {
				line = usual
			}
			return line, nil
		case <-time.After(5 * time.Millisecond):
		}
		var now map[string]setup.Level
		if now, err = levels(lines); err != nil {
			break
		}
		if !maps.Equal(now, last) {
			last, same = now, 0
		}
		if same++; same < steady {
			continue
		}
		found, ok, fault := setup.Find(rest, now, atRest)
		if fault != nil {
			fmt.Fprintln(s.out)
			return "", unfit(fault.Error())
		}
		if ok {
			answer = inputWord(configs.Input{Line: found.Line, Active: levelWord(gpio.Level(!found.ActiveLow))})
			s.say("%s", answer)
			return answer, nil
		}
	}
	return "", err
}

// levels reads each line with its pull-up and with its pull-down.
func levels(lines map[string]gpio.PinIn) (map[string]setup.Level, error) {
	read := func(pull gpio.Pull) (map[string]bool, error) {
		at := map[string]bool{}
		for name, line := range lines {
			if err := line.In(pull, gpio.NoEdge); err != nil {
				return nil, fmt.Errorf("look at %s: %w", name, err)
			}
		}
		wait(settle)
		for name, line := range lines {
			at[name] = bool(line.Read())
		}
		return at, nil
	}
	up, err := read(gpio.PullUp)
	if err != nil {
		return nil, err
	}
	down, err := read(gpio.PullDown)
	found := map[string]setup.Level{}
	for name := range lines {
		found[name] = setup.Read(up[name], down[name])
	}
	return found, err
}
