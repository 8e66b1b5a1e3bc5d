package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"periph.io/x/conn/v3/gpio"

	"latchd/board"
	"latchd/board/sim"
	"latchd/configs"
)

// header is the lines of a board of which it is not known yet what is wired to them.
type header interface {
	board.Lines
	// Free names the header's lines that nobody holds.
	Free() ([]string, error)
	// Loose is a line that is driven to one level or let go, and let go at first.
	Loose(name string, to gpio.Level, pull gpio.Pull) (gpio.PinIO, error)
}

// board asks for the board and opens it, but takes no line.
func (s *installer) board(ctx context.Context) error {
	b := &s.cfg.Board
	err := s.ask(ctx, question{flag: "driver", text: "\nThe board: linux, or sim for a simulated one", usual: b.Driver,
		keys: []string{"board.driver"}, set: func(a string) { b.Driver = a }})
	if err != nil {
		return err
	}
	if b.Driver == "sim" {
		err = s.simBoard(ctx)
	} else {
		err = s.linuxBoard(ctx)
	}
	// What was wired is a default from now on, and takes no line away from what is asked.
	s.cfg.Strike.Line, s.cfg.Bell.Line, s.cfg.Exit.Line, s.cfg.Contact.Line, s.cfg.Tamper.Line = "", "", "", "", ""
	s.cfg.Keypad.Rows, s.cfg.Keypad.Cols = nil, nil
	s.cfg.Feedback = configs.Feedback{}
	return err
}

// simBoard makes a board that is wired as the file says that is there, or as the defaults and the demo say, with a header of
// free lines.
func (s *installer) simBoard(ctx context.Context) error {
	usual := s.cfg.Board.Socket
	if !s.yes {
		usual = cmp.Or(usual, "/tmp/latchd.sock")
	}
	err := s.ask(ctx, question{flag: "socket", text: "  The socket at which latchd sim reaches it", usual: usual, optional: true,
		keys: []string{"board.socket"}, set: func(a string) { s.cfg.Board.Socket = a }})
	if err != nil {
		return err
	}
	wired, err := withDemoParts(s.was)
	if err != nil {
		return err
	}
	w := simWiring(&wired)
	for n := 2; n <= 27; n++ {
		w.Others = append(w.Others, fmt.Sprintf("GPIO%d", n))
	}
	s.sim = sim.New(w)
	s.open = func() (header, error) { return s.sim, nil }
	if s.yes || s.cfg.Board.Socket == "" {
		return nil
	}
	l, err := sim.Listen(s.cfg.Board.Socket)
	if err != nil {
		return fmt.Errorf("set up the simulated board: %w", err)
	}
	s.jobs.Go(func() { _ = sim.Serve(ctx, l, s.sim) }) // fingers that cannot reach it say so
	return nil
}

// withDemoParts wires what is not fitted as the demo's door has it, on lines that are free, so that all of it can be worked.
func withDemoParts(cfg configs.Config) (configs.Config, error) {
	demo, err := configs.Parse("demo.toml", []byte(configs.Demo))
	if err != nil {
		return cfg, err
	}
	fitted := parts(&cfg)
	for name, part := range parts(demo) {
		if fitted[name].Line == "" && !slices.Contains(used(&cfg), part.Line) {
			*fitted[name] = *part
		}
	}
	return cfg, nil
}

// linuxBoard finds the chip that carries the header, or asks twice which it is: on a machine without one, Enter finds none for ever.
func (s *installer) linuxBoard(ctx context.Context) error {
	chip := question{flag: "chip", text: "  Its chip: label, name or path", usual: s.cfg.Board.Chip, optional: true,
		keys: []string{"board.chip"}, set: func(a string) { s.cfg.Board.Chip = a }}
	s.open = func() (header, error) {
		l, err := board.OpenLinux(s.cfg.Board.Chip)
		return l, err
	}
	_, given := s.given("chip")
	if given {
		if err := s.ask(ctx, chip); err != nil {
			return err
		}
	}
	for tries := 1; !s.yes; tries++ {
		h, err := s.open()
		if err == nil {
			s.say("  The chip with the header's lines is found.")
			if runs() {
				s.say("  The door is at work and holds its lines: to press keys and hear the strike, break off here and stop it, sudo systemctl stop latchd.")
			}
			return h.Close()
		}
		if given {
			return err
		}
		if tries == 3 {
			return fmt.Errorf("%w; latchd setup --driver sim sets up a simulated door: nothing has been written", err)
		}
		s.say("  %v", err)
		if err := s.ask(ctx, chip); err != nil {
			return err
		}
	}
	return nil
}

// free names the lines on which something new may be: those that nobody holds and that no answer has taken.
func (s *installer) free(h header) ([]string, error) {
	names, err := h.Free()
	if err != nil {
		return nil, err
	}
	taken := used(&s.cfg)
	return slices.DeleteFunc(names, func(name string) bool { return slices.Contains(taken, name) }), nil
}

// used are the lines of all that is fitted.
func used(c *configs.Config) []string {
	return slices.Concat(c.Keypad.Rows, c.Keypad.Cols, []string{c.Strike.Line, c.Bell.Line, c.Exit.Line, c.Contact.Line, c.Tamper.Line,
		c.Feedback.Green, c.Feedback.Red, c.Feedback.Buzzer})
}

// parts are the single inputs of a configuration.
func parts(c *configs.Config) map[string]*configs.Input {
	return map[string]*configs.Input{"bell": &c.Bell, "exit": &c.Exit, "contact": &c.Contact, "tamper": &c.Tamper}
}
