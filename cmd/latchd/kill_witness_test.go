package main

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"latchd/lock"
)

// ledger is what a consumer that drops repeated ids has heard.
type ledger struct {
	mu       sync.Mutex
	events   []string          // payloads, of seq 1 first; empty: missing
	ids      map[string]uint64 // on whatever topic
	seqs     map[uint64]string
	again    int
	left     int // messages until reached is closed
	reached  chan struct{}
	problems []string // the first ones
}

func newLedger() *ledger { return &ledger{ids: map[string]uint64{}, seqs: map[uint64]string{}} }

func (g *ledger) wrong(format string, args ...any) {
	if len(g.problems) < 20 {
		g.problems = append(g.problems, fmt.Sprintf(format, args...))
	}
}

func (g *ledger) take(topic, payload string) {
	switch topic {
	case "latchd/front/event", "latchd/front/bell", "latchd/front/access":
	default:
		return
	}
	var e lock.Event
	err := json.Unmarshal([]byte(payload), &e)
	g.mu.Lock()
	defer g.mu.Unlock()
	if err != nil || e.Seq == 0 || e.ID == "" {
		g.wrong("%s: %s: %v", topic, payload, err)
		return
	}
	if id := g.seqs[e.Seq]; id != "" && id != e.ID {
		g.wrong("%s: seq %d came with id %s, and with %s before", topic, e.Seq, e.ID, id)
	}
	if seq := g.ids[e.ID]; seq != 0 && seq != e.Seq {
		g.wrong("%s: id %s came with seq %d, and with %d before", topic, e.ID, e.Seq, seq)
	}
	g.seqs[e.Seq], g.ids[e.ID] = e.ID, e.Seq
	if g.left--; g.left == 0 {
		close(g.reached)
	}
	if topic == "latchd/front/event" {
		g.note(e.Seq, payload)
	}
}

// after returns a channel that is closed when n more messages have come, unless it is called again before.
func (g *ledger) after(n int) <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.left, g.reached = n, make(chan struct{})
	return g.reached
}

// note enters what came on the topic event.
func (g *ledger) note(seq uint64, payload string) {
	switch heard := uint64(len(g.events)); {
	case seq > heard+1<<16:
		g.wrong("seq %d came after %d", seq, heard)
	case seq > heard:
		if seq != heard+1 {
			g.wrong("seq %d came after %d", seq, heard)
		}
		g.events = append(g.events, make([]string, seq-heard)...)
		g.events[seq-1] = payload
	case g.events[seq-1] == "":
		g.events[seq-1] = payload
	case g.events[seq-1] != payload:
		g.wrong("seq %d came again as another event: %s after %s", seq, payload, g.events[seq-1])
	default:
		g.again++
	}
}

func (g *ledger) heard() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.events)
}

func (g *ledger) last() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.events) == 0 {
		return ""
	}
	return g.events[len(g.events)-1]
}

func (g *ledger) missing() (n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, payload := range g.events {
		if payload == "" {
			n++
		}
	}
	return n
}

// wait waits until something is true.
func (g *ledger) wait(t *testing.T, done func() bool) {
	t.Helper()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for timeout := time.After(patience); !done(); {
		select {
		case <-look.C:
		case <-timeout:
			t.Fatalf("%d events were heard, and no more come; the last is %s; problems: %q", g.heard(), g.last(), g.problems)
		}
	}
}

// verdict compares what was heard with the journal and returns the number of events in which they differ.
func (g *ledger) verdict(t *testing.T, stored []lock.Event) (differing int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, p := range g.problems {
		t.Error(p)
	}
	for i := range max(len(stored), len(g.events)) {
		var there, here string
		if i < len(stored) {
			b, _ := json.Marshal(stored[i])
			there = string(b)
			if e := stored[i]; e.Part == lock.JournalPart || e.Seq != uint64(i+1) {
				t.Errorf("event %d of the journal is %s", i+1, b)
			}
		}
		if i < len(g.events) {
			here = g.events[i]
		}
		if here != there {
			if differing++; differing < 20 {
				t.Errorf("seq %d: heard %q, stored %q", i+1, here, there)
			}
		}
	}
	return differing
}
