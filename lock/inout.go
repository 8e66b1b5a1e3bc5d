package lock

import (
	"time"

	"latchd/otp"
)

// Instant is one moment on two clocks. Mono never jumps: every deadline is measured on it. Wall may be moved by anyone:
// it is shown to people, compared with quiet hours and with a command's age, and decides nothing else.
type Instant struct {
	Mono time.Duration // since an arbitrary start, the same for all of one run
	Wall time.Time
}

// Phone is a number in E.164 form ("+15557654321"). Printed, it shows its last two digits only.
type Phone string

// String masks the number.
func (p Phone) String() string {
	if len(p) < 3 {
		return "…"
	}
	return "…" + string(p[len(p)-2:])
}

// GoString masks the number for %#v.
func (p Phone) GoString() string { return p.String() }

// Reveal returns the whole number. Requests to Twilio are the one place for it.
func (p Phone) Reveal() string { return string(p) }

// Input is something that happened to the door.
type Input interface{ input() }

// Key is one press on the keypad, after debouncing.
type Key struct{ Rune rune }

// Sensor names a single input line.
type Sensor string

// The single inputs.
const (
	Bell    Sensor = "bell"
	Exit    Sensor = "exit"    // request to exit; active: pressed
	Contact Sensor = "contact" // active: the contact is closed, so the door is closed
	Tamper  Sensor = "tamper"  // active: tampered with
)

// Level is a debounced change of a single input, and its first reading at the start.
type Level struct {
	Sensor  Sensor
	Active  bool
	Initial bool // the first reading: a state, not a change
}

// Action is what a command asks for.
type Action string

// The actions. Unlock and Open both give one pulse: a strike has no third state.
const (
	Lock   Action = "LOCK"
	Unlock Action = "UNLOCK"
	Open   Action = "OPEN"
	Pardon Action = "PARDON" // ends a lockout and lowers the level by one; owners only
)

// Command is an order from home automation or from the owner's console.
type Command struct {
	Method  Method
	Action  Action
	At      time.Time // when it was made, by its maker's wall clock; zero when it did not say
	Refused Reason    // set by the adapter when it could not even be read, or came retained
	Detail  string
	Trusted bool // an owner signed in at the console gave it this moment: no freshness to check
}

// TextNews is what became of a text.
type TextNews struct {
	Ring   uint64 // of which Text
	Owner  string
	Phone  string // masked
	State  TextState
	Code   int // Twilio's error code, 0 when there is none
	Detail string
	Hint   string
	// Unsent: certainly no text went out and none will, so the budget gets it back.
	Unsent bool
}

// TextState is how far a text has come.
type TextState string

// The states of a text.
const (
	Sent      TextState = "sent"      // accepted by Twilio
	Delivered TextState = "delivered" // arrived on the phone
	Failed    TextState = "failed"
)

// Fault is news of a part that fails or works again. A standing fault named again with other words is updated silently.
type Fault struct {
	Part     string // what fails: "strike", "keypad", "journal", "mqtt", "twilio", "clock", ...
	Kind     string // how, where a part can fail in several ways at a time: "stuck", "flapping", ...; part and kind name a fault
	Standing bool
	Detail   string
	Hint     string
}

// Started is the first input of a run.
type Started struct{ Version string }

// Stopping is the last input of a run: the strike locks first.
type Stopping struct{}

// Tick says that time has passed; it is due when Wake says so, and harmless at any other moment.
type Tick struct{}

// Reconfigured replaces the rules. Counts, codes and lockouts stay.
type Reconfigured struct{ Config Config }

func (Key) input()          {}
func (Level) input()        {}
func (Command) input()      {}
func (TextNews) input()     {}
func (Fault) input()        {}
func (Started) input()      {}
func (Stopping) input()     {}
func (Tick) input()         {}
func (Reconfigured) input() {}

// Effect is something for the shell to do. Effects are carried out in their order; none waits for a network.
type Effect interface{ effect() }

// OpenStrike releases the strike for at most For (30 s at the most). The line itself locks again after For.
type OpenStrike struct{ For time.Duration }

// LockStrike drives the strike to locked, now.
type LockStrike struct{}

// Text asks for the code to be sent to owners. TTL is the code's life: the text must not be valid for longer.
type Text struct {
	Ring uint64 // names this text's news
	Code otp.Code
	TTL  time.Duration
	To   []string // the owners' names
}

// Emit hands an event to the journal and to all who listen.
type Emit struct{ Event Event }

// Save hands over what must survive a power cut.
type Save struct{ State State }

// Feedback is a sign to the visitor.
type Feedback struct{ Signal Signal }

// Signal is what the visitor is told by light and sound.
type Signal string

// The signals.
const (
	KeyTaken      Signal = "key"
	TextOnItsWay  Signal = "sent"
	TextNotSent   Signal = "failed"
	EntryWrong    Signal = "wrong"
	DoorOpen      Signal = "opened"
	KeypadLocked  Signal = "locked_out"
	BellNotTexted Signal = "limited"
)

func (OpenStrike) effect() {}
func (LockStrike) effect() {}
func (Text) effect()       {}
func (Emit) effect()       {}
func (Save) effect()       {}
func (Feedback) effect()   {}

// State is what must survive a restart: small, and without a wall clock, for the wall clock can be moved. Durations count
// only time that the daemon has served, so a power cut neither shortens a wait nor loses it.
type State struct {
	Failures  int             `json:"failures"`   // wrong entries since the last right one or lockout
	Level     int             `json:"level"`      // lockouts that stand against the door
	Remaining time.Duration   `json:"remaining"`  // of the lockout; 0: none
	Decay     time.Duration   `json:"decay"`      // until the level falls by one; 0: level is 0 or locked out
	Texts     []time.Duration `json:"texts"`      // ages of the texts of the last day, newest last
	CommandAt int64           `json:"command_at"` // Unix microseconds: when the last accepted command was made
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

// Owner is a person who gets the codes.
type Owner struct {
	Name  string
	Quiet Hours
}

// Hours is a span of the local day, in minutes after midnight; it may run over midnight. From == To: never.
type Hours struct{ From, To int }

// Covers says whether t, by its own zone's clock, lies within the hours.
func (h Hours) Covers(t time.Time) bool {
	m := t.Hour()*60 + t.Minute()
	if h.From <= h.To {
		return h.From <= m && m < h.To
	}
	return m >= h.From || m < h.To
}

// Config is the rules of one door.
type Config struct {
	Digits     int
	TTL        time.Duration
	Attempts   int
	Lockout    time.Duration // of the first lockout; doubles with each further one
	LockoutMax time.Duration
	Pulse      time.Duration
	HeldAlarm  time.Duration
	IdleClear  time.Duration
	Enter      rune
	Clear      rune
	MinGap     time.Duration
	PerHour    int
	PerDay     int
	Owners     []Owner
	Commands   bool // accept UNLOCK and OPEN over MQTT
}
