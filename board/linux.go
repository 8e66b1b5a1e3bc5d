package board

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sys/unix"
	"periph.io/x/conn/v3/driver/driverreg"
	"periph.io/x/conn/v3/gpio"
	"periph.io/x/host/v3/gpioioctl"
)

// Linux hands out the lines of one of the kernel's GPIO chips. Outputs and rows are of our own making; columns and inputs
// are periph's, which reads every chip of the machine when the first of them is asked for. Its methods are for one
// goroutine. Whoever still waits on a line must have stopped before Close, as Board.Close sees to.
type Linux struct {
	chip   *chip
	periph func() (*gpioioctl.GPIOChip, error)
	closes []func() error // in the order of the requests
}

// OpenLinux finds the chip by label, name or path; empty, it is the chip that carries the 40-pin header. Its error says
// which device could not be opened and why, or lists the chips when there is no telling which one is meant.
func OpenLinux(chip string) (*Linux, error) {
	c, err := findChip(chip)
	if err != nil {
		return nil, err
	}
	return &Linux{chip: c, periph: sync.OnceValues(func() (*gpioioctl.GPIOChip, error) { return periphChip(c.name) })}, nil
}

// periphChip has periph read the chips. Only gpioioctl is linked in: the packages that periph's host adds would map the
// registers of a Raspberry Pi's chip and take lines that the kernel has given to others.
func periphChip(name string) (*gpioioctl.GPIOChip, error) {
	if err := keepingStdin(func() error { _, err := driverreg.Init(); return err }); err != nil {
		return nil, fmt.Errorf("start periph: %w", err)
	}
	for _, c := range gpioioctl.Chips {
		if c.Name() == name {
			return c, nil
		}
	}
	// periph swallows the reason; the chip was opened a moment ago, so it is no want of permission.
	return nil, fmt.Errorf("start periph: it found %d chips, and %s is not among them", len(gpioioctl.Chips), name)
}

// keepingStdin puts descriptor 0 back after f. Where two devices are the same chip, as on a Raspberry Pi 5, periph
// closes descriptor 0, and the next line to get that number would count as not requested.
func keepingStdin(f func() error) error {
	saved, err := unix.FcntlInt(0, unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return fmt.Errorf("keep descriptor 0: %w", err)
	}
	return errors.Join(f(), unix.Dup2(saved, 0), unix.Close(saved))
}

// Output implements Lines.
func (l *Linux) Output(name string, initial gpio.Level) (gpio.PinOut, error) {
	line, err := l.chip.output(name, initial)
	if err != nil {
		return nil, err
	}
	l.closes = append(l.closes, line.Close)
	return line, nil
}

// Row implements Lines.
func (l *Linux) Row(name string) (gpio.PinIO, error) {
	row, err := l.chip.row(name)
	if err != nil {
		return nil, err
	}
	l.closes = append(l.closes, row.Close)
	return row, nil
}

// Input implements Lines.
func (l *Linux) Input(name string, pull gpio.Pull) (gpio.PinIn, error) {
	line, err := l.input(name, pull)
	if err != nil {
		return nil, err
	}
	// The first wait changes periph's state without a lock; a Halt from another goroutine must not meet it.
	line.WaitForEdge(drained)
	return line, nil
}

func (l *Linux) input(name string, pull gpio.Pull) (*gpioioctl.GPIOLine, error) {
	offset, err := l.chip.find(name)
	if err != nil {
		return nil, err
	}
	chip, err := l.periph()
	if err != nil {
		return nil, err
	}
	line := chip.ByNumber(int(offset))
	if err := line.In(pull, gpio.BothEdges); err != nil {
		line.Close()
		return nil, l.chip.explain(name, offset, err)
	}
	l.closes = append(l.closes, func() error { line.Close(); return nil })
	return line, nil
}

// Columns implements Lines.
func (l *Linux) Columns(names []string) (gpio.Group, error) {
	chip, err := l.periph()
	if err != nil {
		return nil, err
	}
	offsets, unique := make([]uint32, len(names)), make([]string, len(names))
	for i, name := range names {
		if offsets[i], err = l.chip.find(name); err != nil {
			return nil, err
		}
		// periph puts the chip's name before a line's where two chips have a line of that name.
		unique[i] = chip.ByNumber(int(offsets[i])).Name()
	}
	set, err := chip.LineSet(gpioioctl.LineInput, gpio.BothEdges, gpio.PullUp, unique...)
	if err != nil {
		return nil, l.explainSet(names, offsets, err)
	}
	l.closes = append(l.closes, set.Close)
	_, _, _ = set.WaitForEdge(drained) // for the reason given in Input; no edge is no error
	return set, nil
}

// explainSet finds out which of the lines requested together is the one that another program holds.
func (l *Linux) explainSet(names []string, offsets []uint32, err error) error {
	for i, name := range names {
		if info, infoErr := l.chip.lineInfo(offsets[i]); infoErr == nil && info.flags&flagUsed != 0 {
			return l.chip.explain(name, offsets[i], err)
		}
	}
	return fmt.Errorf("lines %v of %s: %w", names, l.chip, err)
}

// Close gives all lines back to the kernel, the first requested last.
func (l *Linux) Close() error {
	var errs []error
	for len(l.closes) > 0 {
		last := len(l.closes) - 1
		errs = append(errs, l.closes[last]())
		l.closes = l.closes[:last]
	}
	return errors.Join(append(errs, l.chip.dev.close())...)
}

// drained is how long a wait must be for periph to hand out the edges that the kernel has queued.
const drained = time.Millisecond
