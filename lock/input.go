package lock

import "time"

// Instant is one moment on two clocks. Mono never jumps: every deadline is measured on it. Wall may be moved by anyone:
// it is shown to people, compared with quiet hours, with a command's age and, while Synced, with an offline code, and
// decides nothing else.
type Instant struct {
	Mono   time.Duration // since an arbitrary start, the same for all of one run
	Wall   time.Time
	Synced bool // Wall is known to be right; asked for only when an entry is sent
}

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

// Ring is a press of the bell that no line tells of: on the panel.
type Ring struct{}

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
	Detail  string    // why it was refused; of a trusted one, by what means the owner gave it
	Trusted bool      // an owner signed in at the console gave it this moment: no freshness to check
	Owner   string    // who, where it is known
}

// TextNews is what became of a text.
type TextNews struct {
	Ring   uint64 // of which Text
	Call   bool   // in its place
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
	Unneeded  TextState = "unneeded" // in turn: an owner before this one has theirs
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

// StrikeFailed says that the line did not take the OpenStrike of the step before: the strike is locked, or being locked.
type StrikeFailed struct{}

// Tick says that time has passed; it is due when Wake says so, and harmless at any other moment.
type Tick struct{}

// Reconfigured replaces the rules. Counts, codes and lockouts stay.
type Reconfigured struct{ Config Config }

func (Key) input()          {}
func (Level) input()        {}
func (Ring) input()         {}
func (Command) input()      {}
func (TextNews) input()     {}
func (Fault) input()        {}
func (Started) input()      {}
func (Stopping) input()     {}
func (StrikeFailed) input() {}
func (Tick) input()         {}
func (Reconfigured) input() {}
