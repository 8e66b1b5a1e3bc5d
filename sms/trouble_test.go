package sms

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchd/lock"
	"latchd/sms/standin"
)

func TestARequestEndsWithItsCode(t *testing.T) {
	withRig(t, options(), func(r *rig) {
		r.behave(standin.Behaviour{On: standin.Create, Delay: time.Hour})
		r.text(4*time.Second, "Ada")
		if n, at := r.news(); n.State != lock.Failed || n.Unsent || at != 4*time.Second {
			t.Errorf("after %v: %+v", at, n)
		}
	})
}

func TestWithoutANetworkTextsFailAtOnceAndTheCheckFindsItsReturn(t *testing.T) {
	withRig(t, options(), func(r *rig) {
		r.wait(time.Minute) // signed in
		r.network.setCut(true)
		r.transport.CloseIdleConnections()
		r.text(time.Minute, "Ada")
		if f, _ := r.fault(); !f.Standing || !strings.Contains(f.Detail, "cannot reach 127.0.0.1: connection refused") {
			t.Errorf("fault: %+v", f)
		}
		n, at := r.news()
		if n.State != lock.Failed || !n.Unsent || at != time.Minute || strings.Contains(n.Detail, "not known") {
			t.Errorf("after %v: %+v", at, n)
		}
		r.wait(5 * time.Second)
		r.network.setCut(false)
		if f, at := r.fault(); f.Standing || at != time.Minute+checkSoon {
			t.Errorf("after %v: fault %+v, want it cleared by a check that the text has asked for", at, f)
		}
		r.text(time.Minute, "Ada")
		r.expect(lock.Sent)
	})
}

func TestAStartWithoutANetworkIsTriedAgainSoon(t *testing.T) {
	beforeRun(t, options(), func(r *rig) {
		r.network.setCut(true)
		r.start()
		if f, at := r.fault(); !f.Standing || at != 0 {
			t.Errorf("after %v: %+v", at, f)
		}
		r.wait(5 * time.Second)
		r.network.setCut(false)
		if f, at := r.fault(); f.Standing || at != 10*time.Second {
			t.Errorf("after %v: %+v", at, f)
		}
	})
}

func TestAFaultLeftByAnEarlierRunIsClearedByTheFirstCheck(t *testing.T) {
	var a alarm
	var told []lock.Input
	for range 2 {
		a.listen(func(in lock.Input) { told = append(told, in) })
		a.end(account, nil)
		a.end(account, nil)
	}
	want := []lock.Input{lock.Fault{Part: "twilio"}, lock.Fault{Part: "twilio"}}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Error(diff)
	}
}

func TestRefusedCredentialsStopAllRequestsUntilACheckSucceeds(t *testing.T) {
	for name, b := range map[string]standin.Behaviour{
		"401":                          {Status: 401, Code: 20003, Message: "Authenticate"},
		"401 without Twilio's code":    {Status: 401, Body: "no"},
		"20003 under another status":   {Status: 403, Code: 20003},
		"401 that names another cause": {Status: 401, Code: 70051},
	} {
		t.Run(name, func(t *testing.T) {
			withRig(t, options(), func(r *rig) {
				r.wait(time.Second)
				r.behave(b)
				r.text(time.Minute, "Ada")
				if f, _ := r.fault(); !f.Standing || f.Detail == "" {
					t.Errorf("fault: %+v", f)
				}
				if n := r.expect(lock.Failed); !n.Unsent {
					t.Errorf("news: %+v", n)
				}
				r.wait(time.Minute)
				r.text(time.Minute, "Ada", "Ben")
				for range 2 {
					if n := r.expect(lock.Failed); !n.Unsent || n.Detail == "" {
						t.Errorf("news: %+v", n)
					}
				}
				if n := r.twilio.Count(standin.Create); n != 1 {
					t.Errorf("%d texts tried, want the first only", n)
				}
				r.wait(4 * time.Minute) // the check at 5 min fails as well
				r.behave(standin.Behaviour{})
				if f, at := r.fault(); f.Standing || at != 10*time.Minute {
					t.Errorf("after %v: fault %+v", at, f)
				}
				if n := r.twilio.Count(standin.SignIn); n != 3 {
					t.Errorf("%d checks, want 3", n)
				}
				r.text(time.Minute, "Ada")
				r.expect(lock.Sent)
			})
		})
	}
}

func TestWrongCredentialsAreSaidAtTheStartAndHoldNothingUp(t *testing.T) {
	beforeRun(t, options(), func(r *rig) {
		r.credentials.Password = "wrong"
		r.hidden = append(r.hidden, "wrong")
		r.start()
		r.text(time.Minute, "Ada")
		if n, at := r.news(); n.State != lock.Failed || !n.Unsent || at != 0 || n.Code != 20003 {
			t.Errorf("after %v: %+v", at, n)
		}
	})
}

func TestAKeyThatMayNotReadMessagesMaySendThem(t *testing.T) {
	withRig(t, options(), func(r *rig) {
		r.behave(standin.Behaviour{On: standin.Fetch, Status: 401, Code: 20003})
		for range 2 {
			r.text(time.Minute, "Ada")
			r.expect(lock.Sent)
			r.quiet(2 * time.Minute)
		}
		if n := r.twilio.Count(standin.Fetch); n != 2 {
			t.Errorf("%d looks, want one for each text", n)
		}
	})
}

func TestWhatTwilioRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		status, code int
		message      string
		detail, hint string
		alarm        bool
	}{
		"a bad number":           {400, 21211, "The 'To' number +15557654321 is not valid", "not a valid phone number", "correct", false},
		"a barred region":        {403, 21408, "Permission to send +1 (555) 765-4321", "may not text this region", "Geo", true},
		"a sender not ours":      {400, 21606, "From +15551234567", "cannot send", "check that from", true},
		"a trial account":        {400, 21608, "unverified 15557654321", "trial account", "verify", true},
		"an owner who said STOP": {400, 21610, "", "unsubscribed", "START", false},
		"a landline":             {400, 21614, "", "cannot get texts", "mobile", false},
		"no money":               {400, 10001, "", "not active", "money", true},
		"the day's limit":        {400, 63038, "", "messages of the day", "tomorrow", true},
		"a code not in the list": {400, 29999, "Odd: +15557654321\nnever mind", "refuses: Odd: … never mind", "look the code up", false},
		"neither code nor words": {418, 0, "", "Twilio refuses", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			withRig(t, options(), func(r *rig) {
				r.behave(standin.Behaviour{On: standin.Create, For: 1, Status: tc.status, Code: tc.code, Message: tc.message})
				r.text(time.Minute, "Ada")
				if tc.alarm {
					if f, _ := r.fault(); !f.Standing || !strings.Contains(f.Detail, tc.detail) || !strings.Contains(f.Hint, tc.hint) {
						t.Errorf("fault: %+v", f)
					}
				}
				n := r.expect(lock.Failed)
				if !n.Unsent || !strings.Contains(n.Detail, tc.detail) || !strings.Contains(n.Hint, tc.hint) {
					t.Errorf("news: %+v", n)
				}
				if tc.code != 0 && n.Code != tc.code {
					t.Errorf("code %d", n.Code)
				}
				if !tc.alarm {
					r.quiet(time.Hour)
					return
				}
				// Neither a check nor another owner's text says that it is over.
				r.wait(10 * time.Minute)
				r.text(time.Minute, "Ben")
				r.expect(lock.Sent)
				r.expect(lock.Delivered)
				r.quiet(10 * time.Minute)
				r.text(time.Minute, "Ada")
				r.expect(lock.Sent)
				if f, _ := r.fault(); f.Standing {
					t.Errorf("fault: %+v", f)
				}
			})
		})
	}
}

func TestEveryCodeSaysWhatItMeansAndWhatToDo(t *testing.T) {
	for code, a := range codes {
		if a.meaning == "" || a.hint == "" || strings.ContainsAny(a.meaning[len(a.meaning)-1:]+a.hint[len(a.hint)-1:], ".:,; ") {
			t.Errorf("%d: %+v", code, a)
		}
	}
}

func TestTheEndOfARunEndsAllRequests(t *testing.T) {
	withRig(t, options(), func(r *rig) {
		r.behave(standin.Behaviour{On: standin.Create, For: 1, Delay: time.Hour})
		r.text(10*time.Minute, "Ada", "Ben")
		r.wait(5 * time.Second) // one is under way, one has arrived
		r.expect(lock.Sent)
		r.expect(lock.Delivered)
		r.stop()
		r.quiet(time.Hour)
	})
}

func TestCheckSaysWhatIsWrongAndWhatToDo(t *testing.T) {
	number := func(n, capabilities string) string {
		return `{"incoming_phone_numbers":[{"phone_number":"` + n + `"` + capabilities + `}]}`
	}
	for name, tc := range map[string]struct {
		service bool
		b       standin.Behaviour
		cut     bool
		want    string // "": nothing is wrong
	}{
		"all is well":                  {},
		"all is well with a service":   {service: true},
		"credentials":                  {b: standin.Behaviour{Status: 401, Code: 20003}, want: "refuses the credentials: check account_sid"},
		"account unknown":              {b: standin.Behaviour{Status: 404, Code: 20404}, want: "check account_sid"},
		"service unknown":              {service: true, b: standin.Behaviour{Status: 404, Code: 21701}, want: "check messaging_service_sid"},
		"another service":              {service: true, b: standin.Behaviour{Status: 200, Body: `{"sid":"MG1"}`}, want: "none of Twilio's"},
		"number of somebody else":      {b: standin.Behaviour{Status: 200, Body: `{"incoming_phone_numbers":[]}`}, want: "none of this account's: check from"},
		"number that only contains it": {b: standin.Behaviour{Status: 200, Body: number(sender+"9", "")}, want: "none of this account's"},
		"number without texts": {b: standin.Behaviour{Status: 200, Body: number(sender, `,"capabilities":{"sms":false}`)},
			want: "cannot send texts"},
		"capabilities not told": {b: standin.Behaviour{Status: 200, Body: number(sender, "")}},
		"hurried":               {b: standin.Behaviour{Status: 429}, want: "fewer requests"},
		"away":                  {cut: true, want: "cannot reach 127.0.0.1: connection refused: check the network"},
	} {
		t.Run(name, func(t *testing.T) {
			o := options()
			if tc.service {
				o.From, o.MessagingServiceSID = "", serviceSID
			}
			withRig(t, o, func(r *rig) {
				r.wait(time.Second)
				r.transport.CloseIdleConnections()
				r.network.setCut(tc.cut)
				r.behave(tc.b)
				err := r.Check(r.Context())
				if tc.want == "" {
					if err != nil {
						t.Error(err)
					}
					return
				}
				var trouble *Trouble
				if !errors.As(err, &trouble) || !strings.Contains(err.Error(), tc.want) {
					t.Errorf("error %q, want %q", err, tc.want)
				}
				if r.errs.WriteString(err.Error()); trouble != nil && trouble.Hint == "" {
					t.Error("no hint")
				}
			})
		})
	}
}
