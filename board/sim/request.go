package sim

import (
	"os"
	"time"

	"periph.io/x/conn/v3/gpio"
)

// queued is how many edges the kernel keeps for each line of a request; the oldest go when there are more
// (https://docs.kernel.org/userspace-api/gpio/gpio-v2-get-line-ioctl.html, event_buffer_size).
const queued = 16

// request is a set of lines that somebody holds, with the edges that wait to be read. Its fields are under the board's
// lock, but for the channels' ends.
type request struct {
	b       *Board
	lines   []*line
	edges   gpio.Edge // which are wanted
	events  []event
	closed  bool
	arrived chan struct{} // holds a token while events wait
	halted  chan struct{} // closed, and replaced, by each Halt
}

type event struct {
	number int
	edge   gpio.Edge
}

// edge queues an edge of one of the request's lines, if it is wanted.
func (r *request) edge(l *line, level gpio.Level) {
	e := gpio.FallingEdge
	if level {
		e = gpio.RisingEdge
	}
	if r.edges&e == 0 {
		return
	}
	if len(r.events) == queued*len(r.lines) {
		r.events = append(r.events[:0], r.events[1:]...)
	}
	r.events = append(r.events, event{l.number, e})
	r.signal()
}

func (r *request) signal() {
	select {
	case r.arrived <- struct{}{}:
	default:
	}
}

// wait returns the next edge. Timeouts are gpioioctl's, not those of conn's documentation: 0 waits for ever, a negative
// one returns at once. Halt ends the waits that are under way, and no later one.
func (r *request) wait(timeout time.Duration) (event, error) {
	if timeout < 0 {
		return event{}, os.ErrDeadlineExceeded
	}
	var over <-chan time.Time
	if timeout > 0 {
		t := time.NewTimer(timeout)
		defer t.Stop()
		over = t.C
	}
	r.b.mu.Lock()
	defer r.b.mu.Unlock()
	for halted := r.halted; !r.closed; {
		if len(r.events) > 0 {
			return r.next(), nil
		}
		r.b.mu.Unlock()
		ended := false
		select {
		case <-r.arrived:
		case <-halted:
			ended = true
		case <-over:
			ended = true
		}
		r.b.mu.Lock()
		if ended && !r.closed {
			return event{}, os.ErrDeadlineExceeded
		}
	}
	return event{}, os.ErrClosed
}

// next takes the oldest edge, and leaves word for another waiter if there are more.
func (r *request) next() event {
	e := r.events[0]
	r.events = append(r.events[:0], r.events[1:]...)
	if len(r.events) > 0 {
		r.signal()
	}
	return e
}

func (r *request) halt() {
	r.b.mu.Lock()
	defer r.b.mu.Unlock()
	if !r.closed {
		close(r.halted)
		r.halted = make(chan struct{})
	}
}

// close ends all waits for good. The caller holds the lock.
func (r *request) close() {
	if !r.closed {
		r.closed = true
		close(r.halted)
	}
}
