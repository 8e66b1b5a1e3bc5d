package web

import (
	"testing"
	"time"

	"latchd/lock"
)

func TestTheVisitorIsAnsweredInPlainWords(t *testing.T) {
	denied := func(r lock.Reason) lock.Event { return lock.Event{Type: lock.AccessDenied, Reason: r} }
	limited := func(r lock.Reason, wait time.Duration) lock.Event {
		return lock.Event{Type: lock.BellLimited, Reason: r, Wait: wait}
	}
	granted := func(m lock.Method) lock.Event { return lock.Event{Type: lock.AccessGranted, Method: m} }
	d := newDemo(t, newStub())
	for _, tt := range []struct {
		event lock.Event
		want  answer
	}{
		{lock.Event{Type: lock.BellRung}, answer{"note", "It rings."}},
		{lock.Event{Type: lock.CodeSent}, answer{"note", "A code is on its way to the owner's phone."}},
		{lock.Event{Type: lock.CodeFailed}, answer{"bad", "The code could not be texted."}},
		{denied(lock.WrongCode), answer{"bad", "Wrong code. 2 tries left."}},
		{denied(lock.Expired), answer{"bad", "Expired. Ring for a new code."}},
		{denied(lock.Used), answer{"bad", "Already used. Ring for a new code."}},
		{denied(lock.Malformed), answer{"bad", "Not a code: a code has 6 digits."}},
		{denied(lock.NoCode), answer{"bad", "No code is live. Ring first. 1 try left."}},
		{granted(lock.ByExit), answer{"good", "Opened from inside."}},
		{denied(lock.WrongCode), answer{"bad", "Wrong code."}},
		{lock.Event{Type: lock.LockoutStarted}, answer{"bad", "Too many wrong codes."}},
		{denied(lock.LockedOut), answer{"bad", "Locked out. Not looked at."}},
		{lock.Event{Type: lock.LockoutEnded}, answer{"note", "You may try again."}},
		{denied(lock.WrongCode), answer{"bad", "Wrong code. 2 tries left."}},
		{granted(lock.ByCode), answer{"good", "Welcome. Come in."}},
		{denied(lock.WrongCode), answer{"bad", "Wrong code. 2 tries left."}},
		{granted(lock.ByMQTT), answer{"good", "Opened for you. Come in."}},
		{limited(lock.MinGap, 41*time.Second+1), answer{"note", "A code went out just now. Ring again in 42 s."}},
		{limited(lock.PerHour, 40*time.Minute), answer{"note", "No more codes this hour. Ring again in 40 min."}},
		{limited(lock.PerDay, 0), answer{"note", "No more codes today."}},
		{limited(lock.Quiet, 0), answer{"note", "No codes are sent at this hour."}},
		{limited(lock.LockedOut, 0), answer{"note", "It rings. No codes during a lockout."}},
		{lock.Event{Type: lock.DoorForced}, answer{"bad", "The door was forced."}},
		{lock.Event{Type: lock.DoorHeld}, answer{"bad", "Please close the door."}},
		{lock.Event{Type: lock.CodeDelivered}, answer{"bad", "Please close the door."}}, // no business of the visitor
	} {
		if d.Event(tt.event); d.answer != tt.want {
			t.Errorf("%s %s: %q, want %q", tt.event.Type, tt.event.Reason, d.answer, tt.want)
		}
	}
}
