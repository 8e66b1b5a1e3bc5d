package sms

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	v2010 "github.com/twilio/twilio-go/rest/api/v2010"

	"latchd/lock"
)

const (
	firstWait = time.Second      // after a 429 without a Retry-After; doubles
	firstLook = time.Second      // after Twilio took the text, for what became of it; grows by half
	lastLook  = 20 * time.Second // the longest gap between two looks
	looks     = 40               // for one text at the most; ten minutes, the longest life that a door gives a code, take 35
)

// carry sees one text through to its end: handed to Twilio, then followed until it arrived, failed, or its code died.
func (c *Client) carry(run context.Context, j job, tell func(lock.Input)) {
	ctx, cancel := context.WithDeadline(run, j.dead)
	defer cancel()
	text := make(chan fate, 2)
	defer c.standBy(run, j, text, tell)()
	general, own := c.alarm.cause(account), c.alarm.cause(j.owner)
	message, t := c.hand(ctx, j)
	if run.Err() != nil {
		return
	}
	if t != nil {
		c.lost(j, t, text, tell)
		return
	}
	c.alarm.end(account, general)
	text <- taken
	tell(c.news(j, lock.Sent, nil))
	state, t := c.follow(ctx, j, message)
	switch {
	case run.Err() != nil:
	case state == lock.Failed:
		c.blame(j.owner, t)
		c.lost(j, t, text, tell)
	default:
		c.alarm.end(j.owner, own)
		if state == lock.Delivered {
			tell(c.news(j, lock.Delivered, nil))
			text <- arrived
		}
	}
	if state != lock.Sent {
		c.keep(run, j, message)
	}
}

// keep asks for a message again and again, only to keep the connection, until its code is dead: a visitor for whom nothing
// comes of a text rings again, and that text need not wait for a handshake. One text of a ring does it for all.
func (c *Client) keep(run context.Context, j job, message string) {
	if !j.life.kept.CompareAndSwap(false, true) {
		return
	}
	ctx, cancel := j.within(run)
	defer cancel()
	for sleep(ctx, idleLife*4/5) && c.barred.Load() == nil {
		_, t := c.ask(ctx, "", func(x *exchange) error {
			_, err := x.service().FetchMessage(message, &v2010.FetchMessageParams{})
			return err
		})
		if t != nil {
			return
		}
	}
}

// blame raises the alarm where a request's trouble needs somebody to act, or stands in the way of every text.
func (c *Client) blame(owner string, t *Trouble) {
	switch {
	case t.kind == signedOut:
		c.barred.Store(t)
		c.alarm.raise(account, t)
	case t.kind == unheard, t.kind == doubtful:
		c.alarm.raise(account, t)
		ask(c.unwell)
	case codes[t.Code].alarm:
		c.alarm.raise(owner, t)
	}
}

// hand gives a text to Twilio and returns the message's SID. It posts again only when Twilio said to ask later.
func (c *Client) hand(ctx context.Context, j job) (string, *Trouble) {
	for wait := firstWait; ; wait *= 2 {
		if t := c.forbids(j); t != nil {
			return "", t
		}
		message, x, t := c.create(ctx, j)
		switch {
		case t == nil:
			return message, nil
		case t.kind != hurried:
			if !errors.Is(ctx.Err(), context.Canceled) { // the run's end is nobody's fault
				c.blame(j.owner, t)
			}
			if t.kind == doubtful {
				return c.settle(ctx, j, t)
			}
			return "", t
		}
		pause := max(x.wait, wait)
		if time.Until(j.dead) < pause+time.Second {
			return "", errSlow
		}
		if !sleep(ctx, pause) {
			return "", errDead
		}
	}
}

func isMessage(sid string) bool { return is("SM", sid) || is("MM", sid) }

// forbids says why no request may be made for a text, if so.
func (c *Client) forbids(j job) *Trouble {
	phone, ok := j.to.owners[j.owner]
	abroad := len(j.to.countries) > 0 && !slices.ContainsFunc(j.to.countries, func(cc string) bool {
		return strings.HasPrefix(phone.Reveal(), "+"+cc)
	})
	switch {
	case !ok:
		return errStranger
	case abroad:
		return errAbroad
	case !c.lives(j):
		return errVoid
	case time.Until(j.dead) < time.Second: // Twilio's shortest validity, https://www.twilio.com/docs/api/errors/90007
		return errDead
	}
	return c.barred.Load()
}

// create posts the text, valid for the whole seconds that its code still lives.
func (c *Client) create(ctx context.Context, j job) (message string, x *exchange, t *Trouble) {
	code := j.text.Code.Reveal()
	w := j.to.names
	w.Code, w.Minutes = code, minutes(j.text.TTL)
	body := j.to.body.render(w)
	params := (&v2010.CreateMessageParams{}).SetTo(j.to.owners[j.owner].Reveal()).SetBody(body).
		SetValidityPeriod(int(time.Until(j.dead) / time.Second))
	if c.service != "" {
		params.SetMessagingServiceSid(c.service)
	} else {
		params.SetFrom(c.from)
	}
	x, t = c.ask(ctx, code, func(x *exchange) error {
		m, err := x.service().CreateMessage(params)
		if err != nil {
			return err
		}
		if m.Sid == nil || !isMessage(*m.Sid) {
			return errStrange
		}
		message = *m.Sid
		return nil
	})
	return message, x, t
}

// follow asks what became of a message until Twilio knows, the code is dead or it has asked often enough; then the state is
// lock.Sent still.
func (c *Client) follow(ctx context.Context, j job, message string) (lock.TextState, *Trouble) {
	last := time.Now().Add(tooLate - time.Second) // one look falls here, lest something else is done for a text that has arrived
	for gap, n := firstLook, 0; n < looks; gap = min(gap*3/2, lastLook) {
		if left := time.Until(last); left > 0 {
			gap = min(gap, left)
		}
		if !sleep(ctx, gap) {
			break
		}
		if c.barred.Load() != nil {
			continue
		}
		n++
		var m *v2010.ApiV2010Message
		x, t := c.ask(ctx, j.text.Code.Reveal(), func(x *exchange) (err error) {
			m, err = x.service().FetchMessage(message, &v2010.FetchMessageParams{})
			return err
		})
		switch {
		case t == nil && m.Status != nil:
			if state, t := c.outcome(j, m); state != lock.Sent {
				return state, t
			}
		case t != nil && t.kind == signedOut:
			// An API key may be allowed to send and not to read. Whether it is that, the next check tells.
			c.log.Warn("the text's delivery cannot be followed", "owner", j.owner, "why", t.Detail, "twilio_code", t.Code)
			c.look()
			return lock.Sent, nil
		case t != nil && t.kind == hurried:
			if !sleep(ctx, x.wait) {
				return lock.Sent, nil
			}
		}
	}
	return lock.Sent, nil
}

// outcome reads a message's status. Those not named are stations on the way
// (https://www.twilio.com/docs/messaging/api/message-resource#message-status-values).
func (c *Client) outcome(j job, m *v2010.ApiV2010Message) (lock.TextState, *Trouble) {
	switch *m.Status {
	case "delivered", "read":
		return lock.Delivered, nil
	case "undelivered", "failed", "canceled":
	default:
		return lock.Sent, nil
	}
	t := &Trouble{kind: givenUp}
	if m.ErrorCode != nil {
		t.Code = known(*m.ErrorCode, j.text.Code.Reveal())
	}
	var said string
	if m.ErrorMessage != nil {
		said = *m.ErrorMessage
	}
	t.Detail, t.Hint = c.explain(t, 0, said)
	return lock.Failed, t
}

// sleep waits for d, and says whether ctx outlived it.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return ctx.Err() == nil
	}
}
