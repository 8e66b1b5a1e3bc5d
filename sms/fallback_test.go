package sms

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"latchd/lock"
	"latchd/otp"
	"latchd/sms/standin"
)

// turn rings for two owners, one after the other, and returns who got a text and what was said.
func (r *rig) turn(life time.Duration) (texted, said string) {
	code := otp.NewCode(6)
	r.hidden = append(r.hidden, code.Reveal())
	r.ring++
	r.Send(lock.Text{Ring: r.ring, Code: code, TTL: life, To: []string{"Ada", "Ben"}, Turn: true})
	var heard []string
	for done := time.After(life + time.Minute); done != nil; {
		select {
		case h := <-r.in:
			if n, ok := h.Input.(lock.TextNews); ok {
				by := map[bool]string{true: " by a call"}[strings.HasPrefix(n.Detail, "by a call")]
				heard = append(heard, fmt.Sprintf("%s %s%s", n.Owner, n.State, by))
			}
		case <-done:
			done = nil
		}
	}
	var to []string
	for _, m := range r.twilio.Messages() {
		to = append(to, map[string]string{ada.Reveal(): "Ada", ben.Reveal(): "Ben"}[m.To])
	}
	return strings.Join(to, " "), strings.Join(heard, ", ")
}

func TestTheNextOwnerIsTextedWhereTheFirstDoesNotGetTheirs(t *testing.T) {
	const life = 2 * time.Minute
	for name, c := range map[string]struct {
		behaviour    standin.Behaviour
		voice        bool
		life         time.Duration
		texted, said string
	}{
		"the first gets it": {standin.Behaviour{}, true, life, "Ada", "Ada sent, Ada delivered, Ben unneeded"},
		"the first is refused": {standin.Behaviour{On: standin.Create, For: 1, Status: 400, Code: 21614}, true, life,
			"Ben", "Ada failed, Ben sent, Ben delivered"},
		"the first has no such number": {standin.Behaviour{On: standin.Create, For: 1, Status: 400, Code: 21211}, false, life,
			"Ben", "Ada failed, Ben sent, Ben delivered"},
		"it takes more than 20 s": {standin.Behaviour{Late: 30 * time.Second}, false, life,
			"Ada Ben", "Ada sent, Ben sent, Ada delivered, Ben delivered"},
		"none arrives, and nobody is called": {standin.Behaviour{Outcome: "undelivered", OutcomeCode: 30003}, false, life,
			"Ada Ben", "Ada sent, Ada failed, Ben sent, Ben failed"},
		"none arrives, and the last is called": {standin.Behaviour{Outcome: "undelivered", OutcomeCode: 30007}, true, life,
			"Ada Ben", "Ada sent, Ada failed, Ben sent, Ben failed, Ben sent by a call, Ben delivered by a call"},
		"the code dies before it is late": {standin.Behaviour{Outcome: "sent"}, true, 15 * time.Second,
			"Ada", "Ada sent, Ben unneeded"},
		"the credentials are refused": {standin.Behaviour{On: standin.Create, Status: 401, Code: 20003}, true, life,
			"", "Ada failed, Ben failed"},
	} {
		t.Run(name, func(t *testing.T) {
			o := options()
			o.Voice = c.voice
			withRig(t, o, func(r *rig) {
				r.behave(c.behaviour)
				texted, said := r.turn(c.life)
				if texted != c.texted || said != c.said {
					t.Errorf("texted %q; %q; want %q; %q", texted, said, c.texted, c.said)
				}
			})
		})
	}
}

// A newer ring voids what the older one still has to do.
func TestANewRingEndsTheTurnsOfTheOneBefore(t *testing.T) {
	withRig(t, options(), func(r *rig) {
		r.behave(standin.Behaviour{Outcome: "sent"})
		ring := func() {
			r.ring++
			r.Send(lock.Text{Ring: r.ring, Code: otp.NewCode(6), TTL: 2 * time.Minute, To: []string{"Ada", "Ben"}, Turn: true})
		}
		ring()
		r.wait(10 * time.Second)
		ring()
		r.wait(5 * time.Minute)
		to := map[string]int{}
		for _, m := range r.twilio.Messages() {
			to[m.To]++
		}
		if to[ada.Reveal()] != 2 || to[ben.Reveal()] != 1 {
			t.Errorf("Ada got %d texts and Ben %d, want 2 and 1", to[ada.Reveal()], to[ben.Reveal()])
		}
	})
}

func TestNobodyHearsOfACodeThatHasOpened(t *testing.T) {
	o := options()
	o.Voice = true
	for name, turn := range map[string]bool{"a call": false, "the next owner": true} {
		t.Run(name, func(t *testing.T) {
			withRig(t, o, func(r *rig) {
				r.behave(standin.Behaviour{Outcome: "sent"}) // a carrier that tells nothing
				r.ring++
				to := []string{"Ada", "Ben"}
				if !turn {
					to = to[:1]
				}
				r.Send(lock.Text{Ring: r.ring, Code: otp.NewCode(6), TTL: 2 * time.Minute, To: to, Turn: turn})
				r.wait(12 * time.Second)
				r.Spent(r.ring)
				r.wait(5 * time.Minute)
				if m, c := len(r.twilio.Messages()), len(r.twilio.Calls()); m != 1 || c != 0 {
					t.Errorf("%d texts and %d calls", m, c)
				}
			})
		})
	}
}

// The wait is for a text that Twilio has, not for an answer.
func TestASlowAnswerIsNoReasonForACall(t *testing.T) {
	for name, c := range map[string]struct {
		behaviour standin.Behaviour
		calls     int
	}{
		"the answer takes 8 s, the text 15 s more": {standin.Behaviour{On: standin.Create, Delay: 8 * time.Second, Late: 15 * time.Second}, 0},
		"Twilio asks to wait until it is too late": {standin.Behaviour{On: standin.Create, Status: 429, Code: 20429, RetryAfter: "30"}, 0},
		"the key may not read what became of it":   {standin.Behaviour{On: standin.Fetch, Status: 401, Code: 20003}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			withRig(t, withCalls(), func(r *rig) {
				r.behave(c.behaviour)
				r.text(2*time.Minute, "Ada")
				r.wait(5 * time.Minute)
				if n := len(r.twilio.Calls()); n != c.calls {
					t.Errorf("%d calls, want %d", n, c.calls)
				}
			})
		})
	}
}

func TestAKeyThatMayNotCallTextsAllTheSame(t *testing.T) {
	withRig(t, withCalls(), func(r *rig) {
		for range 2 {
			r.behave(standin.Behaviour{On: standin.Create, Outcome: "undelivered", OutcomeCode: 30007})
			r.text(2*time.Minute, "Ada")
			r.expect(lock.Sent)
			r.behave(standin.Behaviour{On: standin.Dial, Status: 401, Code: 70051})
			r.expect(lock.Failed)
			if n := r.expect(lock.Failed); !n.Call || !strings.Contains(n.Detail, "for a call") || !strings.Contains(n.Hint, "to make calls") {
				t.Errorf("%+v", n)
			}
			r.wait(3 * time.Minute)
		}
		if n := len(r.twilio.Messages()); n != 2 {
			t.Errorf("%d texts, want 2", n)
		}
	})
}
