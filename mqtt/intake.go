package mqtt

import (
	"context"
	"sync"

	"golang.org/x/time/rate"

	"latchd/lock"
)

// commandRate is how many commands a second reach the door, after a burst: enough for people and automations, and few
// enough for a flood not to fill the journal. The rest is dropped without a word to its sender.
const (
	commandRate  = rate.Limit(10)
	commandBurst = 100
)

// intake hands commands from the network to the door, in their order, and holds back a flood. A LOCK is never dropped:
// in a row of them one is enough, and what stands between two is limited.
type intake struct {
	limit, locks *rate.Limiter // of what comes in, of the LOCKs that go out
	ready        chan struct{} // the queue may hold something; holds one

	mu    sync.Mutex
	queue []lock.Command
}

func newIntake() *intake {
	return &intake{limit: rate.NewLimiter(commandRate, commandBurst), locks: rate.NewLimiter(commandRate, commandBurst),
		ready: make(chan struct{}, 1)}
}

func locks(cmd lock.Command) bool { return cmd.Action == lock.Lock && cmd.Refused == "" }

// take never blocks. It returns whether the command will reach the door.
func (in *intake) take(cmd lock.Command) bool {
	if !locks(cmd) && !in.limit.Allow() {
		return false
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	n := len(in.queue)
	switch {
	case locks(cmd) && n > 0 && locks(in.queue[n-1]):
		return true
	case !locks(cmd) && n >= commandBurst:
		return false
	}
	in.queue = append(in.queue, cmd)
	select {
	case in.ready <- struct{}{}:
	default:
	}
	return true
}

// serve hands on what was taken until ctx ends.
func (in *intake) serve(ctx context.Context, sink func(lock.Input)) {
	for ctx.Err() == nil {
		cmd, ok := in.first()
		if !ok {
			select {
			case <-ctx.Done():
			case <-in.ready:
			}
			continue
		}
		if locks(cmd) && in.locks.Wait(ctx) != nil {
			return
		}
		sink(cmd)
	}
}

func (in *intake) first() (lock.Command, bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if len(in.queue) == 0 {
		return lock.Command{}, false
	}
	cmd := in.queue[0]
	in.queue = in.queue[1:]
	return cmd, true
}
