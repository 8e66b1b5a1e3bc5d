package mqtt

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"golang.org/x/time/rate"

	"latchd/lock"
)

// Of the ranges that are asked for again one a second is taken, after a burst, and so many wait; the rest is dropped.
const (
	replayRate  = rate.Limit(1)
	replayBurst = 16
)

// A range goes out in batches, with a pause between: it fits into the queue that a broker keeps for a consumer, which drops
// the rest, and costs the board little.
const (
	replayBatch = 32
	replayPace  = 100 * time.Millisecond
)

// maxSeq is the highest seq that every reader of JSON holds exactly.
const maxSeq = 1 << 53

// badRange is the reason for refusing what is no range of seq.
const badRange lock.Reason = "bad_range"

// cannotRead is the reason for refusing while the journal cannot be read.
const cannotRead lock.Reason = "unreadable"

// replay is a range of seq that a consumer has missed, and how far it has been published again.
type replay struct {
	From    uint64      `json:"from,omitempty"`
	To      uint64      `json:"to,omitempty"`
	Result  string      `json:"result"` // "done" or "refused"
	Events  int         `json:"events"` // published again; the journal holds no others of the range
	Reason  lock.Reason `json:"reason,omitempty"`
	Detail  string      `json:"detail,omitempty"`
	At      string      `json:"at"`
	reached uint64
}

// parseReplay reads a payload of event/replay: {"from":1,"to":9}. Nothing of the payload is repeated in Detail.
func parseReplay(payload []byte, retained bool) replay {
	refuse := func(r lock.Reason, detail string) replay { return replay{Result: "refused", Reason: r, Detail: detail} }
	if retained {
		// The broker would repeat it at every connection.
		return refuse(lock.Retained, "ask without the retain flag")
	}
	if len(payload) > maxCommand {
		return refuse(lock.TooLarge, fmt.Sprintf("a request has %d bytes at the most", maxCommand))
	}
	fields, err := readObject(payload)
	if err != nil {
		return refuse(lock.NotJSON, err.Error())
	}
	from, err1 := strconv.ParseUint(string(fields["from"]), 10, 64)
	to, err2 := strconv.ParseUint(string(fields["to"]), 10, 64)
	if err1 != nil || err2 != nil || from < 1 || to < from || to > maxSeq {
		return refuse(badRange, "from and to are whole numbers, and 1 <= from <= to")
	}
	return replay{From: from, To: to, Result: "done", reached: from - 1}
}

// askAgain takes a request for a range. It never blocks.
func (s *session) askAgain(r replay) (taken bool) {
	if !s.c.asks.Allow() {
		return false
	}
	select {
	case s.asked <- r:
		return true
	default:
		return false
	}
}

// publishReplay goes on with the range that was asked for, behind everything that is new. A range that the connection's end
// cuts off is not gone on with: it has no result, and the consumer asks again.
func (s *session) publishReplay(ctx context.Context) {
	if !s.announced || s.replay == nil || s.pace != nil || s.due && !s.retry || s.again > 0 {
		return
	}
	r := s.replay
	if r.Reason == "" {
		list, err := s.c.box.Range(ctx, r.reached+1, r.To, replayBatch)
		if err != nil {
			s.c.boxLog.Do(func() { s.c.o.Log.Warn("mqtt: reading a range of events", "error", err) })
			r.Result, r.Reason, r.Detail = "refused", cannotRead, "the journal cannot be read now: ask again later"
		}
		for _, e := range list {
			s.publish(state{s.c.topic("event/replayed"), eventPayload(e)}, flight{again: true})
			s.again++
			r.Events++
			r.reached = e.Seq
		}
		if len(list) == replayBatch && r.reached < r.To {
			s.pace = time.After(replayPace)
			return
		}
	}
	r.At = time.Now().UTC().Format(lock.Stamp)
	b, _ := json.Marshal(r) // numbers and strings
	s.publish(state{s.c.topic("event/replay/result"), string(b)}, flight{})
	s.replay = nil
}
