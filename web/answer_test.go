package web

import (
	"os"
	"regexp"
	"testing"
	"time"

	"latchd/lock"
)

func TestTheVisitorIsToldWhatBecameOfARingOrAnEntry(t *testing.T) {
	denied := func(r lock.Reason) lock.Event { return lock.Event{Type: lock.AccessDenied, Reason: r} }
	limited := func(r lock.Reason, wait time.Duration) lock.Event {
		return lock.Event{Type: lock.BellLimited, Reason: r, Wait: wait}
	}
	granted := func(m lock.Method) lock.Event { return lock.Event{Type: lock.AccessGranted, Method: m} }
	english, err := os.ReadFile("page/words.js")
	if err != nil {
		t.Fatal(err)
	}
	others, err := os.ReadFile("page/tongues.js")
	if err != nil {
		t.Fatal(err)
	}
	words := append(english, others...)
	for _, tt := range []struct {
		event lock.Event
		left  int
		want  answer
	}{
		{lock.Event{Type: lock.BellRung}, 3, answer{Kind: "note", Say: "rings"}},
		{lock.Event{Type: lock.CodeSent}, 3, answer{Kind: "note", Say: "texted"}},
		{lock.Event{Type: lock.CodeFailed}, 3, answer{Kind: "bad", Say: "text_failed"}},
		{denied(lock.WrongCode), 2, answer{Kind: "bad", Say: "wrong_code", Left: 2, Reason: "wrong_code"}},
		{denied(lock.WrongCode), -1, answer{Kind: "bad", Say: "wrong_code", Reason: "wrong_code"}},
		{denied(lock.NoCode), 1, answer{Kind: "bad", Say: "no_code", Left: 1, Reason: "no_code"}},
		{denied(lock.Expired), 2, answer{Kind: "bad", Say: "expired", Reason: "expired"}},
		{denied(lock.Used), 2, answer{Kind: "bad", Say: "used", Reason: "used"}},
		{denied(lock.Malformed), 2, answer{Kind: "bad", Say: "malformed", Digits: 6, Reason: "malformed"}},
		{denied(lock.LockedOut), 0, answer{Kind: "bad", Say: "locked_out", Reason: "locked_out"}},
		{denied(lock.PerDay), 2, answer{Kind: "bad", Say: "refused", Reason: "per_day"}},
		{lock.Event{Type: lock.LockoutStarted, Wait: time.Minute}, 0, answer{Kind: "bad", Say: "lockout", Wait: 60_000}},
		{lock.Event{Type: lock.LockoutEnded}, 3, answer{Kind: "note", Say: "lockout_over"}},
		{granted(lock.ByCode), 3, answer{Kind: "good", Say: "opened"}},
		{granted(lock.ByExit), 3, answer{Kind: "good", Say: "exit"}},
		{granted(lock.ByMQTT), 3, answer{Kind: "good", Say: "opened_for_you"}},
		{granted(lock.ByConsole), 3, answer{Kind: "good", Say: "opened_for_you"}},
		{limited(lock.MinGap, 41*time.Second), 3, answer{Kind: "note", Say: "min_gap", Wait: 41000, Reason: "min_gap"}},
		{limited(lock.PerHour, 40*time.Minute), 3, answer{Kind: "note", Say: "per_hour", Wait: 2400000, Reason: "per_hour"}},
		{limited(lock.PerDay, 0), 3, answer{Kind: "note", Say: "per_day", Reason: "per_day"}},
		{limited(lock.Quiet, 0), 3, answer{Kind: "note", Say: "quiet", Reason: "quiet"}},
		{limited(lock.LockedOut, 0), 0, answer{Kind: "note", Say: "rings_locked_out", Reason: "locked_out"}},
		{limited("", 0), 3, answer{Kind: "note", Say: "no_text"}},
		{lock.Event{Type: lock.DoorForced}, 3, answer{Kind: "bad", Say: "forced"}},
		{lock.Event{Type: lock.DoorHeld}, 3, answer{Kind: "bad", Say: "held"}},
	} {
		got, ok := answerTo(tt.event, 6, tt.left)
		if !ok || got != tt.want {
			t.Errorf("%s %s: %+v, want %+v", tt.event.Type, tt.event.Reason, got, tt.want)
		}
		if n := len(regexp.MustCompile(`(?m)^    `+got.Say+`:`).FindAll(words, -1)); n != 4 {
			t.Errorf("the page says %q in %d languages", got.Say, n)
		}
	}
	for _, quiet := range []lock.Type{lock.CodeDelivered, lock.LockUnlocked, lock.FaultRaised} {
		if a, ok := answerTo(lock.Event{Type: quiet}, 6, 3); ok {
			t.Errorf("%s is answered with %+v", quiet, a)
		}
	}
}
