package mqtt

import (
	"context"

	"golang.org/x/time/rate"

	"latchd/lock"
)

// commandRate is how many commands a second reach the door, after a burst: enough for people and automations, and few
// enough for a flood not to fill the journal. The rest is dropped without a word to its sender.
const (
	commandRate  = rate.Limit(10)
	commandBurst = 100
)

// intake hands commands from the network to the sink, and holds back a flood.
type intake struct {
	orders  chan lock.Command
	locks   chan lock.Command // LOCK has a way of its own, which no flood of others fills; one waiting LOCK is enough
	limit   *rate.Limiter
	lockGap *rate.Limiter
}

func newIntake() *intake {
	return &intake{
		orders: make(chan lock.Command, commandBurst), locks: make(chan lock.Command, 1),
		limit: rate.NewLimiter(commandRate, commandBurst), lockGap: rate.NewLimiter(commandRate, commandBurst),
	}
}

// take never blocks. It returns whether the command will reach the door.
func (in *intake) take(cmd lock.Command) bool {
	if cmd.Action == lock.Lock && cmd.Refused == "" {
		select {
		case in.locks <- cmd:
		default:
		}
		return true
	}
	if !in.limit.Allow() {
		return false
	}
	select {
	case in.orders <- cmd:
		return true
	default:
		return false
	}
}

// serve hands on what was taken until ctx ends.
func (in *intake) serve(ctx context.Context, sink func(lock.Input)) {
	for {
		select {
		case <-ctx.Done():
			return
		case cmd := <-in.orders:
			sink(cmd)
		case cmd := <-in.locks:
			sink(cmd)
			if in.lockGap.Wait(ctx) != nil {
				return
			}
		}
	}
}
