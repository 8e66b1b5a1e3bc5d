package main

import (
	"errors"
	"fmt"
	"time"

	"periph.io/x/conn/v3/gpio"

	"latchd/setup"
)

// probe is lines of which it is to be found out which are joined.
type probe struct {
	names []string
	lines []gpio.PinIO
}

// settle is what a line with a long cable takes to follow its pull-up.
const settle = 100 * time.Microsecond

// look drives one line after the other low, all others let go, and reads those.
func (p *probe) look() (links []setup.Link, err error) {
	tied := make([]bool, len(p.lines)) // to ground, by something else
	for i, line := range p.lines {
		tied[i] = line.Read() == gpio.Low
	}
	for i, line := range p.lines {
		if tied[i] {
			continue
		}
		err := line.Out(gpio.Low)
		wait(settle)
		for j, other := range p.lines {
			if j != i && !tied[j] && other.Read() == gpio.Low {
				links = append(links, setup.Link{From: p.names[i], To: p.names[j]})
			}
		}
		if err := errors.Join(err, line.In(gpio.PullUp, gpio.NoEdge)); err != nil {
			return nil, fmt.Errorf("look at %s: %w", p.names[i], err)
		}
		wait(settle)
	}
	return links, nil
}

func (p *probe) letGo() (err error) {
	for _, line := range p.lines {
		err = errors.Join(err, line.In(gpio.PullUp, gpio.NoEdge))
	}
	return err
}

// wait waits for a time that is too short to sleep.
func wait(d time.Duration) {
	for start := time.Now(); time.Since(start) < d; {
	}
}
