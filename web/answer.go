package web

import (
	"fmt"
	"time"

	"latchd/lock"
)

// answer is what the visitor at the door is told, in plain words.
type answer struct {
	Kind string `json:"kind"` // "good", "bad" or "note"
	Text string `json:"text"`
}

// answerTo puts an event into words for the visitor. left is how many wrong entries are still allowed, 0 when unknown.
// It returns false for what is no business of the visitor.
func answerTo(e lock.Event, digits, left int) (answer, bool) {
	switch e.Type {
	case lock.BellRung:
		return answer{"note", "It rings."}, true
	case lock.BellLimited:
		return answer{"note", limited(e)}, true
	case lock.CodeSent:
		return answer{"note", "A code is on its way to the owner's phone."}, true
	case lock.CodeFailed:
		return answer{"bad", "The code could not be texted."}, true
	case lock.AccessGranted:
		return answer{"good", granted(e.Method)}, true
	case lock.AccessDenied:
		return answer{"bad", denied(e.Reason, digits) + tries(e.Reason, left)}, true
	case lock.LockoutStarted:
		return answer{"bad", "Too many wrong codes."}, true
	case lock.LockoutEnded:
		return answer{"note", "You may try again."}, true
	case lock.DoorForced:
		return answer{"bad", "The door was forced."}, true
	case lock.DoorHeld:
		return answer{"bad", "Please close the door."}, true
	}
	return answer{}, false
}

func granted(m lock.Method) string {
	switch m {
	case lock.ByCode:
		return "Welcome. Come in."
	case lock.ByExit:
		return "Opened from inside."
	}
	return "Opened for you. Come in."
}

func denied(r lock.Reason, digits int) string {
	switch r {
	case lock.WrongCode:
		return "Wrong code."
	case lock.Expired:
		return "Expired. Ring for a new code."
	case lock.Used:
		return "Already used. Ring for a new code."
	case lock.NoCode:
		return "No code is live. Ring first."
	case lock.Malformed:
		if digits == 0 {
			return "Not a code."
		}
		return fmt.Sprintf("Not a code: a code has %d digits.", digits)
	case lock.LockedOut:
		return "Locked out. Not looked at."
	}
	return "Refused."
}

// tries says how many wrong entries are left after one that counts.
func tries(r lock.Reason, left int) string {
	switch {
	case left <= 0 || r != lock.WrongCode && r != lock.NoCode:
		return ""
	case left == 1:
		return " 1 try left."
	}
	return fmt.Sprintf(" %d tries left.", left)
}

func limited(e lock.Event) string {
	switch e.Reason {
	case lock.MinGap:
		return "A code went out just now." + wait(e.Wait)
	case lock.PerHour:
		return "No more codes this hour." + wait(e.Wait)
	case lock.PerDay:
		return "No more codes today."
	case lock.Quiet:
		return "No codes are sent at this hour."
	case lock.LockedOut:
		return "It rings. No codes during a lockout."
	}
	return "It rings. No code was sent."
}

func wait(d time.Duration) string {
	switch {
	case d <= 0:
		return ""
	case d < 2*time.Minute:
		return fmt.Sprintf(" Ring again in %d s.", (d+time.Second-1)/time.Second)
	}
	return fmt.Sprintf(" Ring again in %d min.", (d+time.Minute-1)/time.Minute)
}
