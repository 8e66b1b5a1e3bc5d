package sim

import (
	"errors"
	"fmt"
	"os"
	"time"

	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/physic"
	conn "periph.io/x/conn/v3/pin"
)

// errPWM is what every pin says to PWM, as gpioioctl's do.
var errPWM = errors.New("pulse width modulation: not on this board")

// output is a line that drives from its request on.
type output struct{ r *request }

func (o output) Out(level gpio.Level) error {
	return o.r.with("drive", func(l *line) { o.r.b.drive(l, level) })
}
func (o output) Name() string                          { return o.r.lines[0].name }
func (o output) String() string                        { return o.Name() }
func (o output) Number() int                           { return o.r.lines[0].number }
func (o output) Function() string                      { return string(gpio.OUT) }
func (o output) Halt() error                           { return nil }
func (o output) PWM(gpio.Duty, physic.Frequency) error { return errPWM }

// pin is a line for both directions, with gpioioctl's habits.
type pin struct {
	r    *request
	pull gpio.Pull
}

// In stops driving the line, sets its pull and says which edges are wanted. Edges that are queued stay queued.
func (p *pin) In(pull gpio.Pull, edge gpio.Edge) error {
	return p.r.with("read", func(l *line) {
		p.r.b.input(l, pull)
		p.pull, p.r.edges = pull, edge
	})
}

// Out drives the line. One that was an input is driven low first, whatever the level, as gpioioctl does.
func (p *pin) Out(level gpio.Level) error {
	return p.r.with("drive", func(l *line) {
		p.r.edges = gpio.NoEdge
		if p.r.b.copper.out&l.bit == 0 {
			p.r.b.drive(l, gpio.Low)
		}
		p.r.b.drive(l, level)
	})
}

// Read returns the line's level, low when the line was closed. A line that was driven becomes an input with pull-up, as
// with gpioioctl.
func (p *pin) Read() gpio.Level {
	level := gpio.Low
	_ = p.r.with("read", func(l *line) {
		if p.r.b.copper.out&l.bit != 0 {
			p.r.b.input(l, gpio.PullUp)
			p.pull = gpio.PullUp
		}
		level = p.r.b.copper.level&l.bit != 0
	})
	return level
}

// WaitForEdge returns true at the next edge, false when the time is over, after Halt and after Close. 0 waits for ever,
// a negative timeout returns at once.
func (p *pin) WaitForEdge(timeout time.Duration) bool {
	_, err := p.r.wait(timeout)
	return err == nil
}

// Halt ends the WaitForEdge that is under way; one that starts later is not ended.
func (p *pin) Halt() error { p.r.halt(); return nil }

func (p *pin) Pull() gpio.Pull {
	p.r.b.mu.Lock()
	defer p.r.b.mu.Unlock()
	return p.pull
}
func (p *pin) DefaultPull() gpio.Pull                { return gpio.PullNoChange }
func (p *pin) PWM(gpio.Duty, physic.Frequency) error { return errPWM }
func (p *pin) Name() string                          { return p.r.lines[0].name }
func (p *pin) String() string                        { return p.Name() }
func (p *pin) Number() int                           { return p.r.lines[0].number }
func (p *pin) Function() string                      { return "" }

// with calls f on the request's only line, under the lock, unless it has been closed.
func (r *request) with(what string, f func(*line)) error {
	r.b.mu.Lock()
	defer r.b.mu.Unlock()
	if r.closed {
		return fmt.Errorf("%s line %s of the %s: %w", what, r.lines[0].name, r.b, os.ErrClosed)
	}
	f(r.lines[0])
	return nil
}

// group is a set of inputs that is read in one call.
type group struct{ r *request }

// Read returns the levels of the lines in mask, all of them when it is 0, at one moment.
func (g group) Read(mask gpio.GPIOValue) (gpio.GPIOValue, error) {
	g.r.b.mu.Lock()
	defer g.r.b.mu.Unlock()
	if g.r.closed {
		return 0, fmt.Errorf("read lines %s of the %s: %w", g, g.r.b, os.ErrClosed)
	}
	var value gpio.GPIOValue
	for i, l := range g.r.lines {
		if g.r.b.copper.level&l.bit != 0 {
			value |= 1 << i
		}
	}
	if mask != 0 {
		value &= mask
	}
	return value, nil
}

// WaitForEdge returns the number of the line and the direction of the next edge.
func (g group) WaitForEdge(timeout time.Duration) (int, gpio.Edge, error) {
	e, err := g.r.wait(timeout)
	if err != nil {
		return 0, gpio.NoEdge, fmt.Errorf("wait for an edge of lines %s: %w", g, err)
	}
	return e.number, e.edge, nil
}

// Halt ends the WaitForEdge that is under way; one that starts later is not ended.
func (g group) Halt() error { g.r.halt(); return nil }

// Out is refused: the lines are inputs.
func (g group) Out(gpio.GPIOValue, gpio.GPIOValue) error { return gpio.ErrGroupFeatureNotImplemented }

// Pins returns the lines in the order in which they were named.
func (g group) Pins() []conn.Pin {
	pins := make([]conn.Pin, len(g.r.lines))
	for i := range pins {
		pins[i] = g.ByOffset(i)
	}
	return pins
}

// ByOffset returns the line of that bit, nil when there is none. It can be named and numbered; it is read, halted and
// waited for through the group.
func (g group) ByOffset(offset int) conn.Pin {
	if offset < 0 || offset >= len(g.r.lines) {
		return nil
	}
	return member{g.r.lines[offset]}
}

func (g group) ByName(name string) conn.Pin {
	return g.find(func(l *line) bool { return l.name == name })
}

func (g group) ByNumber(number int) conn.Pin {
	return g.find(func(l *line) bool { return l.number == number })
}

func (g group) find(is func(*line) bool) conn.Pin {
	for _, l := range g.r.lines {
		if is(l) {
			return member{l}
		}
	}
	return nil
}

func (g group) String() string {
	names := make([]string, len(g.r.lines))
	for i, l := range g.r.lines {
		names[i] = l.name
	}
	return fmt.Sprint(names)
}

// member is a line of a group.
type member struct{ l *line }

func (m member) Name() string     { return m.l.name }
func (m member) String() string   { return m.l.name }
func (m member) Number() int      { return m.l.number }
func (m member) Function() string { return string(gpio.IN) }
func (m member) Halt() error      { return errors.New("a line of a group is halted with its group") }
