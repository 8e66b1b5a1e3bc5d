package mqtt

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"latchd/lock"
)

// state is a topic with what it has to say. Retained, an empty payload removes what was there.
type state struct{ topic, payload string }

// faultPart is the part by which this package's own faults are known.
const faultPart = "mqtt"

// faultEntry is one entry of problem/attributes.
type faultEntry struct {
	Part   string `json:"part"`
	Kind   string `json:"kind,omitempty"`
	Detail string `json:"detail"`
	Hint   string `json:"hint"`
}

// states returns the door's retained topics. A sensor that is not fitted, or not read yet, has an empty payload: nothing
// that an earlier run retained may pass for the truth.
func (c *Client) states(s lock.Status, until time.Time) []state {
	faults := slices.DeleteFunc(slices.Clone(s.Faults), func(f lock.Fault) bool {
		// A connection that publishes this is proof that the fault is over, whether the door has heard so or not.
		return f.Part == faultPart && f.Kind == "" && !c.trouble.Standing
	})
	return []state{
		{c.topic("lock/state"), string(s.Strike)},
		{c.topic("door/state"), ifRead(c.o.Contact && s.Contact, s.DoorOpen)},
		{c.topic("tamper/state"), ifRead(c.o.Tamper && s.TamperFit, s.Tamper)},
		{c.topic("lockout/attributes"), lockoutAttributes(s, until)},
		{c.topic("lockout/state"), onOff(s.LockedOut)},
		{c.topic("problem/attributes"), problemAttributes(faults)},
		{c.topic("problem/state"), onOff(len(faults) > 0)},
		{c.topic("texts/state"), strconv.Itoa(s.TextsLeft)},
	}
}

// availability is also the will of every connection.
func (c *Client) availability(online bool) state {
	if online {
		return state{c.topic("availability"), "online"}
	}
	return state{c.topic("availability"), "offline"}
}

func lockoutAttributes(s lock.Status, until time.Time) string {
	attributes := struct {
		Until *string `json:"until"` // null when not locked out
		Level int     `json:"level"`
	}{Level: s.Level}
	if s.LockedOut {
		attributes.Until = new(until.UTC().Format(lock.Stamp))
	}
	b, _ := json.Marshal(attributes)
	return string(b)
}

func problemAttributes(faults []lock.Fault) string {
	list := make([]faultEntry, 0, len(faults)) // an empty list, not null
	for _, f := range faults {
		list = append(list, faultEntry{f.Part, f.Kind, f.Detail, f.Hint})
	}
	b, _ := json.Marshal(map[string]any{"faults": list})
	return string(b)
}

// steady returns the end of the lockout to publish: the one published before unless the new one tells another story. The
// status computes it anew from two clocks each time, so that it wavers by a little.
func steady(before, now time.Time) time.Time {
	if d := now.Sub(before); d.Abs() < 2*time.Second {
		return before
	}
	return now
}

func onOff(on bool) string {
	if on {
		return "ON"
	}
	return "OFF"
}

func ifRead(read, on bool) string {
	if !read {
		return ""
	}
	return onOff(on)
}
