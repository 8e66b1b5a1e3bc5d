package lock

import (
	"encoding/json"
	"math"
	"strings"
	"time"
)

// Type names what happened. The names are part of the contract with home automation.
type Type string

// The types of events.
const (
	DaemonStarted  Type = "daemon.started"
	DaemonStopped  Type = "daemon.stopped"
	BellRung       Type = "bell.rung"
	BellLimited    Type = "bell.limited"
	CodeSent       Type = "code.sent"
	CodeDelivered  Type = "code.delivered"
	CodeFailed     Type = "code.failed"
	AccessGranted  Type = "access.granted"
	AccessDenied   Type = "access.denied"
	LockoutStarted Type = "lockout.started"
	LockoutEnded   Type = "lockout.ended"
	LockUnlocked   Type = "lock.unlocked"
	LockLocked     Type = "lock.locked"
	DoorOpened     Type = "door.opened"
	DoorClosed     Type = "door.closed"
	DoorForced     Type = "door.forced"
	DoorHeld       Type = "door.held"
	ExitPressed    Type = "exit.pressed"
	TamperOn       Type = "tamper.on"
	TamperOff      Type = "tamper.off"
	CommandDone    Type = "command.done"
	CommandRefused Type = "command.refused"
	FaultRaised    Type = "fault.raised"
	FaultCleared   Type = "fault.cleared"
)

// Method says by what means the door was opened.
type Method string

// The methods.
const (
	ByCode    Method = "code"
	ByExit    Method = "exit"
	ByMQTT    Method = "mqtt"
	ByConsole Method = "console"
)

// Reason says why something was refused or limited.
type Reason string

// The reasons of access.denied.
const (
	WrongCode Reason = "wrong_code"
	Expired   Reason = "expired"
	Used      Reason = "used"
	NoCode    Reason = "no_code"
	Malformed Reason = "malformed"
	LockedOut Reason = "locked_out" // also of bell.limited
)

// The reasons of bell.limited.
const (
	MinGap  Reason = "min_gap"
	PerHour Reason = "per_hour"
	PerDay  Reason = "per_day"
	Quiet   Reason = "quiet" // every owner has quiet hours now
)

// The reasons of command.refused.
const (
	Retained      Reason = "retained"
	Stale         Reason = "stale"    // made more than 10 s ago
	Future        Reason = "future"   // made more than 10 s from now
	Replayed      Reason = "replayed" // not newer than the last accepted one
	NotJSON       Reason = "not_json"
	TooLarge      Reason = "too_large"
	UnknownAction Reason = "unknown_action"
	CommandsOff   Reason = "commands_off"
)

// Undriven is the reason, of access.denied and of command.refused, where the strike's line could not be driven.
const Undriven Reason = "jammed"

// Event is one thing that happened at the door, as it goes into the journal and out to home automation. It never
// carries a code, a typed digit, a secret or a whole phone number.
type Event struct {
	ID    string    // ULID, set by the journal
	Seq   uint64    // rises by one for each event of this door, set by the journal; 0 while the journal cannot be written
	At    time.Time // wall clock, printed in UTC with milliseconds
	Clock string    // "synced", "unsynced" (plausible, but the kernel has no time source) or "unset"
	Door  string    // the door's id, behind its site's and a / where it belongs to one: "elm-5/front"
	Type  Type

	Reason Reason        // why refused or limited
	Method Method        // access.*, lock.unlocked: by what means
	Action Action        // command.*
	Made   time.Time     // command.*: when it was made, as it says itself
	Owner  string        // code.*: the owner's name; command.*, access.*, lockout.ended: who gave the order, where it is known
	Phone  string        // code.*: the owner's number, masked but for its last two digits
	Part   string        // fault.*: what is at fault
	Detail string        // in words, for people
	Hint   string        // in words: what to do about it
	Code   int           // code.*: Twilio's error code
	Wait   time.Duration // how long until it may be tried again
	Until  time.Time     // lockout.started: when it ends, by the wall clock
	Level  *int          // lockout.*: how many lockouts stand against the door
	Count  int           // fault.cleared: how many events were folded into the fault, or lost with the journal
}

// wire is an event's JSON form.
type wire struct {
	ID     string  `json:"id,omitempty"`
	Seq    uint64  `json:"seq,omitempty"`
	At     string  `json:"at"`
	Clock  string  `json:"clock"`
	Site   string  `json:"site,omitempty"`
	Door   string  `json:"door"`
	Type   Type    `json:"type"`
	Reason Reason  `json:"reason,omitempty"`
	Method Method  `json:"method,omitempty"`
	Action Action  `json:"action,omitempty"`
	Made   float64 `json:"made,omitempty"` // as a command's at
	Owner  string  `json:"owner,omitempty"`
	Phone  string  `json:"phone,omitempty"`
	Part   string  `json:"part,omitempty"`
	Detail string  `json:"detail,omitempty"`
	Hint   string  `json:"hint,omitempty"`
	Code   int     `json:"twilio_code,omitempty"`
	Wait   int     `json:"wait_s,omitempty"`
	Until  string  `json:"until,omitempty"`
	Level  *int    `json:"level,omitempty"`
	Count  int     `json:"count,omitempty"`
}

// Stamp is the form of every time that leaves the program: RFC 3339, UTC, milliseconds.
const Stamp = "2006-01-02T15:04:05.000Z07:00"

// MarshalJSON writes the event as home automation reads it: times as Stamp, but that of a command in Unix seconds, as
// it was given; waits in whole seconds, rounded up.
func (e Event) MarshalJSON() ([]byte, error) {
	w := wire{ID: e.ID, Seq: e.Seq, At: e.At.UTC().Format(Stamp), Clock: e.Clock, Door: e.Door, Type: e.Type,
		Reason: e.Reason, Method: e.Method, Action: e.Action, Owner: e.Owner, Phone: e.Phone, Part: e.Part, Detail: e.Detail,
		Hint: e.Hint, Code: e.Code, Wait: seconds(e.Wait), Level: e.Level, Count: e.Count, Made: UnixSeconds(e.Made)}
	if site, door, ok := strings.Cut(e.Door, "/"); ok {
		w.Site, w.Door = site, door
	}
	if !e.Until.IsZero() {
		w.Until = e.Until.UTC().Format(Stamp)
	}
	return json.Marshal(w)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (e *Event) UnmarshalJSON(b []byte) error {
	var w wire
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	*e = Event{ID: w.ID, Seq: w.Seq, Clock: w.Clock, Door: w.Door, Type: w.Type, Reason: w.Reason, Method: w.Method,
		Action: w.Action, Owner: w.Owner, Phone: w.Phone, Part: w.Part, Detail: w.Detail, Hint: w.Hint, Code: w.Code,
		Wait: time.Duration(w.Wait) * time.Second, Level: w.Level, Count: w.Count}
	if w.Site != "" {
		e.Door = w.Site + "/" + w.Door
	}
	if w.Made != 0 {
		e.Made = time.UnixMicro(int64(math.Round(w.Made * 1e6)))
	}
	var err error
	if e.At, err = time.Parse(Stamp, w.At); err != nil {
		return err
	}
	if w.Until != "" {
		e.Until, err = time.Parse(Stamp, w.Until)
	}
	return err
}

// UnixSeconds is t as a command's at says it, to the microsecond; 0 for no time.
func UnixSeconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMicro()) / 1e6
}

func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }
