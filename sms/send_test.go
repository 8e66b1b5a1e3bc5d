package sms

import (
	"strings"
	"testing"
	"time"

	"latchd/lock"
	"latchd/sms/standin"
)

func TestATextIsSentAndFollowedUntilItArrives(t *testing.T) {
	withRig(t, options(), func(r *rig) {
		code := r.text(2*time.Minute, "Ada")
		n := r.expect(lock.Sent)
		if n.Ring != 1 || n.Owner != "Ada" || n.Phone != "…21" || n.Detail != "" {
			t.Errorf("news: %+v", n)
		}
		r.expect(lock.Delivered)
		m := r.twilio.Messages()[0]
		if want := code.Reveal() + " opens Front door for 2 min."; m.Body != want {
			t.Errorf("body %q, want %q", m.Body, want)
		}
		if m.To != ada.Reveal() || m.From != sender || m.Validity != 2*time.Minute-time.Second && m.Validity != 2*time.Minute {
			t.Errorf("message: %+v", m)
		}
		r.quiet(10 * time.Minute)
		if n := r.twilio.Count(standin.Create); n != 1 {
			t.Errorf("%d texts created, want 1", n)
		}
	})
}

func TestAChangeOfOwnersAndWordsHoldsForTheTextsToCome(t *testing.T) {
	withRig(t, options(), func(r *rig) {
		o := options()
		o.Body, o.Owners = "Code {{.Code}}", map[string]lock.Phone{"Grace": "+15557654399"}
		if err := r.Change(o); err != nil {
			t.Fatal(err)
		}
		code := r.text(2*time.Minute, "Grace")
		r.expect(lock.Sent)
		if m := r.twilio.Messages()[0]; m.Body != "Code "+code.Reveal() || m.To != "+15557654399" {
			t.Errorf("message: %+v", m)
		}
		o.Body = "no code at all"
		if err := r.Change(o); err == nil {
			t.Error("a body without the code was taken over")
		}
		r.text(2*time.Minute, "Grace")
		r.expect(lock.Sent)
	})
}

func TestAnAPIKeyAndAMessagingServiceDoAsWell(t *testing.T) {
	o := options()
	o.APIKeySID, o.From, o.MessagingServiceSID = keySID, "", serviceSID
	withRig(t, o, func(r *rig) {
		r.text(time.Minute, "Ada")
		r.expect(lock.Sent)
		r.expect(lock.Delivered)
		if m := r.twilio.Messages()[0]; m.Service != serviceSID || m.From != "" {
			t.Errorf("message: %+v", m)
		}
		if err := r.Check(r.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestASlowRequestForOneOwnerDoesNotDelayAnother(t *testing.T) {
	withRig(t, options(), func(r *rig) {
		r.behave(standin.Behaviour{On: standin.Create, For: 1, Delay: 8 * time.Second})
		r.text(2*time.Minute, "Ada", "Ben")
		first, at := r.news()
		if first.State != lock.Sent || at != 0 {
			t.Errorf("first news after %v: %+v", at, first)
		}
		for {
			n, at := r.news()
			if n.Owner == first.Owner || n.State != lock.Sent {
				continue
			}
			if at != 8*time.Second {
				t.Errorf("second owner's news after %v: %+v", at, n)
			}
			return
		}
	})
}

func TestTwilioIsAskedAgainAsLateAsItSays(t *testing.T) {
	for name, b := range map[string]standin.Behaviour{
		"429 that names the wait":          {Status: 429, Code: 20429, RetryAfter: "7"},
		"20429 without the HTTP status":    {Status: 400, Code: 20429, RetryAfter: "7"},
		"14107 without the HTTP status":    {Status: 400, Code: 14107, RetryAfter: "7"},
		"429 from a proxy, without a code": {Status: 429, Body: "<html>", RetryAfter: "7"},
	} {
		t.Run(name, func(t *testing.T) {
			withRig(t, options(), func(r *rig) {
				b.On, b.For = standin.Create, 1
				r.behave(b)
				r.text(time.Minute, "Ada")
				n, at := r.news()
				if n.State != lock.Sent || at != 7*time.Second {
					t.Errorf("after %v: %+v", at, n)
				}
				if v := r.twilio.Messages()[0].Validity; v != 53*time.Second {
					t.Errorf("validity %v, want what is left of the code's life", v)
				}
			})
		})
	}
}

func TestWaitingForTwilioEndsWithTheCode(t *testing.T) {
	for name, tc := range map[string]struct {
		retryAfter string
		requests   int
		after      time.Duration
	}{
		"told nothing, the waits double":         {"", 5, 15 * time.Second}, // at 0, 1, 3, 7 and 15 s
		"a wait longer than the code's life":     {"3600", 1, 0},
		"a wait that is no number":               {"tomorrow", 5, 15 * time.Second},
		"a wait of a hundred years":              {"3155760000", 1, 0},
		"a wait that overflows":                  {"99999999999999999999", 1, 0},
		"a negative wait":                        {"-5", 5, 15 * time.Second},
		"a wait that leaves less than a second":  {"30", 1, 0},
		"a wait that leaves a second is waited ": {"29", 2, 29 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			withRig(t, options(), func(r *rig) {
				r.behave(standin.Behaviour{On: standin.Create, Status: 429, RetryAfter: tc.retryAfter})
				r.text(30*time.Second, "Ada")
				n, at := r.news()
				if n.State != lock.Failed || !n.Unsent || n.Code != 20429 || at != tc.after {
					t.Errorf("after %v: %+v", at, n)
				}
				if got := r.twilio.Count(standin.Create); got != tc.requests {
					t.Errorf("%d requests, want %d", got, tc.requests)
				}
			})
		})
	}
}

func TestANewerCodeVoidsATextThatStillWaits(t *testing.T) {
	withRig(t, options(), func(r *rig) {
		r.behave(standin.Behaviour{On: standin.Create, For: 1, Status: 429, RetryAfter: "20"})
		r.text(time.Minute, "Ada")
		r.wait(10 * time.Second)
		newer := r.text(time.Minute, "Ada")
		if n := r.expect(lock.Sent); n.Ring != 2 {
			t.Errorf("news: %+v", n)
		}
		r.expect(lock.Delivered)
		n := r.expect(lock.Failed)
		if n.Ring != 1 || !n.Unsent || !strings.Contains(n.Detail, "newer one") {
			t.Errorf("news: %+v", n)
		}
		if m := r.twilio.Messages(); len(m) != 1 || !strings.Contains(m[0].Body, newer.Reveal()) {
			t.Errorf("%d texts sent, want the newer code's only", len(m))
		}
	})
}

func TestNothingIsSentForADeadCode(t *testing.T) {
	beforeRun(t, options(), func(r *rig) {
		r.text(30*time.Second, "Ada")
		r.wait(29*time.Second + time.Millisecond)
		r.start()
		if n := r.expect(lock.Failed); !n.Unsent || !strings.Contains(n.Detail, "died") {
			t.Errorf("news: %+v", n)
		}
		if n := r.twilio.Count(standin.Create); n != 0 {
			t.Errorf("%d requests for a dead code", n)
		}
	})
}

func TestAFullQueueComesBackAsFailedTexts(t *testing.T) {
	beforeRun(t, options(), func(r *rig) {
		for range inHand + 3 {
			r.text(time.Minute, "Ada")
		}
		r.start()
		full := 0
		for range inHand + 3 {
			n, _ := r.news()
			if n.State == lock.Failed && n.Unsent && strings.Contains(n.Detail, "too many") {
				full++
			}
		}
		if full != 3 {
			t.Errorf("%d texts came back because the queue was full, want 3", full)
		}
		r.text(time.Minute, "Ada")
		for n, _ := r.news(); n.Ring != inHand+4; n, _ = r.news() {
		}
	})
}

func TestNumbersAndNamesThatGetNoRequest(t *testing.T) {
	o := options()
	o.CountryCodes = []string{"44"}
	withRig(t, o, func(r *rig) {
		for who, why := range map[string]string{"Ada": "country codes", "Eve": "no such owner"} {
			r.text(time.Minute, who)
			if n := r.expect(lock.Failed); !n.Unsent || !strings.Contains(n.Detail, why) || n.Hint == "" {
				t.Errorf("%s: %+v", who, n)
			}
		}
		if n := r.twilio.Count(standin.Create); n != 0 {
			t.Errorf("%d requests", n)
		}
		r.text(time.Minute, "Ben")
		r.expect(lock.Sent)
	})
}

func TestWhatTwilioSaysOfDelivery(t *testing.T) {
	for name, tc := range map[string]struct {
		outcome string
		code    int
		detail  string
		alarm   bool
	}{
		"undelivered, filtered":                     {"undelivered", 30007, "filtered as spam", false},
		"failed, unregistered sender":               {"failed", 30034, "not registered", true},
		"undelivered, no reason given":              {"undelivered", 0, "could not deliver", false},
		"undelivered, for a reason not in our list": {"undelivered", 39999, "could not deliver the text: The text to …", false},
		"failed, the validity ran out":              {"failed", 30036, "died before", false},
	} {
		t.Run(name, func(t *testing.T) {
			withRig(t, options(), func(r *rig) {
				r.behave(standin.Behaviour{On: standin.Create, Outcome: tc.outcome, OutcomeCode: tc.code})
				r.text(time.Minute, "Ada")
				r.expect(lock.Sent)
				if tc.alarm {
					if f, _ := r.fault(); !f.Standing || !strings.Contains(f.Detail, tc.detail) || f.Hint == "" {
						t.Errorf("fault: %+v", f)
					}
				}
				n := r.expect(lock.Failed)
				if n.Unsent || n.Code != tc.code || !strings.Contains(n.Detail, tc.detail) {
					t.Errorf("news: %+v", n)
				}
				r.quiet(10 * time.Minute)
			})
		})
	}
}

func TestFollowingEndsWithTheCodeOrWhenItHasAskedOftenEnough(t *testing.T) {
	for ttl, want := range map[time.Duration]int{2 * time.Minute: 11, 10 * time.Minute: 35, time.Hour: looks} {
		t.Run(ttl.String(), func(t *testing.T) {
			withRig(t, options(), func(r *rig) {
				r.behave(standin.Behaviour{Outcome: "sent"})
				r.text(ttl, "Ada")
				r.expect(lock.Sent)
				r.quiet(2 * time.Hour)
				if n := r.twilio.Count(standin.Fetch); n != want {
					t.Errorf("%d looks, want %d", n, want)
				}
			})
		})
	}
}

func TestATextThatArrivesLateIsFollowedToItsEnd(t *testing.T) {
	withRig(t, options(), func(r *rig) {
		r.behave(standin.Behaviour{On: standin.Create, Late: time.Minute})
		r.text(2*time.Minute, "Ada")
		r.expect(lock.Sent)
		n, at := r.news()
		if n.State != lock.Delivered || at < 62*time.Second || at > 62*time.Second+lastLook {
			t.Errorf("after %v: %+v", at, n)
		}
	})
}

func TestFollowingOutlivesTroubleOnTheWay(t *testing.T) {
	for name, b := range map[string]standin.Behaviour{
		"5xx":         {Status: 503, Body: "<html>"},
		"429":         {Status: 429, RetryAfter: "3"},
		"lost answer": {Drop: true},
		"garbage":     {Status: 200, Body: "[]"},
		"not found":   {Status: 404, Code: 20404},
	} {
		t.Run(name, func(t *testing.T) {
			withRig(t, options(), func(r *rig) {
				r.text(time.Minute, "Ada")
				b.On, b.For = standin.Fetch, 2
				r.behave(b)
				r.expect(lock.Sent)
				r.expect(lock.Delivered)
			})
		})
	}
}
