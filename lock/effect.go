package lock

import (
	"time"

	"latchd/otp"
)

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
	Turn bool     // not to all of them: to the first, and to the next where that one's fails or stays away
}

// Spent says that the code of a ring has opened the door: nobody needs to hear of it any more.
type Spent struct{ Ring uint64 }

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
func (Spent) effect()      {}
func (Emit) effect()       {}
func (Save) effect()       {}
func (Feedback) effect()   {}
