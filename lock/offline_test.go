package lock_test

import (
	"testing"
	"time"

	. "latchd/lock"
	"latchd/otp"
)

// app is the owner's authenticator app, whose clock is right.
type app struct {
	*door
	key otp.TOTP
}

// shows returns what the app shows so many periods from now.
func (a app) shows(periods int64) string {
	return a.key.Code(otp.Step(a.now.Wall)+periods, a.cfg.Digits).Reveal()
}

func newApp(t *testing.T, when OfflineWhen) app {
	cfg := rules()
	cfg.Offline = Offline{when, fuzzKey}
	d := newDoor(t, cfg)
	d.now.Synced = true
	return app{d, cfg.Offline.Key}
}

func TestOfflineCode(t *testing.T) {
	granted := []string{"open 5s", "access.granted code", "lock.unlocked code"}
	refused := func(a app, why string) {
		a.t.Helper()
		before := a.m.State().Failures
		a.forget()
		a.typed(a.shows(0) + "#")
		a.heard("access.denied code " + why)
		if after := a.m.State(); after.Failures != before+1 || after.OfflineStep != 0 {
			a.t.Errorf("%d failures after %d, step %d", after.Failures, before, after.OfflineStep)
		}
	}
	opens := func(a app) {
		a.t.Helper()
		a.forget()
		a.typed(a.shows(0) + "#")
		a.heard(granted...)
	}
	fails := func(a app) {
		a.bell()
		a.step(TextNews{Ring: a.ring, Owner: "Ada", State: Failed})
	}
	for _, c := range []struct {
		name  string
		when  OfflineWhen
		story func(a app)
	}{
		{"a ring whose texts failed counts for an hour", OfflineFailing, func(a app) {
			fails(a)
			a.wait(time.Hour)
			opens(a)
			fails(a)
			a.wait(time.Hour + time.Second)
			before := a.m.State().OfflineStep
			a.forget()
			a.typed(a.shows(0) + "#")
			a.heard("access.denied code no_code")
			if a.m.State().OfflineStep != before {
				a.t.Error("it is spent")
			}
		}},
		{"a call that nobody takes is no text that fails", OfflineFailing, func(a app) {
			a.bell()
			a.step(TextNews{Ring: a.ring, Owner: "Ada", State: Delivered})
			a.step(TextNews{Ring: a.ring, Owner: "Ada", State: Failed, Call: true})
			refused(a, "wrong_code")
		}},
		{"opens once, and is then told as used", OfflineAlways, func(a app) {
			opens(a)
			a.typed(a.shows(0) + "#")
			a.heard("access.denied code used")
			a.wait(otp.Period)
			opens(a)
		}},
		{"resets the count, as any right code does", OfflineAlways, func(a app) {
			a.typed("00000#00000#123456#")
			if a.m.State().Failures != 1 {
				a.t.Errorf("%d failures", a.m.State().Failures)
			}
			opens(a)
			if a.m.State().Failures != 0 {
				a.t.Errorf("%d failures", a.m.State().Failures)
			}
		}},
		{"opens a period early or late, and not two", OfflineAlways, func(a app) {
			for _, off := range []int64{-2, 2} {
				a.typed(a.shows(off) + "#")
				a.heard("access.denied code no_code")
			}
			a.typed(a.shows(-1) + "#")
			a.heard(granted...)
			a.wait(time.Hour)
			a.forget()
			a.typed(a.shows(1) + "#")
			a.heard(granted...)
		}},
		{"ends those before it, which then count", OfflineAlways, func(a app) {
			a.typed(a.shows(1) + "#")
			a.forget()
			for _, off := range []int64{-1, 0} {
				a.typed(a.shows(off) + "#")
				a.heard("access.denied code no_code")
			}
		}},
		{"never opens a second time, after a restart and with the clock set back", OfflineAlways, func(a app) {
			code := a.shows(0)
			opens(a)
			a.start(a.m.State())
			a.now.Wall = a.now.Wall.Add(-otp.Period)
			a.typed(code + "#")
			a.heard("access.denied code no_code")
			a.typed(a.shows(0) + "#")
			a.heard("access.denied code no_code")
		}},
		{"is saved before it is told", OfflineAlways, func(a app) {
			saved := false
			a.typed(a.shows(0))
			for _, e := range a.m.Step(a.now, Key{'#'}) {
				if s, ok := e.(Save); ok {
					saved = s.State.OfflineStep == otp.Step(a.now.Wall)
				}
			}
			if !saved {
				a.t.Error("not saved")
			}
		}},
		{"does not void the texted one, nor that one it", OfflineAlways, func(a app) {
			a.bell()
			opens(a)
			a.typed(a.code + "#")
			a.heard("open 5s", "access.granted code")
			a.wait(otp.Period)
			opens(a)
		}},
		{"is a wrong entry when it is off", "", func(a app) {
			refused(a, "no_code")
			fails(a)
			refused(a, "wrong_code")
		}},
		{"is a wrong entry while the clock is not known to be right", OfflineAlways, func(a app) {
			a.now.Synced = false
			refused(a, "no_code")
			a.bell()
			refused(a, "wrong_code")
			a.now.Synced = true
			opens(a)
		}},
		{"is not looked at in a lockout, and so not spent", OfflineAlways, func(a app) {
			a.lockedOut()
			a.typed(a.shows(0) + "#")
			a.heard("access.denied code locked_out")
			if a.m.State().OfflineStep != 0 {
				a.t.Error("spent")
			}
		}},
		{"is a wrong entry while texts arrive", OfflineFailing, func(a app) {
			refused(a, "no_code")
			a.bell()
			a.step(TextNews{Ring: a.ring, Owner: "Ada", State: Sent})
			refused(a, "wrong_code")
		}},
		{"opens while a fault of Twilio stands, and no longer", OfflineFailing, func(a app) {
			a.step(Fault{Part: "twilio", Standing: true})
			opens(a)
			a.wait(otp.Period)
			a.step(Fault{Part: "twilio"})
			a.forget()
			a.typed(a.shows(0) + "#")
			a.heard("access.denied code no_code")
		}},
		{"opens once the text of the newest ring has failed, until one of a newer ring has not", OfflineFailing, func(a app) {
			fails(a)
			opens(a)
			a.wait(time.Minute)
			a.bell()
			a.forget()
			a.typed(a.shows(0) + "#")
			a.heard("access.denied code wrong_code")
			a.step(TextNews{Ring: a.ring, Owner: "Ada", State: Failed})
			opens(a)
		}},
		{"opens when every owner's text has failed, not when one's has", OfflineFailing, func(a app) {
			a.cfg.Owners = []Owner{{Name: "Ada"}, {Name: "Bob"}}
			a.step(Reconfigured{a.cfg})
			fails(a)
			refused(a, "wrong_code")
			a.step(TextNews{Ring: a.ring, Owner: "Bob", State: Failed})
			opens(a)
		}},
		{"does not open for news of an older ring, nor when a later word has a text arrive", OfflineFailing, func(a app) {
			a.bell()
			old := a.ring
			a.wait(time.Minute)
			a.bell()
			a.step(TextNews{Ring: old, Owner: "Ada", State: Failed})
			refused(a, "wrong_code")
			a.step(TextNews{Ring: a.ring, Owner: "Ada", State: Failed})
			a.step(TextNews{Ring: a.ring, Owner: "Ada", State: Delivered})
			refused(a, "wrong_code")
		}},
	} {
		t.Run(c.name, func(t *testing.T) { c.story(newApp(t, c.when)) })
	}
}

func TestAnOfflineCodeIsToldAsSuch(t *testing.T) {
	a := newApp(t, OfflineAlways)
	a.typed(a.shows(0))
	for _, e := range a.m.Step(a.now, Key{'#'}) {
		if e, ok := e.(Emit); ok && e.Event.Type == AccessGranted {
			if e.Event.Method != ByCode || e.Event.Detail != "offline code" {
				t.Errorf("told as %q, %q", e.Event.Method, e.Event.Detail)
			}
			return
		}
	}
	t.Error("not told")
}
