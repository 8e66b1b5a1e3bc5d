package journal

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"latchd/lock"
)

// Pending returns up to limit events that were not delivered yet, in the order of their seq; none while the journal
// cannot be read. It reads on a connection of its own and does not hold up the writing.
func (j *Journal) Pending(ctx context.Context, limit int) ([]lock.Event, error) {
	events, err := j.page(ctx, Query{After: j.delivered.Load()}, limit)
	if errors.Is(err, errShut) {
		return nil, nil
	}
	return events, err
}

// Waiting is how many events were given a seq and are not delivered yet. It asks neither the disk nor the writing.
func (j *Journal) Waiting() uint64 {
	delivered := j.delivered.Load() // first: the other one only grows
	return j.given.Load() - min(delivered, j.given.Load())
}

// Range returns up to limit events whose seq is from at the least and to at the most, in the order of their seq. Events that
// were pruned or lost are missing; it fails while the journal cannot be read. Like Pending it holds up no writing.
func (j *Journal) Range(ctx context.Context, from, to uint64, limit int) ([]lock.Event, error) {
	if to < from {
		return nil, nil
	}
	return j.page(ctx, Query{After: max(from, 1) - 1, Before: to + 1}, int(min(uint64(limit), to-from+1)))
}

// Look returns the events that q chooses, as Range does.
func (j *Journal) Look(ctx context.Context, q Query) ([]lock.Event, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	return j.page(ctx, q, cmp.Or(q.Limit, pageSize))
}

var errShut = errors.New("the journal is not open")

// page reads up to limit events on a connection of its own.
func (j *Journal) page(ctx context.Context, q Query, limit int) ([]lock.Event, error) {
	j.file.mu.RLock()
	defer j.file.mu.RUnlock()
	if j.file.r == nil {
		return nil, errShut
	}
	events, err := page(ctx, j.file.r, q, limit)
	if err != nil {
		if ctx.Err() == nil && broken(err) {
			j.doubt(err)
		}
		return nil, fmt.Errorf("read the events: %w", err)
	}
	return events, nil
}

// Delivered says that the broker has acknowledged every event up to seq. Pending leaves them out from now on. It is
// written with the next event, or within ten seconds, or at the end of Run: a power cut before costs duplicates, which
// their id tells. A seq below an earlier one changes nothing; one that was never given is an error.
func (j *Journal) Delivered(_ context.Context, seq uint64) error {
	if last := j.given.Load(); seq > last {
		return fmt.Errorf("seq %d delivered, though %d is the last that was given", seq, last)
	}
	for {
		old := j.delivered.Load()
		if seq <= old {
			return nil
		}
		if j.delivered.CompareAndSwap(old, seq) {
			break
		}
	}
	if !j.owed.Swap(true) {
		j.nudge()
	}
	return nil
}

// decodeEvent reads a row of events. Of a body that cannot be read the columns are left, so that no seq goes missing.
func decodeEvent(seq uint64, id string, at int64, typ, body string) lock.Event {
	var e lock.Event
	if err := json.Unmarshal([]byte(body), &e); err != nil || e.Seq != seq {
		return lock.Event{ID: id, Seq: seq, At: time.UnixMilli(at).UTC(), Type: lock.Type(typ), Detail: "the rest of this event is damaged in the journal"}
	}
	return e
}
