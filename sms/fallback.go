package sms

import (
	"context"
	"sync"
	"time"

	"latchd/lock"
)

// tooLate is how long a text that Twilio has taken may stay away before something else is done.
const tooLate = 20 * time.Second

// standBy does something else, once, when wanted says that the text has failed, or says nothing for tooLate: it texts the
// next owner, or where there is none, has the code spoken in a call. It returns how to wait for the end of that.
func (c *Client) standBy(run context.Context, j job, wanted <-chan bool, tell func(lock.Input)) (wait func()) {
	if len(j.rest) == 0 && !j.to.voice {
		return func() {}
	}
	var doing sync.WaitGroup
	doing.Go(func() {
		ctx, cancel := context.WithDeadline(run, j.dead)
		defer cancel()
		late := time.NewTimer(tooLate)
		defer late.Stop()
		fail := true
		select {
		case fail = <-wanted:
		case <-late.C:
		case <-ctx.Done():
			fail = false
		}
		switch {
		case run.Err() != nil:
		case !fail:
			c.spare(j, tell)
		case len(j.rest) > 0:
			next := j
			next.owner, next.rest = j.rest[0], j.rest[1:]
			c.carry(run, next, tell)
		default:
			c.call(ctx, j, tell)
		}
	})
	return doing.Wait
}

// spare tells that the owners after this one need no text.
func (c *Client) spare(j job, tell func(lock.Input)) {
	for _, owner := range j.rest {
		tell(lock.TextNews{Ring: j.text.Ring, Owner: owner, State: lock.Unneeded})
	}
}

// lost tells that a text has failed, and whether something else is wanted in its place. A call takes over what the budget
// gave; the next owner has their own.
func (c *Client) lost(j job, t *Trouble, wanted chan<- bool, tell func(lock.Input)) {
	n := c.news(j, lock.Failed, t)
	call := len(j.rest) == 0 && j.mayCall(t)
	n.Unsent = n.Unsent && !call
	tell(n)
	wanted <- call || len(j.rest) > 0 && t != errVoid && t != errDead
}
