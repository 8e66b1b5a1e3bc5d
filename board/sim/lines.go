package sim

import (
	"errors"
	"fmt"

	"periph.io/x/conn/v3/gpio"
)

// errBusy is the reason when a line is requested that is held already.
var errBusy = errors.New("busy: requested already")

// Output requests a line as an output that starts at the given level: no other level ever stands on it in between. The
// pin's Out changes the level; it stays after Close, as on a Raspberry Pi (persist_gpio_outputs).
func (b *Board) Output(name string, initial gpio.Level) (gpio.PinOut, error) {
	r, err := b.request(name)
	if err != nil {
		return nil, err
	}
	p := output{r}
	return p, p.Out(initial)
}

// Row requests a line for use in both directions. It is left as it is until In or Out.
func (b *Board) Row(name string) (gpio.PinIO, error) {
	r, err := b.request(name)
	if err != nil {
		return nil, err
	}
	return &pin{r: r, pull: gpio.PullNoChange}, nil
}

// Input requests a line as an input with edges of both directions.
func (b *Board) Input(name string, pull gpio.Pull) (gpio.PinIn, error) {
	r, err := b.request(name)
	if err != nil {
		return nil, err
	}
	p := &pin{r: r}
	return p, p.In(pull, gpio.BothEdges)
}

// Columns requests lines together, as inputs with pull-up and edges of both directions. Bit i of what Read returns is
// the line of names[i]; WaitForEdge returns the line's number, and os.ErrDeadlineExceeded when the time is over or Halt
// is called.
func (b *Board) Columns(names []string) (gpio.Group, error) {
	r, err := b.request(names...)
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, l := range r.lines {
		b.input(l, gpio.PullUp)
	}
	r.edges = gpio.BothEdges
	return group{r}, nil
}

// Close releases every line that was requested and ends every wait, as the kernel does when a process dies: outputs
// stay driven, inputs keep their pulls. The lines can be requested anew, and the fingers go on working.
func (b *Board) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, l := range b.lines {
		if l.req != nil {
			l.req.close()
			l.req = nil
		}
	}
	return nil
}

// request takes all of the lines, or none.
func (b *Board) request(names ...string) (*request, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r := &request{b: b, arrived: make(chan struct{}, 1), halted: make(chan struct{})}
	for i, name := range names {
		l, err := b.find(name)
		if err != nil {
			return nil, err
		}
		for _, earlier := range r.lines[:i] {
			if earlier == l {
				return nil, fmt.Errorf("line %s of the %s: named twice", name, b)
			}
		}
		if l.req != nil {
			return nil, fmt.Errorf("line %s of the %s: %w", name, b, errBusy)
		}
		r.lines = append(r.lines, l)
	}
	for _, l := range r.lines {
		l.req = r
	}
	return r, nil
}

// input stops driving a line and sets its pull. The caller holds the lock.
func (b *Board) input(l *line, pull gpio.Pull) {
	b.copper.out &^= l.bit
	if pull != gpio.PullNoChange {
		b.copper.up &^= l.bit
		b.copper.down &^= l.bit
	}
	switch pull {
	case gpio.PullUp:
		b.copper.up |= l.bit
	case gpio.PullDown:
		b.copper.down |= l.bit
	}
	b.settle(l.bit)
}

// drive drives a line. The caller holds the lock.
func (b *Board) drive(l *line, level gpio.Level) {
	b.copper.out |= l.bit
	if level {
		b.copper.high |= l.bit
	} else {
		b.copper.high &^= l.bit
	}
	b.settle(l.bit)
}
