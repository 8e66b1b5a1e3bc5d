package main

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"latchd/configs"
	"latchd/journal"
	"latchd/lock"
)

// plainly are the events that one sentence tells.
var plainly = map[lock.Type]string{
	lock.DaemonStarted: "latchd started", lock.DaemonStopped: "latchd stopped", lock.BellRung: "the bell rang",
	lock.BellLimited: "no text was sent", lock.LockoutStarted: "too many wrong codes: the keypad is locked",
	lock.LockoutEnded: "the keypad takes codes again", lock.LockUnlocked: "the strike is released", lock.LockLocked: "the strike is locked",
	lock.DoorOpened: "the door opened", lock.DoorClosed: "the door closed", lock.DoorForced: "the door came open while the strike was locked",
	lock.DoorHeld: "the door has been left open", lock.ExitPressed: "the exit button was pressed",
	lock.TamperOn: "someone is at the case", lock.TamperOff: "the case is closed again",
	lock.AccessGranted: "opened", lock.AccessDenied: "refused", lock.CodeSent: "text on its way", lock.CodeDelivered: "text arrived",
	lock.CodeFailed: "text failed", lock.CommandDone: "done", lock.CommandRefused: "refused",
}

var why = map[lock.Reason]string{
	lock.WrongCode: "wrong code", lock.Expired: "an expired code", lock.Used: "a code that was used before", lock.NoCode: "no code is live",
	lock.Malformed: "not a code's number of digits", lock.LockedOut: "locked out",
	lock.MinGap: "one went out just before", lock.PerHour: "the hour's texts are spent", lock.PerDay: "the day's texts are spent",
	lock.Quiet: "every owner has quiet hours", lock.Retained: "retained at the broker", lock.Stale: "more than 10 s old",
	lock.Future: "made in the future", lock.Replayed: "not newer than the last one", lock.NotJSON: "not JSON", lock.TooLarge: "too large",
	lock.UnknownAction: "an unknown action", lock.CommandsOff: "commands are off", lock.Undriven: "the strike cannot be driven",
}

var how = map[lock.Method]string{
	lock.ByCode: "with a code", lock.ByExit: "with the exit button", lock.ByMQTT: "over MQTT", lock.ByConsole: "from the console",
}

// inWords tells an event: what, who, how, why, for how long, and what to do.
func inWords(e lock.Event) string {
	if e.Reason == journal.Lost {
		return e.Part + ": " + e.Detail
	}
	said := plainly[e.Type]
	switch e.Type {
	case lock.FaultRaised, lock.FaultCleared:
		said = e.Part
		if e.Reason != "" {
			said += " (" + string(e.Reason) + ")"
		}
		if e.Type == lock.FaultCleared {
			said += " is well again"
		}
	case lock.BellLimited:
		said = join(said, "to", e.Owner)
	case lock.CodeSent, lock.CodeDelivered, lock.CodeFailed:
		said = join(said, "for", strings.TrimSpace(e.Owner+" "+e.Phone))
		if e.Code != 0 {
			said += fmt.Sprintf(" (Twilio %d)", e.Code)
		}
	case lock.CommandDone, lock.CommandRefused:
		said = join(strings.TrimSpace(string(e.Action)+" "+said), "by", e.Owner)
	default:
		said = join(said, "by", e.Owner)
	}
	switch e.Type { // where the method says nothing that the type does not
	case lock.AccessDenied, lock.LockoutStarted:
	default:
		said = strings.TrimSpace(said + " " + cmp.Or(how[e.Method], string(e.Method)))
	}
	if e.Reason != "" && e.Part == "" {
		said += ": " + cmp.Or(why[e.Reason], string(e.Reason))
	}
	if e.Wait != 0 {
		said += ", for " + configs.Duration(e.Wait.Round(time.Second)).String()
	}
	if e.Level != nil && *e.Level > 0 {
		said += fmt.Sprintf(", lockouts: %d", *e.Level)
	}
	if e.Count != 0 {
		said += fmt.Sprintf(" (%d more)", e.Count)
	}
	if e.Type == lock.FaultCleared {
		return said // its detail is what was wrong
	}
	for _, s := range []string{e.Detail, e.Hint} {
		if s != "" {
			said += " - " + s
		}
	}
	return said
}

// join adds a word and what it is about, unless that is empty.
func join(said, word, about string) string {
	if about == "" {
		return said
	}
	return strings.TrimSpace(said + " " + word + " " + about)
}

// tone is the colour of a type on a terminal.
func tone(t lock.Type) string {
	switch t {
	case lock.AccessDenied, lock.LockoutStarted, lock.CodeFailed, lock.DoorForced, lock.DoorHeld, lock.TamperOn, lock.FaultRaised:
		return "\x1b[31m"
	case lock.BellLimited, lock.CommandRefused:
		return "\x1b[33m"
	case lock.AccessGranted, lock.LockoutEnded, lock.CodeDelivered, lock.FaultCleared, lock.TamperOff, lock.CommandDone:
		return "\x1b[32m"
	case lock.BellRung:
		return "\x1b[1m"
	}
	return faint
}
