package mqtt

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"
)

// Waits between rounds through the brokers: they double from the first to the last, less up to half by chance. The last leaves
// time to connect, beside the other doors of a fleet, within 30 s of the broker's return.
const (
	firstWait = 500 * time.Millisecond
	lastWait  = 25 * time.Second
)

// Where only the broker is missing, not its machine, asking costs next to nothing: then the wait is a hundredth of the time
// that the door has been without a broker, so that it is late by so little, but refusedWait at the least, lastWait at the
// most, and less up to half by chance.
const refusedWait = 100 * time.Millisecond

// betterWait is how often the brokers before the one in use are asked whether they are back.
const betterWait = time.Minute

// shunMost is the longest time for which a broker is left alone that accepts connections of no use.
const shunMost = time.Hour

// fleeing is the most of the spread that goes by before a door tries its other brokers.
const fleeing = 5 * time.Second

// settled is how long a connection has to last before it counts as a working one: two clients of one id throw each other
// out within moments, and either would look connected most of the time.
const settled = 10 * time.Second

// Run keeps the door connected until ctx ends. Then it publishes what is due, for a few seconds at the most, says
// offline and disconnects. It returns nil: a broker that cannot be reached is a fault of the door's, not of Run.
func (c *Client) Run(ctx context.Context) error {
	var taking sync.WaitGroup
	defer taking.Wait()
	taking.Go(func() { c.intake.serve(ctx, c.sink) })

	rounds, refused, flapping := 0, false, false
	pause(ctx, c.place(c.o.Spread)) // after a power cut all doors start at once
	lost := time.Now()              // when a connection that worked ended
	var next *session               // on a broker before the last one's
	for ctx.Err() == nil {
		s, why := next, failures(nil)
		if s == nil {
			s, why = c.connect(ctx)
		}
		if s != nil {
			start := time.Now()
			var err error
			next, err = c.use(ctx, s, flapping)
			why = failures{{s.host, err}}
			flapping = next == nil && (time.Since(start) < settled || errors.Is(err, errNoAck))
			c.judge(s.rank, flapping)
		}
		if ctx.Err() != nil || next != nil {
			continue
		}
		detail, hint := why.explain()
		if s != nil && !flapping {
			c.o.Log.Warn("mqtt: connection lost: " + detail)
			rounds, lost = 0, time.Now()
			if len(c.brokers) > 1 {
				pause(ctx, c.place(min(c.o.Spread, fleeing)))
			} else {
				pause(ctx, c.place(c.o.Spread))
			}
			continue
		}
		c.raise(detail, hint)
		if why.refused() != refused { // a broker that has just come up may be too busy with the other doors for this one
			refused, rounds = !refused, 0
		}
		rounds++
		wait := c.wait(rounds)
		if refused {
			wait = min(wait, askWait(time.Since(lost)))
		}
		pause(ctx, max(wait, c.place(c.o.Spread)))
	}
	return nil
}

// judge notes whether a connection to the broker of that rank was of any use. One that was not is left alone for a while,
// where there are others: longer each time.
func (c *Client) judge(rank int, useless bool) {
	b := &c.brokers[rank]
	if !useless {
		b.shunned = 0
		return
	}
	b.shunned = min(max(2*b.shunned, betterWait), shunMost)
	b.again = time.Now().Add(b.shunned)
}

// connect tries the brokers in turn, last those that were of no use; when none can be used, it returns why.
func (c *Client) connect(ctx context.Context) (s *session, why failures) {
	var first, last []int // decided at once: one whose time ends meanwhile must not be missed by both
	for rank, b := range c.brokers {
		if b.isShunned() {
			last = append(last, rank)
		} else {
			first = append(first, rank)
		}
	}
	for _, rank := range append(first, last...) {
		s, err := c.attach(ctx, rank)
		if err == nil {
			return s, nil
		}
		why = append(why, failure{c.brokers[rank].Host, err})
	}
	return nil, why
}

// use serves s until it or ctx ends. When one of the brokers before that of s is back, it ends for a connection to that
// one, which it returns as next.
func (c *Client) use(ctx context.Context, s *session, flapping bool) (next *session, err error) {
	if s.rank == 0 {
		return nil, s.serve(ctx, flapping)
	}
	looking, stop := context.WithCancel(ctx)
	better := make(chan *session, 1)
	go func() {
		defer close(better)
		if b := c.awaitBetter(looking, s.rank); b != nil {
			better <- b
		}
	}()
	s.better = better
	err = s.serve(ctx, flapping)
	stop()
	if next = s.next; next == nil {
		next = <-better
	}
	if next != nil && ctx.Err() != nil {
		next.close()
		next = nil
	}
	return next, err
}

// awaitBetter returns a connection to a broker before that of rank, or nil when ctx ends. Nothing is published on it yet.
func (c *Client) awaitBetter(ctx context.Context, rank int) *session {
	for {
		pause(ctx, betterWait+c.place(c.o.Spread))
		if ctx.Err() != nil {
			return nil
		}
		for better := range rank {
			if c.brokers[better].isShunned() {
				continue
			}
			if s, err := c.attach(ctx, better); err == nil {
				return s
			}
		}
	}
}

// place returns this door's place among those that connect within spread.
func (c *Client) place(spread time.Duration) time.Duration { return rand.N(max(spread, 1)) }

// retryWait returns how long to wait after that many failures in a row.
func retryWait(failures int) time.Duration {
	wait := min(firstWait<<min(failures-1, 10), lastWait)
	return wait - rand.N(wait/2)
}

// askWait returns how long to wait before a machine that refuses connections is asked again.
func askWait(away time.Duration) time.Duration {
	wait := min(max(away/100, refusedWait), lastWait)
	return wait - rand.N(wait/2)
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
