package sms

import (
	"strings"
	"testing"
	"time"

	v2010 "github.com/twilio/twilio-go/rest/api/v2010"

	"latchd/lock"
	"latchd/sms/standin"
)

// doubts are the ways in which an answer to a new text can be lost, and what the fault says of each.
var doubts = map[string]struct {
	b      standin.Behaviour
	after  time.Duration
	detail string
}{
	"no answer in time":               {standin.Behaviour{Delay: time.Hour}, 10 * time.Second, "no answer in time"},
	"connection closed":               {standin.Behaviour{Drop: true}, 0, "cannot reach"},
	"500":                             {standin.Behaviour{Status: 500, Code: 20500}, 0, "HTTP 500"},
	"502 with HTML":                   {standin.Behaviour{Status: 502, Body: "<html>Bad gateway"}, 0, "HTTP 502"},
	"a redirect":                      {standin.Behaviour{Status: 307, Body: "elsewhere"}, 0, "redirects"},
	"success without a message":       {standin.Behaviour{Status: 200, Body: "{}"}, 0, "none of Twilio's"},
	"success with a path for a SID":   {standin.Behaviour{Status: 201, Body: `{"sid":"../SM1"}`}, 0, "none of Twilio's"},
	"success that is not JSON at all": {standin.Behaviour{Status: 201, Body: "Welcome to the hotel"}, 0, "none of Twilio's"},
}

// lose has the answer to Ada's next text lost, and waits for the fault that it raises.
func (r *rig) lose(b standin.Behaviour, ttl time.Duration) lock.Fault {
	r.Helper()
	r.wait(time.Second) // the check at the start is over
	b.On, b.For = standin.Create, 1
	r.behave(b)
	r.text(ttl, "Ada")
	f, _ := r.fault()
	if !f.Standing || f.Hint == "" {
		r.Errorf("fault: %+v", f)
	}
	return f
}

// posts checks how often a text was posted and looked up.
func (r *rig) posts(created, listed int) {
	r.Helper()
	if n := r.twilio.Count(standin.Create); n != created {
		r.Errorf("%d texts posted, want %d", n, created)
	}
	if n := r.twilio.Count(standin.List); n != listed {
		r.Errorf("%d times looked up, want %d", n, listed)
	}
}

func TestATextWhoseAnswerIsLostIsLookedUpAndFollowed(t *testing.T) {
	for name, tc := range doubts {
		t.Run(name, func(t *testing.T) {
			withRig(t, options(), func(r *rig) {
				tc.b.Done = true
				if f := r.lose(tc.b, time.Minute); !strings.Contains(f.Detail, tc.detail) {
					t.Errorf("fault: %+v", f)
				}
				if f, at := r.fault(); f.Standing || at != 2*time.Second+tc.after {
					t.Errorf("after %v: fault %+v, want it cleared", at, f)
				}
				r.expect(lock.Sent)
				r.expect(lock.Delivered)
				r.quiet(10 * time.Minute)
				r.posts(1, 1)
				if n := len(r.twilio.Messages()); n != 1 {
					t.Errorf("%d texts went out", n)
				}
			})
		})
	}
}

func TestATextThatTwilioDoesNotListHasFailedAndIsNotSentAgain(t *testing.T) {
	for name, tc := range doubts {
		if tc.b.Status == 0 {
			continue // Twilio took that text
		}
		t.Run(name, func(t *testing.T) {
			withRig(t, options(), func(r *rig) {
				r.lose(tc.b, time.Minute)
				if f, at := r.fault(); f.Standing || at > 12*time.Second {
					t.Errorf("after %v: fault %+v, want it cleared by a check of its own", at, f)
				}
				n, at := r.news()
				if n.State != lock.Failed || n.Unsent || at != 16*time.Second || !strings.Contains(n.Detail, tc.detail) ||
					!strings.Contains(n.Detail, "does not list the text") {
					t.Errorf("after %v: %+v", at, n)
				}
				r.posts(1, searches)
			})
		})
	}
}

func TestLookingATextUpOutlivesTroubleOnTheWay(t *testing.T) {
	for name, tc := range map[string]struct {
		b     standin.Behaviour
		found time.Duration
	}{
		"not listed yet": {standin.Behaviour{Status: 200, Body: `{"messages":[]}`}, 7 * time.Second},
		"5xx":            {standin.Behaviour{Status: 503, Body: "<html>"}, 7 * time.Second},
		"lost answer":    {standin.Behaviour{Drop: true}, 7 * time.Second},
		"garbage":        {standin.Behaviour{Status: 200, Body: `{}`}, 7 * time.Second},
		"429":            {standin.Behaviour{Status: 429, RetryAfter: "3"}, 13 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			withRig(t, options(), func(r *rig) {
				r.lose(standin.Behaviour{Drop: true}, time.Minute)
				tc.b.On, tc.b.For = standin.List, 2
				r.behave(tc.b)
				if n, at := r.news(); n.State != lock.Sent || at != time.Second+tc.found {
					t.Errorf("after %v: %+v", at, n)
				}
				r.posts(1, 3)
			})
		})
	}
}

func TestWhatCannotBeLookedUpStaysUnknown(t *testing.T) {
	for name, tc := range map[string]struct {
		b      standin.Behaviour
		ttl    time.Duration
		after  time.Duration
		listed int
	}{
		"Twilio fails":                     {standin.Behaviour{Status: 503}, time.Minute, 15 * time.Second, searches},
		"the key may not read messages":    {standin.Behaviour{Status: 401, Code: 20003}, time.Minute, time.Second, 1},
		"the code dies":                    {standin.Behaviour{Status: 503}, 5 * time.Second, 5 * time.Second, 2},
		"Twilio hangs until the code dies": {standin.Behaviour{Delay: time.Hour}, 8 * time.Second, 8 * time.Second, 1},
	} {
		t.Run(name, func(t *testing.T) {
			withRig(t, options(), func(r *rig) {
				r.lose(standin.Behaviour{Drop: true}, tc.ttl)
				tc.b.On = standin.List
				r.behave(tc.b)
				n, at := r.news()
				if n.State != lock.Failed || n.Unsent || at != time.Second+tc.after || !strings.Contains(n.Detail, "went out is not known") {
					t.Errorf("after %v: %+v", at, n)
				}
				r.wait(time.Minute)
				r.posts(1, tc.listed)
			})
		})
	}
}

func TestANewRingWhileATextIsInDoubtGetsATextOfItsOwn(t *testing.T) {
	o := options()
	o.From, o.MessagingServiceSID = "", serviceSID
	withRig(t, o, func(r *rig) {
		r.lose(standin.Behaviour{Status: 500, Done: true}, time.Minute)
		r.text(time.Minute, "Ada")
		for _, ring := range []uint64{2, 1} {
			if n := r.expect(lock.Sent); n.Ring != ring {
				t.Errorf("news: %+v, want ring %d's", n, ring)
			}
		}
		r.posts(2, 1)
	})
}

func TestOtherTextsAreNotTakenForTheOneInDoubt(t *testing.T) {
	pressed := time.Date(2026, 11, 20, 23, 59, 50, 0, time.UTC)
	text := func(change func(sid, body, created, direction *string)) v2010.ApiV2010Message {
		sid, body, direction := "SM0123456789abcdef0123456789abcdef", "Sent from a trial account - 012345 opens.", "outbound-api"
		created := pressed.Format(time.RFC1123Z)
		change(&sid, &body, &created, &direction)
		return v2010.ApiV2010Message{Sid: &sid, Body: &body, DateCreated: &created, Direction: &direction}
	}
	for name, tc := range map[string]struct {
		m    v2010.ApiV2010Message
		want bool
	}{
		"the one":           {text(func(_, _, _, _ *string) {}), true},
		"a day's last":      {text(func(_, _, created, _ *string) { *created = "Fri, 20 Nov 2026 16:00:00 -0800" }), true},
		"another code":      {text(func(_, body, _, _ *string) { *body = "112345 opens." }), false},
		"a text before it":  {text(func(_, _, created, _ *string) { *created = pressed.Add(-time.Second).Format(time.RFC1123Z) }), false},
		"one without a day": {text(func(_, _, created, _ *string) { *created = "today" }), false},
		"an answer":         {text(func(_, _, _, direction *string) { *direction = "inbound" }), false},
		"another thing":     {text(func(sid, _, _, _ *string) { *sid = "../SM1" }), false},
		"nothing":           {v2010.ApiV2010Message{}, false},
	} {
		if got := isText(tc.m, "012345", pressed); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestAnEarlierTextWithTheSameCodeIsNotTakenForTheOneInDoubt(t *testing.T) {
	withRig(t, options(), func(r *rig) {
		code := r.text(time.Minute, "Ada")
		r.expect(lock.Sent)
		r.expect(lock.Delivered)
		r.wait(time.Minute)
		r.behave(standin.Behaviour{On: standin.Create, Status: 500})
		r.send(code, time.Minute, "Ada")
		if n := r.expect(lock.Failed); n.Ring != 2 {
			t.Errorf("news: %+v", n)
		}
		r.posts(2, searches)
	})
}
