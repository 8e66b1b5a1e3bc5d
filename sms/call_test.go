package sms

import (
	"encoding/xml"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"latchd/lock"
	"latchd/otp"
	"latchd/sms/standin"
)

func withCalls() Options {
	o := options()
	o.Voice, o.Languages = true, map[string]string{"Ada": "de-DE"}
	return o
}

// texted is what a phone has got: texts, calls, and what was said of them.
func (r *rig) texted(texts, calls int, said ...string) {
	r.Helper()
	var heard []string
	for {
		select {
		case h := <-r.in:
			if n, ok := h.Input.(lock.TextNews); ok {
				heard = append(heard, strings.TrimSuffix(fmt.Sprintf("%s %d %s", n.State, n.Code, strings.SplitN(n.Detail, ":", 2)[0]), " "))
			}
			continue
		case <-time.After(10 * time.Minute):
		}
		break
	}
	if got, want := strings.Join(heard, "; "), strings.Join(said, "; "); got != want {
		r.Errorf("heard %q, want %q", got, want)
	}
	if t, c := r.twilio.Count(standin.Create), len(r.twilio.Calls()); t != texts || c != calls {
		r.Errorf("%d texts and %d calls, want %d and %d", t, c, texts, calls)
	}
}

func TestACallSpeaksTheCodeWhereTheTextDoesNotArrive(t *testing.T) {
	const life = 2 * time.Minute
	for name, c := range map[string]struct {
		behaviour standin.Behaviour
		life      time.Duration
		calls     int
		said      []string
	}{
		"the text arrives":            {standin.Behaviour{}, life, 0, []string{"sent 0", "delivered 0"}},
		"it arrives within 20 s":      {standin.Behaviour{Late: 15 * time.Second}, life, 0, []string{"sent 0", "delivered 0"}},
		"it is filtered":              {standin.Behaviour{Outcome: "undelivered", OutcomeCode: 30007}, life, 1, []string{"sent 0", "failed 30007 the text was filtered as spam, by Twilio or a carrier", "sent 0 by a call", "delivered 0 by a call"}},
		"a landline is refused":       {standin.Behaviour{On: standin.Create, Status: 400, Code: 21614}, life, 1, []string{"failed 21614 the owner's number cannot get texts", "sent 0 by a call", "delivered 0 by a call"}},
		"it takes more than 20 s":     {standin.Behaviour{Late: 40 * time.Second}, life, 1, []string{"sent 0", "sent 0 by a call", "delivered 0 by a call", "delivered 0"}},
		"it never gets further":       {standin.Behaviour{Outcome: "sent"}, life, 1, []string{"sent 0", "sent 0 by a call", "delivered 0 by a call"}},
		"nobody answers":              {standin.Behaviour{Outcome: "sent", CallOutcome: "no-answer"}, life, 1, []string{"sent 0", "sent 0 by a call", "failed 0 by a call"}},
		"the number does not exist":   {standin.Behaviour{On: standin.Create, Status: 400, Code: 21211}, life, 0, []string{"failed 21211 the owner's number is not a valid phone number"}},
		"the code is all but dead":    {standin.Behaviour{Outcome: "undelivered", OutcomeCode: 30007}, 15 * time.Second, 0, []string{"sent 0", "failed 30007 the text was filtered as spam, by Twilio or a carrier"}},
		"the credentials are refused": {standin.Behaviour{On: standin.Create, Status: 401, Code: 20003}, life, 0, []string{"failed 20003 Twilio refuses the credentials"}},
	} {
		t.Run(name, func(t *testing.T) {
			withRig(t, withCalls(), func(r *rig) {
				r.behave(c.behaviour)
				r.text(c.life, "Ada")
				r.texted(1, c.calls, c.said...)
			})
		})
	}
}

func TestWithoutVoiceFallbackNobodyIsCalled(t *testing.T) {
	withRig(t, options(), func(r *rig) {
		r.behave(standin.Behaviour{Outcome: "undelivered", OutcomeCode: 30007})
		r.text(2*time.Minute, "Ada")
		r.texted(1, 0, "sent 0", "failed 30007 the text was filtered as spam, by Twilio or a carrier")
	})
}

// A text that never left gives its place in the budget back; a call in its place keeps it, or calls would know no budget.
func TestACallTakesTheTextsPlaceInTheBudget(t *testing.T) {
	withRig(t, withCalls(), func(r *rig) {
		r.behave(standin.Behaviour{On: standin.Create, Status: 400, Code: 21614})
		r.text(2*time.Minute, "Ada")
		for n := r.expect(lock.Failed); ; n, _ = r.news() {
			if n.Unsent {
				t.Errorf("given back: %+v", n)
			}
			if n.State == lock.Delivered {
				break
			}
		}
	})
}

func TestACallThatRingsForADeadCodeIsEnded(t *testing.T) {
	const ends = "canceled"
	for name, c := range map[string]struct {
		rings  time.Duration
		hangUp standin.Behaviour
		die    func(r *rig) // 3.5 s after the call was asked for
		ended  string
		asked  int // to end it
	}{
		"its code is used":             {time.Minute, standin.Behaviour{}, func(r *rig) { r.Spent(r.ring) }, ends, 1},
		"a newer ring voids its code":  {time.Minute, standin.Behaviour{}, func(r *rig) { r.send(otp.NewCode(6), time.Minute) }, ends, 1},
		"its code is too old":          {time.Minute, standin.Behaviour{}, func(r *rig) { r.wait(40 * time.Second) }, ends, 1},
		"another ring's code is used":  {30 * time.Second, standin.Behaviour{}, func(r *rig) { r.Spent(r.ring - 1) }, "", 0},
		"it was answered":              {time.Second, standin.Behaviour{}, func(r *rig) { r.Spent(r.ring) }, "", 0},
		"Twilio asks to wait":          {time.Minute, standin.Behaviour{Status: 429, Code: 20429, RetryAfter: "1"}, func(r *rig) { r.Spent(r.ring) }, "", 1},
		"Twilio does not answer":       {time.Minute, standin.Behaviour{Delay: time.Hour}, func(r *rig) { r.Spent(r.ring) }, ends, 1},
		"the key may not end calls":    {time.Minute, standin.Behaviour{Status: 401, Code: 70051}, func(r *rig) { r.Spent(r.ring) }, "", 1},
		"it was answered since a look": {9 * time.Second, standin.Behaviour{}, func(r *rig) { r.wait(8 * time.Second); r.Spent(r.ring) }, "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			withRig(t, withCalls(), func(r *rig) {
				r.behave(standin.Behaviour{Outcome: "undelivered", OutcomeCode: 30007, Rings: c.rings})
				r.text(45*time.Second, "Ada")
				for n := r.expect(lock.Sent); !n.Call || n.State != lock.Sent; n, _ = r.news() {
				}
				c.hangUp.On = standin.HangUp
				r.behave(c.hangUp)
				r.wait(3500 * time.Millisecond)
				c.die(r)
				r.wait(time.Second)
				got := r.twilio.Calls()[0].Ended
				r.wait(5 * time.Minute)
				if got != c.ended || r.twilio.Count(standin.HangUp) != c.asked {
					t.Errorf("ended: %q, asked for %d times", got, r.twilio.Count(standin.HangUp))
				}
			})
		})
	}
}

func TestToEndACallThatIsOverIsNoCauseForConcern(t *testing.T) {
	withRig(t, withCalls(), func(r *rig) {
		r.behave(standin.Behaviour{On: standin.Create, Outcome: "undelivered", OutcomeCode: 30007})
		r.text(45*time.Second, "Ada")
		r.expect(lock.Sent)
		r.behave(standin.Behaviour{On: standin.Listen, Status: 401, Code: 70051}) // the key may not read what became of it
		r.wait(5 * time.Minute)
		synctest.Wait()
		if n := r.twilio.Count(standin.HangUp); n != 1 || strings.Contains(r.log.String(), "still ring") {
			t.Errorf("asked for %d times, and logged: %s", n, &r.log)
		}
	})
}

func TestACallInDoubtIsSpokenOfAsACall(t *testing.T) {
	withRig(t, withCalls(), func(r *rig) {
		r.behave(standin.Behaviour{On: standin.Create, Outcome: "undelivered", OutcomeCode: 30007})
		r.text(2*time.Minute, "Ada")
		r.expect(lock.Sent)
		r.behave(standin.Behaviour{On: standin.Dial, Status: 503})
		r.expect(lock.Failed)
		const want = "by a call: 127.0.0.1 answers HTTP 503; whether the call was made is not known"
		if n := r.expect(lock.Failed); !n.Call || n.Detail != want || n.Unsent {
			t.Errorf("%+v, want %q", n, want)
		}
	})
}

// The request for a call is not broken off when its code dies, or nobody would know which call to end.
func TestACallWhoseCodeDiesWhileItIsAskedForIsEnded(t *testing.T) {
	withRig(t, withCalls(), func(r *rig) {
		r.behave(standin.Behaviour{On: standin.Create, Outcome: "undelivered", OutcomeCode: 30007})
		r.text(2*time.Minute, "Ada")
		r.expect(lock.Sent)
		r.behave(standin.Behaviour{On: standin.Dial, Delay: 5 * time.Second, Rings: time.Minute})
		r.expect(lock.Failed)
		r.wait(time.Second)
		r.Spent(r.ring)
		r.wait(time.Minute)
		if calls := r.twilio.Calls(); len(calls) != 1 || calls[0].Ended != "canceled" {
			t.Errorf("%d calls, asked to end %d", len(calls), r.twilio.Count(standin.HangUp))
		}
	})
}

func TestACallSpeaksDigitByDigitTwiceInTheOwnersLanguage(t *testing.T) {
	withRig(t, withCalls(), func(r *rig) {
		r.behave(standin.Behaviour{Outcome: "undelivered", OutcomeCode: 30007})
		code := r.text(2*time.Minute, "Ada")
		for n, _ := r.news(); n.State != lock.Delivered; n, _ = r.news() {
		}
		call := r.twilio.Calls()[0]
		var spoken struct {
			Say []struct {
				Language string `xml:"language,attr"`
				Words    string `xml:",chardata"`
			}
		}
		if err := xml.Unmarshal([]byte(call.Twiml), &spoken); err != nil {
			t.Fatal(err)
		}
		want := "Front door. " + strings.Join(strings.Split(code.Reveal(), ""), ". ") + "."
		if len(spoken.Say) != 2 || spoken.Say[0] != spoken.Say[1] || spoken.Say[0].Words != want || spoken.Say[0].Language != "de-DE" {
			t.Error("the call does not speak the code as it should")
		}
		if call.To != ada.Reveal() || call.From != sender {
			t.Error("the call goes elsewhere")
		}
	})
}

func TestSpeechEscapesTheDoorsName(t *testing.T) {
	s := speech(`Q&A <"door">`, "en-US", "0123")
	var any struct{}
	if err := xml.Unmarshal([]byte(s), &any); err != nil || !strings.Contains(s, "Q&amp;A &lt;") || !strings.Contains(s, "0. 1. 2. 3.") {
		t.Errorf("%s: %v", s, err)
	}
}
