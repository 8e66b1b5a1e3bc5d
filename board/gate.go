package board

import (
	"fmt"
	"os"
	"sync/atomic"
	"time"
)

// gate lets one call at a time through to lines that may be waited on, and shuts for good. Nothing of periph may be
// closed while a wait is under way, and a Halt that comes before its wait is lost, so it is repeated.
type gate struct {
	inside chan struct{} // holds one: whoever is inside
	shut   atomic.Bool
}

func newGate() *gate { return &gate{inside: make(chan struct{}, 1)} }

// enter fails with os.ErrClosed once the gate is shutting; otherwise leave must follow.
func (g *gate) enter() error {
	g.inside <- struct{}{}
	if g.shut.Load() {
		g.leave()
		return fmt.Errorf("use the lines: %w", os.ErrClosed)
	}
	return nil
}

func (g *gate) leave() { <-g.inside }

// close returns when nobody is inside any more and nobody will be.
func (g *gate) close(halt func() error) {
	g.shut.Store(true)
	for {
		_ = halt() // what counts is whether the wait ends
		select {
		case g.inside <- struct{}{}:
			g.leave()
			return
		case <-time.After(time.Millisecond):
		}
	}
}

// forever stands for a wait without end: conn and gpioioctl document opposite meanings of zero and of negative times.
const forever = time.Hour
