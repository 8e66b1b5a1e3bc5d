package board

import (
	"slices"
	"strconv"
	"unsafe"

	"periph.io/x/conn/v3/gpio"
)

// looseLine is a line that is driven to one level or let go, and never driven to the other: an open drain or an open source.
type looseLine struct {
	rowLine
	to gpio.Level
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
	flags := uint64(flagOutput | flagOpenDrain)
	if to == gpio.High {
		flags = flagOutput | flagOpenSource
	}
	if pull == gpio.PullUp {
		flags |= flagPullUp
	}
	line, err := c.outputWith(name, !to, flags)
	return looseLine{rowLine{line}, to}, err
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
