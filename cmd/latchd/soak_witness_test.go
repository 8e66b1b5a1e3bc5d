package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"latchd/board"
	"latchd/board/sim"
	"latchd/lock"
)

// witness holds the rules of the door against what it sees: the strike's line, the events as the journal stored them, and
// what reached the broker. In virtual time all that belongs to one moment is seen before the next one begins.
type witness struct {
	pulse time.Duration

	mu       sync.Mutex
	problems []string // the first ones
	stored   uint64   // the last seq that the journal gave
	counts   map[string]int
	target   uint64 // the seq at which reached is called
	reached  context.CancelFunc

	open      bool // the strike
	since     time.Time
	openings  int
	unnamed   time.Time // an opening for which no access.granted has been seen; zero: none
	granted   time.Time // the last
	pressed   time.Time // the exit button, the last time
	exitFlood bool      // presses of the exit button are folded
	lockedOut bool

	heard    uint64 // the last seq that reached the broker
	ids      [1 << 10]string
	repeated int
	received map[string]int // by type
}

func newWitness(pulse time.Duration) *witness {
	return &witness{pulse: pulse, counts: map[string]int{}, received: map[string]int{}, target: 1 << 62}
}

func (w *witness) wrong(format string, args ...any) {
	if len(w.problems) < 20 {
		w.problems = append(w.problems, fmt.Sprintf(format, args...))
	}
}

// until returns a context that ends when the seq n has been stored.
func (w *witness) until(n uint64) context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.target, w.reached = n, cancel; w.stored >= n {
		cancel()
	}
	return ctx
}

// attack is how long the exit button is pressed before it counts; see package board.
const attack = time.Millisecond

// line takes a change of the strike's line or of the exit button's.
func (w *witness) line(c sim.Change, strike bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.moment(c.At)
	switch {
	case !strike && !bool(c.Level):
		w.pressed = c.At
	case !strike:
	case bool(c.Level):
		w.open, w.since, w.openings = true, c.At, w.openings+1
		if !w.granted.Equal(c.At) {
			w.unnamed = c.At
		}
	case w.open:
		w.open = false
		cause := w.granted
		if press := w.pressed.Add(attack); w.exitFlood && press.After(cause) {
			cause = press
		}
		if d := c.At.Sub(w.since); d > board.MaxPulse {
			w.wrong("the strike was open for %v", d)
		}
		if d := c.At.Sub(cause); d > w.pulse {
			w.wrong("the strike locked %v after what it was opened for", d)
		}
	}
}

// moment checks what must be complete by now.
func (w *witness) moment(now time.Time) {
	if !w.unnamed.IsZero() && now.After(w.unnamed) {
		w.wrong("the strike opened at %v and no access.granted tells why", w.unnamed)
		w.unnamed = time.Time{}
	}
}

// hear takes stored events.
func (w *witness) hear(events []lock.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range events {
		w.moment(e.At)
		if e.Seq != w.stored+1 {
			w.wrong("the journal gave seq %d after %d", e.Seq, w.stored)
		}
		w.stored = e.Seq
		w.counts[string(e.Type)]++
		if e.Part != "" || e.Reason != "" {
			w.counts[strings.Join(strings.Fields(fmt.Sprintf("%s %s %s", e.Type, e.Part, e.Reason)), " ")]++
		}
		w.judge(e)
		if w.stored >= w.target {
			w.reached()
		}
	}
}

func (w *witness) judge(e lock.Event) {
	switch e.Type {
	case lock.AccessGranted:
		w.granted = e.At
		if w.unnamed.Equal(e.At) {
			w.unnamed = time.Time{}
		}
		if w.lockedOut && e.Method == lock.ByCode {
			w.wrong("a code opened during a lockout, at %v", e.At)
		}
	case lock.LockoutStarted, lock.LockoutEnded:
		w.lockedOut = e.Type == lock.LockoutStarted
	case lock.FaultRaised, lock.FaultCleared:
		if e.Part == string(lock.Exit) && e.Reason == "flapping" {
			w.exitFlood = e.Type == lock.FaultRaised
		}
		if e.Part == "strike" || e.Part == lock.JournalPart || e.Part == "clock" {
			w.wrong("%s %s: %s", e.Type, e.Part, e.Detail)
		}
	}
}

// receive takes what the broker got on the topic event, as a consumer that drops repeated ids.
func (w *witness) receive(payload []byte) {
	var e lock.Event
	err := json.Unmarshal(payload, &e)
	w.mu.Lock()
	defer w.mu.Unlock()
	id := &w.ids[e.Seq%uint64(len(w.ids))]
	switch {
	case err != nil:
		w.wrong("%s: %v", payload, err)
	case e.Seq == w.heard+1:
		w.heard, *id = e.Seq, e.ID
		w.received[string(e.Type)]++
	case e.Seq > w.heard:
		w.wrong("seq %d reached the broker after %d", e.Seq, w.heard)
	case *id != e.ID:
		w.wrong("seq %d came again with another id", e.Seq)
	default:
		w.repeated++
	}
}

// rest says whether all has been told and heard.
func (w *witness) rest() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.open && w.heard == w.stored
}

// verdict returns what was wrong so far.
func (w *witness) verdict() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.moment(time.Now().Add(1))
	if n := w.counts[string(lock.LockUnlocked)]; n != w.openings {
		w.wrong("the strike opened %d times, %d were told", w.openings, n)
	}
	for typ, n := range w.received {
		if n != w.counts[typ] {
			w.wrong("%d events %s were stored, %d reached the broker", w.counts[typ], typ, n)
		}
	}
	return w.problems
}
