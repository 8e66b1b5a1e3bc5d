package web

import "latchd/lock"

// answer is what the visitor at the door is told. The page has the words, in the visitor's language: see words.js.
type answer struct {
	Kind   string `json:"kind"`              // "good", "bad" or "note"
	Say    string `json:"say"`               // which of the page's sentences
	Left   int    `json:"left,omitempty"`    // wrong entries still allowed; 0: unknown, or none counts
	Wait   int64  `json:"wait_ms,omitempty"` // until it may be tried again
	Digits int    `json:"digits,omitempty"`  // of a code, where what was typed is none
	Reason string `json:"reason,omitempty"`  // the event's own
}

// answerTo says what the visitor is told of an event. left is how many wrong entries are still allowed, 0 when unknown.
// It returns false for what is no business of the visitor.
func answerTo(e lock.Event, digits, left int) (answer, bool) {
	a := answer{Kind: "note", Reason: string(e.Reason)}
	switch e.Type {
	case lock.BellRung:
		a.Say = "rings"
	case lock.BellLimited:
		if e.Owner != "" { // another one is texted
			return answer{}, false
		}
		a.Say, a.Wait = limited(e.Reason), e.Wait.Milliseconds()
	case lock.CodeSent:
		a.Say = "texted"
	case lock.CodeFailed:
		a.Kind, a.Say = "bad", "text_failed"
	case lock.AccessGranted:
		a.Kind, a.Say = "good", granted(e.Method)
	case lock.AccessDenied:
		a.Kind, a.Say = "bad", denied(e.Reason)
		switch e.Reason {
		case lock.WrongCode, lock.NoCode:
			a.Left = max(0, left)
		case lock.Malformed:
			a.Digits = digits
		}
	case lock.LockoutStarted:
		a.Wait = e.Wait.Milliseconds()
		a.Kind, a.Say = "bad", "lockout"
	case lock.LockoutEnded:
		a.Say = "lockout_over"
	case lock.DoorForced:
		a.Kind, a.Say = "bad", "forced"
	case lock.DoorHeld:
		a.Kind, a.Say = "bad", "held"
	default:
		return answer{}, false
	}
	return a, true
}

func granted(m lock.Method) string {
	switch m {
	case lock.ByCode:
		return "opened"
	case lock.ByExit:
		return "exit"
	}
	return "opened_for_you"
}

func denied(r lock.Reason) string {
	switch r {
	case lock.WrongCode, lock.Expired, lock.Used, lock.NoCode, lock.Malformed, lock.LockedOut, lock.Undriven:
		return string(r)
	}
	return "refused"
}

func limited(r lock.Reason) string {
	switch r {
	case lock.MinGap, lock.PerHour, lock.PerDay, lock.Quiet:
		return string(r)
	case lock.LockedOut:
		return "rings_locked_out"
	}
	return "no_text"
}
