package mqtt

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"latchd/lock"
)

// maxCommand is the longest payload that is read, in bytes.
const maxCommand = 1 << 10

// parseCommand reads a payload of lock/set: {"action":"UNLOCK","at":1763683199.123}, at in Unix seconds. What cannot be
// read comes back as a command with the reason in Refused; whether the rest is obeyed is the door's to say. Nothing of
// the payload is repeated in Detail.
func parseCommand(payload []byte, retained bool) lock.Command {
	cmd := lock.Command{Method: lock.ByMQTT}
	refuse := func(r lock.Reason, detail string) lock.Command {
		cmd.Refused, cmd.Detail = r, detail
		return cmd
	}
	if len(payload) > maxCommand {
		return refuse(lock.TooLarge, fmt.Sprintf("a command has %d bytes at the most", maxCommand))
	}
	fields, err := readObject(payload)
	if err != nil {
		return refuse(lock.NotJSON, err.Error())
	}
	at, why, detail := readTime(fields["at"])
	cmd.At = at
	var action lock.Action
	_ = json.Unmarshal(fields["action"], &action) // what is missing or no string stays empty
	switch action {
	case lock.Lock:
		// Locking is always safe: neither a retained flag nor a broken time keeps it from being obeyed.
		cmd.Action = action
		return cmd
	case lock.Unlock, lock.Open:
		cmd.Action = action
	default:
		return refuse(lock.UnknownAction, "allowed are LOCK, UNLOCK and OPEN")
	}
	if retained {
		// The broker repeats a retained command at every connection, for as long as it keeps it.
		return refuse(lock.Retained, "publish commands without the retain flag")
	}
	if why != "" {
		return refuse(why, detail)
	}
	return cmd
}

// readObject reads exactly one JSON object, whose keys differ from each other.
func readObject(payload []byte) (map[string]json.RawMessage, error) {
	if !utf8.Valid(payload) {
		return nil, fmt.Errorf("not UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(payload))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, fmt.Errorf("not a JSON object")
	}
	fields := map[string]json.RawMessage{}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil, fmt.Errorf("not a JSON object")
		}
		name := key.(string) // Token returns nothing else in a key's place
		if _, twice := fields[name]; twice {
			return nil, fmt.Errorf("a key stands twice")
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, fmt.Errorf("not a JSON object")
		}
		fields[name] = value
	}
	if _, err := dec.Token(); err != nil {
		return nil, fmt.Errorf("not a JSON object")
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, fmt.Errorf("something follows the JSON object")
	}
	return fields, nil
}

// endOfTime is the year 9999, the last that RFC 3339 can write, in Unix seconds.
const endOfTime = 253402300799

// readTime reads Unix seconds. A missing value is the zero time.
func readTime(raw json.RawMessage) (at time.Time, why lock.Reason, detail string) {
	if raw == nil {
		return time.Time{}, "", ""
	}
	s, err := strconv.ParseFloat(string(raw), 64) // of all JSON values it takes numbers only
	switch {
	case err != nil:
		return time.Time{}, lock.NotJSON, "at is not a number of Unix seconds"
	case s < 0:
		return time.Time{}, lock.Stale, "at is before 1970"
	case s > endOfTime:
		return time.Time{}, lock.Future, "at is beyond the year 9999: Unix seconds are wanted, not milliseconds"
	}
	return time.UnixMicro(int64(math.Round(s * 1e6))), "", "" // a float64 of these days holds no more
}
