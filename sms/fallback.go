package sms

import (
	"context"
	"sync"
	"time"

	"latchd/lock"
)

// tooLate is how long a text that Twilio has taken may stay away before something else is done.
const tooLate = 20 * time.Second

// fate is what standBy is told of a text.
type fate int

const (
	taken   fate = iota // by Twilio
	arrived             // or nothing else is to be done
	gone                // and something else is to be done
)

// standBy does something else, once, when a text is gone, or was taken and has not arrived for tooLate: it texts the next
// owner, or where there is none, has the code spoken in a call. It returns how to wait for the end of that.
func (c *Client) standBy(run context.Context, j job, text <-chan fate, tell func(lock.Input)) (wait func()) {
	if len(j.rest) == 0 && !j.to.voice {
		return func() {}
	}
	var doing sync.WaitGroup
	doing.Go(func() {
		ctx, cancel := context.WithDeadline(run, j.dead)
		defer cancel()
		missed := c.await(ctx, text)
		switch {
		case run.Err() != nil:
		case !missed, len(j.rest) > 0 && !c.worthwhile(j):
			c.spare(j, tell)
		case len(j.rest) > 0:
			next := j
			next.owner, next.rest = j.rest[0], j.rest[1:]
			c.carry(run, next, tell)
		default:
			c.call(run, j, tell)
		}
	})
	return doing.Wait
}

// await returns whether something else is to be done for a text.
func (c *Client) await(ctx context.Context, text <-chan fate) bool {
	var late <-chan time.Time
	for {
		select {
		case f := <-text:
			if f != taken {
				return f == gone
			}
			late = time.After(tooLate)
		case <-late:
			return true
		case <-ctx.Done():
			return false
		}
	}
}

// leastLife is what a code must still live to be worth another text or a call: to ring, to be spoken twice and to be typed.
const leastLife = 20 * time.Second

// worthwhile says whether the code can still be used by who hears of it now: it lives, and was neither voided nor used.
func (c *Client) worthwhile(j job) bool {
	return c.lives(j) && time.Until(j.dead) >= leastLife
}

// spare tells that the owners after this one need no text.
func (c *Client) spare(j job, tell func(lock.Input)) {
	for _, owner := range j.rest {
		tell(lock.TextNews{Ring: j.text.Ring, Owner: owner, State: lock.Unneeded})
	}
}

// lost tells that a text has failed, and whether something else is wanted in its place. A call takes over what the budget
// gave; the next owner has their own.
func (c *Client) lost(j job, t *Trouble, text chan<- fate, tell func(lock.Input)) {
	n := c.news(j, lock.Failed, t)
	call := len(j.rest) == 0 && j.mayCall(t) && c.worthwhile(j) && c.forbids(j) == nil
	n.Unsent = n.Unsent && !call
	tell(n)
	if call || len(j.rest) > 0 && t != errVoid && t != errDead {
		text <- gone
	} else {
		text <- arrived
	}
}
