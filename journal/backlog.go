package journal

import (
	"crypto/rand"
	"fmt"
	"time"

	"github.com/oklog/ulid/v2"

	"latchd/lock"
)

// item is an event on its way to the disk.
type item struct {
	lock.Event
	told bool // with Seq 0, since it could not be written at once
}

// backlog holds the events that Run has taken and not yet written, oldest first, each with its ID.
type backlog struct {
	items   []item
	lost    int // events dropped from the front
	door    string
	entropy *ulid.MonotonicEntropy
}

func newBacklog(door string) *backlog {
	return &backlog{door: door, entropy: ulid.Monotonic(rand.Reader, 0)}
}

// take appends events, before which lost others were dropped, and keeps within the limit by dropping the oldest.
func (b *backlog) take(events []lock.Event, lost int) {
	if lost > 0 && len(events) > 0 {
		b.items = append(b.items, b.hole(lost, events[0]))
	}
	for _, e := range events {
		e.ID, e.Seq = b.id(e.At), 0
		b.items = append(b.items, item{Event: e})
	}
	if over := len(b.items) - queueLimit; over > 0 {
		for _, it := range b.items[:over] {
			b.lost += max(1, it.holds())
		}
		b.items = b.items[over:]
	}
}

// size is how many events are not written, those that holes stand for among them.
func (b *backlog) size() int {
	n := b.lost
	for _, it := range b.items {
		n += max(1, it.holds())
	}
	return n
}

// mend puts an event in the place of those that were dropped from the front.
func (b *backlog) mend() {
	if b.lost > 0 && len(b.items) > 0 {
		b.items = append([]item{b.hole(b.lost, b.items[0].Event)}, b.items...)
		b.lost = 0
	}
}

// Lost is the reason of the event fault.cleared that stands for lost ones.
const Lost lock.Reason = "lost"

// hole makes the event that stands for n lost ones. It is a fault that is over: the one that stood meanwhile is the
// machine's to clear.
func (b *backlog) hole(n int, next lock.Event) item {
	return item{Event: lock.Event{ID: b.id(next.At), At: next.At, Clock: next.Clock, Door: b.door, Type: lock.FaultCleared,
		Reason: Lost, Part: lock.JournalPart, Count: n,
		Detail: fmt.Sprintf("%d events lost before this one: the journal could not be written", n)}}
}

// holds returns how many lost events this one stands for.
func (it item) holds() int {
	if it.Part == lock.JournalPart && it.Reason == Lost {
		return it.Count
	}
	return 0
}

// id makes a ULID of an event's wall time, rising within the millisecond. A clock before 1970 counts as 1970.
func (b *backlog) id(at time.Time) string {
	ms := min(uint64(max(at.UnixMilli(), 0)), ulid.MaxTime())
	id, err := ulid.New(ms, b.entropy)
	if err != nil { // this millisecond has run out of numbers above the last one
		id = ulid.MustNew(ms, rand.Reader)
	}
	return id.String()
}
