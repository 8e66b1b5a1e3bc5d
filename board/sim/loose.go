package sim

import (
	"strconv"

	"periph.io/x/conn/v3/gpio"
)

// loose is a line that is driven to one level or let go, and never driven to the other.
type loose struct {
	*pin
	to gpio.Level
}

// Loose requests a line that Out(to) drives, and that Out(!to) and In let go, as it is from its first moment. pull is
// gpio.PullUp, or gpio.PullNoChange for the one that the line has.
func (b *Board) Loose(name string, to gpio.Level, pull gpio.Pull) (gpio.PinIO, error) {
	r, err := b.request(name)
	if err != nil {
		return nil, err
	}
	l := loose{&pin{r: r, pull: pull}, to}
	return l, l.Out(!to)
}

func (l loose) Out(level gpio.Level) error {
	return l.r.with("drive", func(line *line) {
		if level == l.to {
			l.r.b.drive(line, level)
		} else {
			l.r.b.input(line, l.pull)
		}
	})
}

func (l loose) In(gpio.Pull, gpio.Edge) error { return l.Out(!l.to) }

func (l loose) Read() (level gpio.Level) {
	_ = l.r.with("read", func(line *line) { level = l.r.b.copper.level&line.bit != 0 })
	return level
}

// Free names the lines of the 40-pin header, GPIO2 to GPIO27, that nobody holds, in this order.
func (b *Board) Free() ([]string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var free []string
	for n := 2; n <= 27; n++ {
		if l := b.byName["GPIO"+strconv.Itoa(n)]; l != nil && l.req == nil {
			free = append(free, l.name)
		}
	}
	return free, nil
}
