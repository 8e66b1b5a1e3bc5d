package mqtt

import (
	"encoding/json"
	"time"

	"latchd/lock"
)

// liveFor is how long a live message waits for a connection. A doorbell an hour late is worse than none.
const liveFor = 10 * time.Second

// live is a message for those who listen now. It is not retained and not kept.
type live struct {
	state
	since time.Time
}

// result is the payload of command/result.
type result struct {
	ID     string      `json:"id,omitempty"`
	Action lock.Action `json:"action,omitempty"`
	Made   float64     `json:"made,omitempty"` // the command's at
	Result string      `json:"result"`         // "done" or "refused"
	Reason lock.Reason `json:"reason,omitempty"`
	Detail string      `json:"detail,omitempty"`
	At     string      `json:"at"`
}

// liveMessage returns what is published of an event at once, or an empty name of a topic.
func liveMessage(e lock.Event) (name, payload string) {
	switch e.Type {
	case lock.BellRung:
		return "bell", withType("ring", e)
	case lock.AccessGranted:
		return "access", withType("granted", e)
	case lock.AccessDenied:
		return "access", withType("denied", e)
	case lock.LockoutStarted:
		return "access", withType("lockout", e)
	case lock.CommandDone:
		return commandResult("done", e)
	case lock.CommandRefused:
		return commandResult("refused", e)
	}
	return "", ""
}

// withType returns the event with the key by which Home Assistant's event entities know it (integrations/event.mqtt).
func withType(name string, e lock.Event) string {
	b, _ := json.Marshal(e) // nothing in an event can fail to marshal
	return `{"event_type":"` + name + `",` + string(b[1:])
}

func commandResult(outcome string, e lock.Event) (name, payload string) {
	if e.Method == lock.ByConsole {
		return "", "" // its answer goes to the console
	}
	b, _ := json.Marshal(result{e.ID, e.Action, lock.UnixSeconds(e.Made), outcome, e.Reason, e.Detail, e.At.UTC().Format(lock.Stamp)})
	return "command/result", string(b)
}
