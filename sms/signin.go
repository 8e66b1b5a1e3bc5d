package sms

import (
	"context"
	"time"

	"latchd/lock"
	"latchd/otp"
)

const signInWords = " signs you in to "

// SignIn takes a sign-in code in hand for one owner, and returns at once. Send's rules hold, but that it concerns no ring: no
// ring voids it, no news is told of it, nothing follows it and nothing takes its place. What stands in the way of it is
// logged, and where somebody has to act, raised as for any text.
func (c *Client) SignIn(owner string, code otp.Code, ttl time.Duration) {
	to := *c.roster.Load()
	to.body = plain(code.Reveal() + signInWords + to.names.place() + ". Pass it on to nobody.")
	j := job{text: lock.Text{Code: code, TTL: ttl}, to: &to, owner: owner, dead: time.Now().Add(ttl), signIn: true}
	if c.hands.Add(1) > inHand {
		c.hands.Add(-1)
		c.log.Warn("a sign-in code was not texted: too many texts are in hand", "owner", owner)
		return
	}
	c.queue <- j // holds inHand, so there is room
}

// carrySignIn hands a sign-in code to Twilio.
func (c *Client) carrySignIn(run context.Context, j job) {
	ctx, cancel := context.WithDeadline(run, j.dead)
	defer cancel()
	if _, t := c.hand(ctx, j); t != nil && run.Err() == nil {
		c.log.Warn("a sign-in code was not texted", "owner", j.owner, "why", t.Detail, "hint", t.Hint, "twilio_code", t.Code)
	}
}
