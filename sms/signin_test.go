package sms

import (
	"testing"
	"time"

	"latchd/lock"
	"latchd/otp"
	"latchd/sms/standin"
)

func TestASignInCodeIsTextedBesideTheRings(t *testing.T) {
	withRig(t, options(), func(r *rig) {
		r.text(2*time.Minute, "Ada")
		r.expect(lock.Sent)
		r.expect(lock.Delivered)
		code := otp.NewCode(6)
		r.SignIn("Ben", code, 2*time.Minute)
		r.quiet(time.Minute) // nothing is told of it, and nothing is done twice
		got := r.twilio.Messages()
		if len(got) != 2 || got[1].To != ben.Reveal() || got[1].Body != code.Reveal()+" signs you in to Front door. Pass it on to nobody." {
			t.Fatalf("messages: %+v", got)
		}
		if got[1].Validity > 2*time.Minute || got[1].Validity < 2*time.Minute-time.Second {
			t.Errorf("valid for %v", got[1].Validity)
		}
		r.SignIn("a stranger", otp.NewCode(6), time.Minute)
		r.quiet(time.Minute)
		if n := r.twilio.Count(standin.Create); n != 2 {
			t.Errorf("%d texts created, want 2", n)
		}
	})
}
