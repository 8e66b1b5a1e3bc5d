package board

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"unsafe"

	"periph.io/x/conn/v3/gpio"
)

// looseLine is a line that is driven to one level or let go, and never driven to the other: an input that becomes an output
// with that level in one call of the kernel, and an input again. An open drain would do on a Raspberry Pi; but gpio-sim, on
// which it is tried, does not let one follow its pull.
type looseLine struct {
	rowLine
	to   gpio.Level
	free lineConfig // of the line that is let go
}

// Loose requests a line of which it is not known yet what is wired to it. Out(to) drives it; Out(!to) and In, whatever the
// pull, let it go, and it is let go from its first moment. Read works in both states, and is high where the line cannot be
// read. pull is gpio.PullUp, or gpio.PullNoChange for the one that the line has.
func (l *Linux) Loose(name string, to gpio.Level, pull gpio.Pull) (gpio.PinIO, error) {
	line, err := l.chip.loose(name, to, pull)
	if err != nil {
		return nil, err
	}
	l.closes = append(l.closes, line.Close)
	return line, nil
}

func (c *chip) loose(name string, to gpio.Level, pull gpio.Pull) (looseLine, error) {
	free := lineConfig{flags: flagInput}
	if pull == gpio.PullUp {
		free.flags |= flagPullUp
	}
	offset, err := c.find(name)
	if err != nil {
		return looseLine{}, err
	}
	line, err := c.requestWith(name, offset, free)
	return looseLine{rowLine{line}, to, free}, err
}

// Out drives the line to its one level, or lets it go.
func (l looseLine) Out(level gpio.Level) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dev == nil {
		return fmt.Errorf("drive %s: %w", l, os.ErrClosed)
	}
	config := l.free
	if level == l.to {
		config = outputConfig(level, flagOutput)
	}
	if err := l.dev.ioctl(setConfig, unsafe.Pointer(&config)); err != nil {
		return fmt.Errorf("drive %s %v: %w", l, level, err)
	}
	return nil
}

// In lets the line go.
func (l looseLine) In(gpio.Pull, gpio.Edge) error { return l.Out(!l.to) }

// Read returns the level on the wire, which is not always the one that the line is driven to.
func (l looseLine) Read() gpio.Level {
	l.mu.Lock()
	defer l.mu.Unlock()
	v := lineValues{mask: 1}
	return l.dev == nil || l.dev.ioctl(getValues, unsafe.Pointer(&v)) != nil || v.bits&1 == 1
}

// Has says whether the chip has a line of that name.
func (l *Linux) Has(name string) bool {
	_, err := l.chip.find(name)
	return err == nil
}

// Free names the lines of the 40-pin header, GPIO2 to GPIO27, that the chip has and nobody holds, in this order.
func (l *Linux) Free() ([]string, error) {
	names, err := l.chip.lineNames()
	if err != nil {
		return nil, err
	}
	var free []string
	for n := 2; n <= 27; n++ {
		name := "GPIO" + strconv.Itoa(n)
		offset := slices.Index(names, name)
		if offset < 0 {
			continue
		}
		info, err := l.chip.lineInfo(uint32(offset))
		if err != nil {
			return nil, err
		}
		if info.flags&flagUsed == 0 {
			free = append(free, name)
		}
	}
	return free, nil
}
