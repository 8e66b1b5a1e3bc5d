package main

import (
	"encoding/json"
	"fmt"
	"sync"

	"latchd/lock"
)

// ledger holds what a door has stored against what a consumer heard of it that drops events whose id it has seen.
type ledger struct {
	mu       sync.Mutex
	stored   []string // the ids, by seq
	gap      error    // in the seqs that were stored
	heard    map[string]bool
	highest  uint64 // seq heard
	repeated int    // events whose id had been heard
	disorder int    // events that were new, but came after one with a higher seq
}

func newLedger() *ledger { return &ledger{heard: map[string]bool{}} }

// store enters events as the journal tells them.
func (l *ledger) store(events []lock.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range events {
		if e.Seq != uint64(len(l.stored)+1) && l.gap == nil {
			l.gap = fmt.Errorf("the journal gave seq %d after %d", e.Seq, len(l.stored))
		}
		l.stored = append(l.stored, e.ID)
	}
}

// hear enters the payload of one event as the broker passed it on.
func (l *ledger) hear(payload []byte) error {
	var e lock.Event
	if err := json.Unmarshal(payload, &e); err != nil {
		return fmt.Errorf("an event that cannot be read: %q: %w", payload, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.heard[e.ID]:
		l.repeated++
		return nil
	case e.Seq < l.highest:
		l.disorder++
	}
	l.heard[e.ID], l.highest = true, max(l.highest, e.Seq)
	return nil
}

// progress returns how many events are stored and not heard, and how many were heard.
func (l *ledger) progress() (left, heard int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.stored) - len(l.heard), len(l.heard)
}

// close returns how many stored events were never heard. It is an error when the door's story itself is wrong.
func (l *ledger) close() (lost int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range l.stored {
		if !l.heard[id] {
			lost++
		}
	}
	if strange := len(l.heard) - len(l.stored) + lost; strange > 0 {
		return lost, fmt.Errorf("%d events were heard that nobody stored", strange)
	}
	return lost, l.gap
}
