package sms

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"latchd/lock"
	"latchd/sms/standin"
)

// mute is a number of the account that cannot call.
const mute = "+15551230000"

// besides plays a test of a client that does not run, in virtual time. Requests are counted by method, and held against
// Twilio's description.
func besides(t *testing.T, o Options, account standin.Account, test func(t *testing.T, c *Client, twilio *standin.Twilio, methods map[string]int)) {
	synctest.Test(t, func(t *testing.T) {
		account.Twilio = standin.New(standin.Options{AccountSID: accountSID, APIKeySID: o.APIKeySID, Secret: secret,
			Numbers: []string{sender, mute}, Mute: []string{mute}, Services: []string{serviceSID}})
		methods := map[string]int{}
		counted := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			methods[r.Method]++ // one request at a time
			account.ServeHTTP(w, r)
		})
		n := newNetwork()
		server := &http.Server{Handler: described(t, counted, new(atomic.Bool)), ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}
		go server.Serve(n)
		defer server.Close()
		o.Dial = n.dial
		c, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		test(t, c, account.Twilio, methods)
	})
}

func TestASurveyTellsWhomTheAccountReachesAndSendsNothing(t *testing.T) {
	both := []string{ada.Reveal(), ben.Reveal()}
	for name, tc := range map[string]struct {
		account    standin.Account
		from       string // "": one that can call
		service    bool
		requests   int
		survey     Survey // but for the troubles
		untold     string
		unlisted   string
		unverified []string
	}{
		"a full account": {account: standin.Account{Type: "Full", Verified: []string{}}, requests: 2,
			survey: Survey{Senders: -1, Type: "Full", Active: true}},
		"a suspended one": {account: standin.Account{Type: "Full", Status: "suspended"}, requests: 2,
			survey: Survey{Senders: -1, Type: "Full"}},
		"a trial account with all numbers verified": {account: standin.Account{Type: "Trial", Verified: both}, requests: 3,
			survey: Survey{Senders: -1, Type: "Trial", Active: true}},
		"a trial account with one number verified": {account: standin.Account{Type: "Trial", Verified: both[:1]}, requests: 3,
			survey: Survey{Senders: -1, Type: "Trial", Active: true, Unverified: []string{"Ben"}}},
		"a trial account with none": {account: standin.Account{Type: "Trial", Verified: []string{}}, requests: 3,
			survey: Survey{Senders: -1, Type: "Trial", Active: true, Unverified: []string{"Ada", "Ben"}}},
		"a key that may not read the account": {account: standin.Account{Verified: both[1:]}, requests: 3, untold: "this API key may not",
			survey: Survey{Senders: -1, Active: true, Unverified: []string{"Ada"}}},
		"a key that may read no more than numbers and messages": {requests: 3, untold: "this API key may not", unlisted: "this API key may not",
			survey: Survey{Senders: -1, Active: true}},
		"a trial account whose verified numbers cannot be read": {account: standin.Account{Type: "Trial"}, requests: 3, unlisted: "this API key may not",
			survey: Survey{Senders: -1, Type: "Trial", Active: true}},
		"a number that cannot call": {account: standin.Account{Type: "Full"}, from: mute, requests: 2,
			survey: Survey{Senders: -1, Type: "Full", Active: true, Mute: true}},
		"a messaging service": {account: standin.Account{Type: "Full", Senders: []string{sender}}, service: true, requests: 3,
			survey: Survey{Senders: 1, Type: "Full", Active: true}},
		"a messaging service without numbers": {account: standin.Account{Type: "Full"}, service: true, requests: 3,
			survey: Survey{Senders: 0, Type: "Full", Active: true}},
	} {
		t.Run(name, func(t *testing.T) {
			o := options()
			o.APIKeySID, o.From = keySID, cmp.Or(tc.from, sender)
			if tc.service {
				o.From, o.MessagingServiceSID = "", serviceSID
			}
			besides(t, o, tc.account, func(t *testing.T, c *Client, _ *standin.Twilio, methods map[string]int) {
				s, err := c.Survey(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if !told(s.Untold, tc.untold) || !told(s.Unlisted, tc.unlisted) {
					t.Errorf("untold: %v, unlisted: %v", s.Untold, s.Unlisted)
				}
				s.Untold, s.Unlisted = nil, nil
				if fmt.Sprintf("%+v", s) != fmt.Sprintf("%+v", tc.survey) {
					t.Errorf("%+v, want %+v", s, tc.survey)
				}
				if len(methods) != 1 || methods[http.MethodGet] != tc.requests {
					t.Errorf("requests: %v, want %d to read", methods, tc.requests)
				}
			})
		})
	}
}

func told(t *Trouble, want string) bool {
	return t == nil && want == "" || t != nil && want != "" && strings.HasPrefix(t.Detail, want) && t.Hint != ""
}

func TestASurveyWithoutASignInIsAnError(t *testing.T) {
	besides(t, options(), standin.Account{}, func(t *testing.T, c *Client, twilio *standin.Twilio, methods map[string]int) {
		twilio.Behave(standin.Behaviour{Status: 401, Code: 20003})
		var trouble *Trouble
		if _, err := c.Survey(t.Context()); !errors.As(err, &trouble) || trouble.Code != 20003 || trouble.Hint == "" {
			t.Errorf("error: %v", err)
		}
		if methods[http.MethodGet] != 1 {
			t.Errorf("requests: %v, want one", methods)
		}
	})
}

func TestATestTextHoldsNoCodeAndIsFollowed(t *testing.T) {
	for name, tc := range map[string]struct {
		b      standin.Behaviour
		owner  string
		state  lock.TextState
		code   int
		detail string
		posts  int
		after  time.Duration // at the most
	}{
		"it arrives":           {owner: "Ada", state: lock.Delivered, posts: 1, after: 5 * time.Second},
		"it does not":          {b: standin.Behaviour{Outcome: "undelivered", OutcomeCode: 30006}, owner: "Ben", state: lock.Failed, code: 30006, detail: "landline", posts: 1, after: 5 * time.Second},
		"this API key may not": {b: standin.Behaviour{On: standin.Create, Status: 400, Code: 21608}, owner: "Ada", state: lock.Failed, code: 21608, detail: "verified numbers only", posts: 1, after: time.Second},
		"Twilio is hurried":    {b: standin.Behaviour{On: standin.Create, Status: 429, Code: 20429}, owner: "Ada", state: lock.Failed, code: 20429, detail: "fewer requests", posts: 1, after: time.Second},
		"nobody knows":         {b: standin.Behaviour{Outcome: "sent"}, owner: "Ada", state: lock.Sent, posts: 1, after: time.Minute},
		"the answer is lost": {b: standin.Behaviour{On: standin.Create, Drop: true}, owner: "Ada", state: lock.Failed, detail: "is not known",
			posts: 1, after: time.Second},
		"the key may not read messages": {b: standin.Behaviour{On: standin.Fetch, Status: 401, Code: 20003}, owner: "Ada", state: lock.Sent,
			detail: "cannot be read", posts: 1, after: 2 * time.Second},
		"there is no such owner": {owner: "Eve", state: lock.Failed, detail: "no such owner"},
	} {
		t.Run(name, func(t *testing.T) {
			besides(t, options(), standin.Account{}, func(t *testing.T, c *Client, twilio *standin.Twilio, methods map[string]int) {
				twilio.Behave(tc.b)
				start := time.Now()
				n := c.TestText(t.Context(), tc.owner)
				if n.State != tc.state || n.Code != tc.code || tc.detail == "" != (n.Detail == "") || !strings.Contains(n.Detail, tc.detail) {
					t.Errorf("news: %+v", n)
				}
				if took := time.Since(start); took > tc.after {
					t.Errorf("it took %v", took)
				}
				if methods[http.MethodPost] != tc.posts {
					t.Errorf("requests: %v", methods)
				}
				for _, m := range twilio.Messages() {
					if m.Body != "Front door: a test. It holds no code and opens nothing." || m.Validity > time.Minute || m.Validity == 0 {
						t.Errorf("text: %+v", m)
					}
				}
			})
		})
	}
}

func TestATestTextEndsWithItsContext(t *testing.T) {
	besides(t, options(), standin.Account{}, func(t *testing.T, c *Client, twilio *standin.Twilio, _ map[string]int) {
		twilio.Behave(standin.Behaviour{Outcome: "queued"})
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		if n := c.TestText(ctx, "Ada"); n.State != lock.Sent || n.Detail != "" {
			t.Errorf("news: %+v", n)
		}
	})
}

func TestASampleIsTheTextAsItGoesOut(t *testing.T) {
	got, err := options().Sample(8, 90*time.Second)
	if err != nil || got != "00000000 opens Front door for 2 min." {
		t.Errorf("%q, %v", got, err)
	}
}

func TestCallingCodes(t *testing.T) {
	for phone, want := range map[lock.Phone]string{ada: "+1", ben: "+44", "+79991234567": "+7", "+353871234567": "+353", "+4915112345678": "+49",
		"+97150123456": "+971", "+85291234567": "+852"} {
		if got := CallingCode(phone); got != want {
			t.Errorf("%s: %s, want %s", phone, got, want)
		}
	}
}
