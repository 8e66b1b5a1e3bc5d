package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"periph.io/x/conn/v3/gpio"

	"latchd/setup"
)

const padFlags = "--rows, --cols and --keys"

// keypad finds the keypad's lines by its keys, or asks for them.
func (s *installer) keypad(ctx context.Context) error {
	bare := false // other wires have been taken off
	for tries := 1; ; tries++ {
		how := "type"
		if !s.yes && !s.flags.Changed("rows") && !s.flags.Changed("cols") {
			s.say("\nThe keypad. Its rows and columns are found by pressing its keys, on any free lines.")
			s.say("  That looks at the free lines one by one: take off what else is wired to the header first; %s is left alone.", s.cfg.Strike.Line)
			var err error
			if how, err = s.choose(ctx, padFlags, "  Press its keys, type its lines, or none fitted", "press", "press", "type", "none"); err != nil {
				return err
			}
		}
		var err error
		switch how {
		case "press":
			bare = true
			err = s.press(ctx)
		case "type":
			if err := s.typePad(ctx); err != nil {
				return err
			}
			return s.connect(ctx, bare)
		default:
			s.setPad(setup.Pad{Keys: setup.Pad3x4})
		}
		var f *setup.Fault
		if err != nil && !errors.As(err, &f) {
			return err
		}
		if err == nil {
			problem := setup.Problem(s.cfg, "keypad.rows", "keypad.cols", "keypad.keys")
			if problem == "" {
				return s.connect(ctx, bare)
			}
			err = fmt.Errorf("this %s", problem)
		}
		if tries == maxRounds {
			return giveUp(tries, "the keypad: "+err.Error(), padFlags)
		}
		s.say("  The keypad: %v.", err)
		s.setPad(setup.Pad{})
	}
}

// connect waits until what had to be taken off is on again: each wire that comes on would pass for a button that is pressed.
func (s *installer) connect(ctx context.Context, bare bool) error {
	if !bare {
		return nil
	}
	_, err := s.prompt(ctx, "  Connect the buttons, contacts and lamps again, then press Enter", "", false)
	return err
}

func (s *installer) setPad(p setup.Pad) {
	s.cfg.Keypad.Rows, s.cfg.Keypad.Cols, s.cfg.Keypad.Keys = p.Rows, p.Cols, p.Keys
}

func (s *installer) typePad(ctx context.Context) error {
	k := &s.cfg.Keypad
	list := func(a string) []string {
		return strings.FieldsFunc(a, func(c rune) bool { return c == ',' || c == ' ' })
	}
	written := func(list []string) string { return strings.Join(list, ",") }
	rows := question{flag: "rows", text: "  The rows' lines, top first", usual: written(s.was.Keypad.Rows), optional: true,
		keys: []string{"keypad.rows"}, lines: list, set: func(a string) { k.Rows = list(a) }}
	cols := question{flag: "cols", text: "  The columns' lines, left first", usual: written(s.was.Keypad.Cols), optional: true,
		keys: []string{"keypad.cols"}, lines: list, set: func(a string) { k.Cols = list(a) }}
	keys := question{flag: "keys", text: "  The keys, a word a row", usual: written(s.was.Keypad.Keys),
		keys: []string{"keypad.keys", "keypad.enter", "keypad.clear"}, set: func(a string) { k.Keys = list(a) }}
	for _, q := range []question{rows, cols, keys} {
		if err := s.ask(ctx, q); err != nil {
			return err
		}
		if len(k.Rows) == 0 { // none is fitted
			return nil
		}
	}
	return nil
}

// press finds the pad by its keys.
func (s *installer) press(ctx context.Context) (err error) {
	h, err := s.open()
	if err != nil {
		return err
	}
	p := &probe{}
	defer func() { err = errors.Join(err, p.letGo(), h.Close()) }()
	names, err := s.free(h)
	if err != nil {
		return err
	}
	if p.names = names; len(names) < 7 {
		return &setup.Fault{Why: fmt.Sprintf("it takes 7 lines at the least, and %d are free: stop what holds the others (gpioinfo tells)", len(names))}
	}
	for _, name := range names {
		line, err := h.Loose(name, gpio.Low, gpio.PullUp)
		if err != nil {
			return err
		}
		p.lines = append(p.lines, line)
	}
	pad, err := s.pressAll(ctx, p)
	if err != nil {
		return err
	}
	s.setPad(pad)
	s.say("  Rows %s; columns %s.", strings.Join(pad.Rows, " "), strings.Join(pad.Cols, " "))
	if pad.Turned {
		s.say("  The pad's diodes let only its columns be driven: they stand as the rows, and the keys accordingly.")
	}
	return nil
}

// pressAll asks for each key in turn, and again for one that does not fit those before, or all others in the end.
func (s *installer) pressAll(ctx context.Context, p *probe) (setup.Pad, error) {
	contacts := map[rune]setup.Contact{}
	layout := setup.Pad3x4
	s.say("  Press each key when it is asked for, and let go. Enter, where a key shows nothing.")
	again := map[rune]bool{}
	for _, key := range setup.Order {
		ask := "  " + string(key)
		if key == 'A' {
			ask += " (Enter, if there is no fourth column)"
		}
		_, err := s.key(ctx, p, ask, key, contacts)
		for f := setup.Odd(contacts, again); err == nil && f != nil; f = setup.Odd(contacts, again) {
			s.say("  %s.", f.Why)
			again[f.Key] = true
			delete(contacts, f.Key)
			_, err = s.key(ctx, p, fmt.Sprintf("  %c again", f.Key), f.Key, contacts)
		}
		if err != nil {
			return setup.Pad{}, err
		}
		if key == 'A' {
			if _, ok := contacts[key]; !ok {
				break
			}
			layout = setup.Pad4x4
		}
	}
	for {
		pad, err := setup.Derive(layout, contacts)
		var f *setup.Fault
		if !errors.As(err, &f) || f.Key == 0 {
			return pad, err
		}
		s.say("  %s.", f.Why)
		delete(contacts, f.Key)
		touched, err := s.key(ctx, p, fmt.Sprintf("  %c (Enter gives up)", f.Key), f.Key, contacts)
		if err != nil {
			return pad, err
		}
		if !touched {
			return pad, f
		}
	}
}

// key waits until a key is pressed and says which lines it joins. touched is false when Enter is pressed instead.
func (s *installer) key(ctx context.Context, p *probe, ask string, key rune, contacts map[rune]setup.Contact) (touched bool, err error) {
	for {
		links, err := s.touch(ctx, p, ask+": ")
		if err != nil || links == nil {
			return false, err
		}
		c, err := setup.Touch(links)
		if err != nil {
			s.say("\n  %v.", err)
			continue
		}
		contacts[key] = c
		s.say("%s - %s", links[0].From, links[0].To)
		return true, nil
	}
}

// steady is how many equal looks in a row make sure that a contact has stopped bouncing.
const steady = 3

// touch waits until no line is joined to another, asks, and waits until some are. Enter ends the wait, with nothing.
func (s *installer) touch(ctx context.Context, p *probe, ask string) ([]setup.Link, error) {
	var last []setup.Link
	released, told, since := false, false, time.Now()
	for same := 0; ; {
		select {
		case <-ctx.Done():
			fmt.Fprintln(s.out)
			return nil, errBrokenOff
		case _, ok := <-s.lines:
			if !ok {
				fmt.Fprintln(s.out)
				return nil, errBrokenOff
			}
			return nil, nil
		case <-time.After(5 * time.Millisecond):
		}
		links, err := p.look()
		if err != nil {
			return nil, err
		}
		if !slices.Equal(links, last) {
			same, last = 0, links
		}
		if same++; same < steady {
			continue
		}
		switch {
		case released && len(links) > 0:
			return links, nil
		case len(links) == 0 && !released:
			released = true
			fmt.Fprint(s.out, ask)
		case len(links) > 0 && !told && time.Since(since) > 3*time.Second:
			told = true
			s.say("  Let go: %s and %s are joined. If no key is pressed, one is stuck or their wires touch; Enter goes on.", links[0].From, links[0].To)
		}
	}
}
