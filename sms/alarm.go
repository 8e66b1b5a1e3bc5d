package sms

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"latchd/lock"
)

const (
	checkEvery = 5 * time.Minute
	checkSoon  = 10 * time.Second // while Twilio cannot be reached; doubles up to checkEvery
)

// watch signs in again and again. It is what lets texts go out again after the credentials were refused.
func (c *Client) watch(ctx context.Context) {
	soon := checkSoon
	for {
		// A check ends only what stood before it began: it knows nothing of what came up meanwhile.
		barred, alarmed := c.barred.Load(), c.alarm.cause(account)
		_, t := c.signIn(ctx)
		if ctx.Err() != nil {
			return
		}
		next := checkEvery
		switch {
		case t == nil:
			soon = checkSoon
			c.barred.CompareAndSwap(barred, nil)
			c.alarm.end(account, alarmed)
		case t.kind == hurried: // says nothing about the credentials
		case t.kind == signedOut:
			c.barred.Store(t)
			c.alarm.raise(account, t)
		case t.kind == refusal: // signed in, but something else is wrong
			c.barred.CompareAndSwap(barred, nil)
			c.alarm.raise(account, t)
		default:
			c.alarm.raise(account, t)
			next, soon = soon, min(soon*2, checkEvery)
		}
		if !c.idle(ctx, next) {
			return
		}
	}
}

// idle waits for the next check to be due. A text that could not be handed over may make it due sooner.
func (c *Client) idle(ctx context.Context, d time.Duration) bool {
	t, due := time.NewTimer(d), time.Now().Add(d)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-c.recheck:
			return true
		case <-c.unwell:
			if soon := time.Now().Add(checkSoon); soon.Before(due) {
				due = soon
				t.Reset(checkSoon)
			}
		case <-t.C:
			return true
		}
	}
}

// look asks for a check.
func (c *Client) look() { ask(c.recheck) }

func ask(what chan struct{}) {
	select {
	case what <- struct{}{}:
	default:
	}
}

// account is the cause of an alarm that concerns every text; the others are owners' names, which are never empty.
const account = ""

// alarm is the fault "twilio": one fault, which stands while it has any cause.
type alarm struct {
	mu     sync.Mutex
	causes map[string]*Trouble
	shown  lock.Fault
	told   bool // of shown, whatever it is
	tell   func(lock.Input)
}

// listen starts afresh. The first thing learnt is told even when all is well: a client before this one may have left a
// fault standing.
func (a *alarm) listen(tell func(lock.Input)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.causes, a.told, a.tell = map[string]*Trouble{}, false, tell
}

func (a *alarm) raise(cause string, t *Trouble) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.causes[cause] = t
	a.show()
}

// cause is the trouble that stands for a cause, nil for none.
func (a *alarm) cause(cause string) *Trouble {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.causes[cause]
}

// end takes a trouble back, unless another has taken its place.
func (a *alarm) end(cause string, t *Trouble) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.causes[cause] == t {
		delete(a.causes, cause)
		a.show()
	}
}

// show tells of the fault when it or its words have changed. The account's trouble comes before any owner's.
func (a *alarm) show() {
	now := lock.Fault{Part: "twilio"}
	if causes := slices.Sorted(maps.Keys(a.causes)); len(causes) > 0 {
		t := a.causes[causes[0]]
		now.Standing, now.Detail, now.Hint = true, t.Detail, t.Hint
	}
	if now != a.shown || !a.told {
		a.shown, a.told = now, true
		a.tell(now)
	}
}
