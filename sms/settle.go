package sms

import (
	"context"
	"strings"
	"time"

	v2010 "github.com/twilio/twilio-go/rest/api/v2010"
)

const (
	firstSearch = time.Second     // after a text came into doubt, for it among the account's; doubles
	searches    = 4               // for one text: 1, 3, 7 and 15 s after it came into doubt
	skew        = 5 * time.Second // that the clocks behind Twilio's API may differ, far less than rings are apart
)

// settle finds out whether Twilio took a text whose answer was lost: it looks the text up and never posts it again. It
// returns the SID once it is found; else what is known: that Twilio's list does not hold it (missing), or nothing (the
// doubt itself), when Twilio could not be asked, the API key may not read messages, or the code died.
func (c *Client) settle(ctx context.Context, j job, doubt *Trouble) (string, *Trouble) {
	state := doubt
	for i := range searches {
		if !sleep(ctx, firstSearch<<i) || c.barred.Load() != nil {
			break
		}
		message, x, t := c.search(ctx, j)
		switch {
		case message != "":
			c.alarm.end(account, doubt)
			return message, nil
		case t == nil:
			state = &Trouble{kind: missing, Code: doubt.Code, Detail: doubt.Detail, Hint: doubt.Hint}
			continue
		case t.kind == signedOut:
			c.look()
			return "", doubt
		case t.kind == hurried && !sleep(ctx, x.wait):
			return "", doubt
		}
		state = doubt
	}
	return "", state
}

// search looks for a text among the newest fifty to its owner; Twilio lists the newest first. It asks for no date: a text
// that is still queued has not been sent on any, and this machine's clock may be wrong.
func (c *Client) search(ctx context.Context, j job) (message string, x *exchange, t *Trouble) {
	params := (&v2010.ListMessageParams{}).SetTo(j.to.owners[j.owner].Reveal()).SetPageSize(50)
	if c.service == "" {
		params.SetFrom(c.from)
	}
	code := j.text.Code.Reveal()
	x, t = c.ask(ctx, code, func(x *exchange) error {
		page, err := x.service().PageMessage(params, "", "")
		if err != nil {
			return err
		}
		if page.Messages == nil {
			return errStrange
		}
		pressed := x.date.Add(-time.Since(j.dead.Add(-j.text.TTL)) - skew)
		for _, m := range page.Messages {
			if isText(m, code, pressed) {
				message = *m.Sid
			}
		}
		return nil
	})
	return message, x, t
}

// isText says whether a message is the text of a code that was made at pressed, by Twilio's clock. It goes by the code, not by
// all of the body: Twilio puts words of its own before a trial account's texts and may swap characters for plainer ones
// (https://www.twilio.com/docs/messaging/services#smart-encoding).
func isText(m v2010.ApiV2010Message, code string, pressed time.Time) bool {
	if m.Sid == nil || m.Body == nil || m.DateCreated == nil || m.Direction == nil {
		return false
	}
	created, err := time.Parse(time.RFC1123Z, *m.DateCreated)
	return err == nil && !created.Before(pressed) && *m.Direction == "outbound-api" && isMessage(*m.Sid) &&
		strings.Contains(*m.Body, code)
}
