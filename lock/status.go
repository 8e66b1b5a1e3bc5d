package lock

import "time"

// State is what must survive a restart: small, and without a wall clock, for the wall clock can be moved. Durations count
// only time that the daemon has served, so a power cut neither shortens a wait nor loses it.
type State struct {
	Failures  int             `json:"failures"`   // wrong entries since the last right one or lockout
	Level     int             `json:"level"`      // lockouts that stand against the door
	Remaining time.Duration   `json:"remaining"`  // of the lockout; 0: none
	Decay     time.Duration   `json:"decay"`      // until the level falls by one; 0: level is 0 or locked out
	Texts     []time.Duration `json:"texts"`      // ages of the texts of the last day, newest last
	CommandAt int64           `json:"command_at"` // Unix microseconds: when the last accepted command was made
	// OfflineStep is the period, as otp.Step counts, of the last offline code that opened: none up to it opens again.
	OfflineStep int64 `json:"offline_step"`
}

// Status is what the door is at this moment: what is published as retained state and shown on pages.
type Status struct {
	Strike    StrikeState
	Contact   bool // a door contact has been read
	DoorOpen  bool
	TamperFit bool // a tamper line has been read
	Tamper    bool
	LockedOut bool
	Until     time.Time     // the lockout's end by the wall clock
	Remaining time.Duration // of the lockout
	Level     int
	OpenFor   time.Duration // until the strike locks by itself; 0: it is locked
	TriesLeft int           // wrong entries until the keypad locks out; 0 during a lockout
	CodeFor   time.Duration // how long the live code still lives; 0: none lives
	ResendIn  time.Duration // until a bell press may text again, as far as is known now
	TextsLeft int           // of the day's budget
	Typed     int           // digits in the entry so far
	Faults    []Fault       // standing, sorted by part
}

// StrikeState is the lock's state as home automation reads it.
type StrikeState string

// The states of the strike.
const (
	Locked   StrikeState = "LOCKED"
	Unlocked StrikeState = "UNLOCKED"
	Jammed   StrikeState = "JAMMED" // the line cannot be driven
)
