package sms

import (
	"encoding/xml"
	"fmt"
	"strings"
	"testing"
	"time"

	"latchd/lock"
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
