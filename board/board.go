// Package board is the lines of the door's board: the strike, the keypad's rows and columns, the single inputs, the
// visitor's lights. It turns contacts into debounced inputs of the door and holds the strike's pulses within their
// limit. It knows no rules of the door, and it refuses to leave a strike open: whatever fails, the line goes to locked.
package board

import (
	"errors"
	"fmt"
	"time"

	"periph.io/x/conn/v3/gpio"

	"latchd/lock"
)

// Lines hands out the lines of a board, the kernel's or a simulated one's, by the names that the kernel gives them.
type Lines interface {
	// Output drives a line at the level initial from the first moment, with no other level in between.
	Output(name string, initial gpio.Level) (gpio.PinOut, error)
	// Row is a line that In(gpio.Float, gpio.NoEdge) lets go and Out(gpio.Low) drives low. Nothing else is
	// asked of it, and nothing is expected of it before.
	Row(name string) (gpio.PinIO, error)
	// Input is a line with that pull that can be waited on for both edges.
	Input(name string, pull gpio.Pull) (gpio.PinIn, error)
	// Columns are inputs with pull-up, read in one call and waited on together for both edges.
	Columns(names []string) (gpio.Group, error)
	// Close gives all lines back.
	Close() error
}

// Wiring says which line is what. A line without a name is not fitted.
type Wiring struct {
	Rows, Cols []string
	Settle     time.Duration // between driving a row and reading the columns

	Bell, Exit, Contact, Tamper Input

	Strike             Output
	Green, Red, Buzzer string // on at the high level

	// Report hears of faults of the strike ("strike") and of the lights ("feedback"), and of their end. Optional.
	Report func(lock.Fault)
}

// Input is a single input's line.
type Input struct {
	Line      string
	ActiveLow bool // to ground, with pull-up; otherwise to the supply, with pull-down
	Debounce  time.Duration
}

// Output is the strike's line.
type Output struct {
	Line      string
	ActiveLow bool // a low level releases the strike
}

// Board is the door's board at work.
type Board struct {
	Strike   *Strike
	Pad      *Matrix   // nil where none is fitted
	Switches []*Switch // those that are fitted
	Feedback *Feedback

	lines Lines
}

// attack is how long the bell and the exit button are pressed before it counts: longer than a spike picked up by the
// wire, too short for a person to notice.
const attack = time.Millisecond

// Open takes the lines into use, first the strike's, at its locked level. It owns lines from then on. When any cannot be
// had, the error tells of all of these, the strike is left locked if it can be, and the lines are given back.
func Open(lines Lines, w Wiring) (*Board, error) {
	if w.Report == nil {
		w.Report = func(lock.Fault) {}
	}
	b := &Board{lines: lines}
	line, err := lines.Output(w.Strike.Line, gpio.Level(w.Strike.ActiveLow))
	errs := []error{wrap("strike", err)}
	if err == nil {
		b.Strike = NewStrike(line, w.Strike.ActiveLow, MaxPulse, report(w.Report, "strike",
			"the strike may not be locked: check its line and its relay"))
	}
	errs = append(errs, b.openPad(w), b.openSwitches(w), b.openFeedback(w))
	if err := errors.Join(errs...); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	b.Strike.Watch(b.Feedback.Unlocked)
	return b, nil
}

func report(sink func(lock.Fault), part, hint string) func(error) {
	return func(err error) {
		if err == nil {
			sink(lock.Fault{Part: part})
			return
		}
		sink(lock.Fault{Part: part, Standing: true, Detail: err.Error(), Hint: hint})
	}
}

func (b *Board) openPad(w Wiring) error {
	if len(w.Rows)+len(w.Cols) == 0 {
		return nil
	}
	var errs []error
	rows := make([]gpio.PinIO, len(w.Rows))
	for i, name := range w.Rows {
		var err error
		rows[i], err = b.lines.Row(name)
		errs = append(errs, wrap("keypad row", err))
	}
	cols, err := b.lines.Columns(w.Cols)
	if err := errors.Join(append(errs, wrap("keypad columns", err))...); err != nil {
		return err
	}
	b.Pad = NewMatrix(rows, cols, w.Settle)
	return nil
}

func (b *Board) openSwitches(w Wiring) error {
	var errs []error
	for _, in := range []struct {
		sensor lock.Sensor
		Input
		attack time.Duration
	}{
		{lock.Bell, w.Bell, attack},
		{lock.Exit, w.Exit, attack},
		{lock.Contact, w.Contact, w.Contact.Debounce},
		{lock.Tamper, w.Tamper, w.Tamper.Debounce},
	} {
		if in.Line == "" {
			continue
		}
		pin, err := b.lines.Input(in.Line, pull(in.ActiveLow))
		if err != nil {
			errs = append(errs, wrap(string(in.sensor), err))
			continue
		}
		b.Switches = append(b.Switches, NewSwitch(pin, SwitchOptions{Sensor: in.sensor, ActiveLow: in.ActiveLow,
			Debounce: in.Debounce, Attack: in.attack}))
	}
	return errors.Join(errs...)
}

func (b *Board) openFeedback(w Wiring) error {
	var errs []error
	open := func(part, name string) gpio.PinOut {
		if name == "" {
			return nil
		}
		line, err := b.lines.Output(name, gpio.Low)
		if err != nil {
			errs = append(errs, wrap(part, err))
			return nil
		}
		return line
	}
	g, r, z := open("green light", w.Green), open("red light", w.Red), open("buzzer", w.Buzzer)
	b.Feedback = NewFeedback(g, r, z, report(w.Report, "feedback", "check the lines of the lights and the buzzer"))
	return errors.Join(errs...)
}

func wrap(part string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", part, err)
}

// Close locks the strike for good, ends all waits on the lines, turns the lights off and gives the lines back, the strike's
// last.
func (b *Board) Close() error {
	var errs []error
	if b.Strike != nil {
		errs = append(errs, b.Strike.Close())
	}
	if b.Pad != nil {
		b.Pad.Close()
	}
	for _, s := range b.Switches {
		s.Close()
	}
	if b.Feedback != nil {
		b.Feedback.Close()
	}
	return errors.Join(append(errs, b.lines.Close())...)
}

// Secure drives the strike's line of a chip of the kernel's to locked and lets it go again. It needs nothing else: it is
// what runs after any end of the daemon. chip is as in OpenOutput.
func Secure(chip, line string, activeLow bool) error {
	out, err := OpenOutput(chip, line, gpio.Level(activeLow))
	if err != nil {
		return fmt.Errorf("secure the strike: %w", err)
	}
	return out.Close()
}
