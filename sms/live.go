package sms

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	v2010 "github.com/twilio/twilio-go/rest/api/v2010"

	"latchd/lock"
)

// Survey is what can be seen of the account before the first ring, with one request for each field that needs one.
type Survey struct {
	Senders int  // numbers of the messaging service that can send texts; -1: there is no service, or they cannot be read
	Mute    bool // the sender's number cannot call

	Type   string   // "Full", "Trial", or "" where the API key may not read it
	Active bool     // neither suspended nor closed, as far as can be seen
	Untold *Trouble // why Type is ""

	Unverified []string // owners that a trial account cannot text, sorted; not asked for where the account is a full one
	Unlisted   *Trouble // why they are not known
}

// Survey signs in, as Check does, and looks at what the account allows. It sends nothing. The error is a *Trouble, wrapped:
// the sign-in failed. An API key that may read phone numbers and messages, and nothing else, is enough for that much.
//
// Sources: https://www.twilio.com/docs/iam/api/account, https://www.twilio.com/docs/voice/api/outgoing-caller-ids,
// https://www.twilio.com/docs/messaging/api/phonenumber-resource.
func (c *Client) Survey(ctx context.Context) (Survey, error) {
	defer c.transport.CloseIdleConnections()
	s := Survey{Senders: -1, Active: true}
	var t *Trouble
	if s.Mute, t = c.signIn(ctx); t != nil {
		return s, fmt.Errorf("sign in to Twilio: %w", t)
	}
	if c.service != "" {
		if _, t := c.ask(ctx, "", func(x *exchange) (err error) { s.Senders, err = c.countSenders(x); return err }); t != nil {
			s.Senders = -1
		}
	}
	_, s.Untold = c.ask(ctx, "", func(x *exchange) error {
		a, err := x.service().FetchAccount(c.credentials.AccountSid())
		if err == nil && (a.Type == nil || a.Status == nil) {
			err = errStrange
		}
		if err == nil {
			s.Type, s.Active = *a.Type, *a.Status == "active"
		}
		return err
	})
	s.Untold = permission(s.Untold)
	if s.Type != "Full" {
		s.Unverified, s.Unlisted = c.unverified(ctx)
	}
	return s, nil
}

// permission puts into words that what has just signed in is refused something.
func permission(t *Trouble) *Trouble {
	if t == nil || t.kind != signedOut {
		return t
	}
	return &Trouble{Code: t.Code, Detail: "this API key may not read it", Hint: "look into Twilio's console"}
}

// unverified returns the owners whose numbers are not among the account's verified ones.
func (c *Client) unverified(ctx context.Context) (names []string, t *Trouble) {
	verified := map[string]bool{}
	_, t = c.ask(ctx, "", func(x *exchange) error {
		page, err := x.service().PageOutgoingCallerId((&v2010.ListOutgoingCallerIdParams{}).SetPageSize(1000), "", "")
		if err == nil && page.OutgoingCallerIds == nil {
			err = errStrange
		}
		if err != nil {
			return err
		}
		for _, n := range page.OutgoingCallerIds {
			if n.PhoneNumber != nil {
				verified[*n.PhoneNumber] = true
			}
		}
		return nil
	})
	if t != nil {
		return nil, permission(t)
	}
	owners := c.roster.Load().owners
	for _, name := range slices.Sorted(maps.Keys(owners)) {
		if !verified[owners[name].Reveal()] {
			names = append(names, name)
		}
	}
	return names, nil
}

// countSenders returns how many of the messaging service's numbers can send texts. As findService, it does without the
// package of that product.
func (c *Client) countSenders(x *exchange) (int, error) {
	res, err := x.client().SendRequest(http.MethodGet,
		"https://messaging.twilio.com/v1/Services/"+c.service+"/PhoneNumbers?PageSize=100", nil, nil)
	if err != nil {
		return 0, err
	}
	var found struct {
		Numbers []struct {
			Capabilities []string `json:"capabilities"`
		} `json:"phone_numbers"`
	}
	if err := json.NewDecoder(res.Body).Decode(&found); err != nil {
		return 0, err
	}
	if found.Numbers == nil {
		return 0, errStrange
	}
	n := 0
	for _, number := range found.Numbers {
		if slices.Contains(number.Capabilities, "SMS") {
			n++
		}
	}
	return n, nil
}

// testTime is how long a test text is followed, and how long Twilio may try to send it.
const testTime = time.Minute

const testWords = ": a test. It holds no code and opens nothing."

// TestText sends one owner a text that says that it is a test and holds no code, and follows it for a minute, or until ctx
// ends: the state is then lock.Sent still. It is billed as any other. Send's rules hold, but that it asks only once. It is
// for a Client that is not running.
func (c *Client) TestText(ctx context.Context, owner string) lock.TextNews {
	defer c.transport.CloseIdleConnections()
	to := *c.roster.Load()
	to.body = plain(to.names.place() + testWords)
	j := job{to: &to, owner: owner, text: lock.Text{TTL: testTime}, dead: time.Now().Add(testTime)}
	ctx, cancel := context.WithDeadline(ctx, j.dead)
	defer cancel()
	if t := c.forbids(j); t != nil {
		return c.news(j, lock.Failed, t)
	}
	message, _, t := c.create(ctx, j)
	if t != nil {
		return c.news(j, lock.Failed, t)
	}
	state, t := c.follow(ctx, j, message)
	if state == lock.Sent && ctx.Err() == nil { // it would have been followed to the end
		t = &Trouble{kind: givenUp, Detail: "what became of it cannot be read", Hint: "allow the API key to read messages"}
	}
	return c.news(j, state, t)
}

// countries are the calling codes of ITU-T E.164 that have one or two digits; all others have three
// (https://www.itu.int/pub/T-SP-E.164D).
var countries = strings.Fields("1 7 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 " +
	"81 82 84 86 90 91 92 93 94 95 98")

// CallingCode returns the calling code that an E.164 number begins with, as in "+44".
func CallingCode(p lock.Phone) string {
	number := strings.TrimPrefix(p.Reveal(), "+")
	for _, cc := range countries {
		if strings.HasPrefix(number, cc) {
			return "+" + cc
		}
	}
	return "+" + number[:min(3, len(number))]
}
