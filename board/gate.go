package board

import (
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// gate lets one call at a time through to a line that may be waited on, and shuts for good. Nothing of periph may be
// closed while a wait is under way, and a Halt that comes before its wait is lost, so it is repeated.
type gate struct {
	mu   sync.Mutex
	shut atomic.Bool
}

// enter fails with os.ErrClosed once the gate is shutting; otherwise leave must follow.
func (g *gate) enter() error {
	g.mu.Lock()
	if g.shut.Load() {
		g.mu.Unlock()
		return fmt.Errorf("use the lines: %w", os.ErrClosed)
	}
	return nil
}

func (g *gate) leave() { g.mu.Unlock() }

// close returns when nobody is inside any more and nobody will be.
func (g *gate) close(halt func() error) {
	g.shut.Store(true)
	for !g.mu.TryLock() {
		_ = halt() // what counts is whether the wait ends
		time.Sleep(time.Millisecond)
	}
	g.mu.Unlock()
}

// forever stands for a wait without end: conn and gpioioctl document opposite meanings of zero and of negative times.
const forever = time.Hour
