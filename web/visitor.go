package web

import (
	"context"
	"sync"
	"time"
)

// How the visitor walks: a moment to reach for the handle, then the time to be through and have the door fall shut.
const (
	reach   = 400 * time.Millisecond
	through = 3500 * time.Millisecond
)

// visitor goes through the door when the strike lets go, for a contact only moves when somebody moves the door. A hand
// on the door takes it from the visitor.
type visitor struct {
	free  chan struct{} // the strike has opened
	moved chan bool     // by hand
	done  chan struct{}
	once  sync.Once
	ended chan struct{}
}

func newVisitor(push func(open bool)) *visitor {
	v := &visitor{make(chan struct{}, 1), make(chan bool), make(chan struct{}), sync.Once{}, make(chan struct{})}
	go v.walk(push)
	return v
}

func (v *visitor) walk(push func(open bool)) {
	defer close(v.ended)
	var due <-chan time.Time
	var in bool
	for {
		select {
		case <-v.done:
			return
		case <-v.free:
			due, in = time.After(reach), true
		case open := <-v.moved:
			due = nil
			push(open)
		case <-due:
			due = nil
			push(in)
			if in {
				due, in = time.After(through), false
			}
		}
	}
}

// letIn never blocks: a visitor who is on the way already needs no second word.
func (v *visitor) letIn() {
	select {
	case v.free <- struct{}{}:
	default:
	}
}

func (v *visitor) hand(ctx context.Context, open bool) {
	select {
	case v.moved <- open:
	case <-v.done:
	case <-ctx.Done():
	}
}

func (v *visitor) close() {
	v.once.Do(func() { close(v.done) })
	<-v.ended
}
