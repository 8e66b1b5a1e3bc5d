package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// witness keeps what the kernel recorded of the strike's line. A line that was let go counts as driven as it was last,
// as Raspberry Pi kernels keep it.
type witness struct {
	mu        sync.Mutex
	activeLow bool
	known     bool // the line has been driven
	open      bool
	openings  []opening // since the last forget
	claimed   int       // of them, by the scenario
	drives    int       // times that the line was given a level, since the last forget
	floated   bool      // it was made an input
	seen      []move    // all of it
	moved     chan struct{}
}

// opening is a time during which the strike was open. Times are CLOCK_MONOTONIC, ns.
type opening struct{ from, to int64 } // to 0: it is open still

func startWitness(h header) (*witness, error) {
	f, err := os.Open(filepath.Join(tracefs, "instances/witness/trace_pipe"))
	if err != nil {
		return nil, err
	}
	w := &witness{moved: make(chan struct{})}
	go func() {
		for lines := bufio.NewScanner(f); lines.Scan(); {
			if m, ok := h.parseMove(lines.Text()); ok {
				w.see(m)
			}
		}
	}()
	return w, nil
}

func (w *witness) see(m move) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.take(m)
	close(w.moved)
	w.moved = make(chan struct{})
}

func (w *witness) take(m move) {
	w.seen = append(w.seen, m)
	switch {
	case m.direction:
		w.floated = w.floated || !m.out
	default:
		open := m.high != w.activeLow
		w.drives++
		if open && !w.open {
			w.openings = append(w.openings, opening{from: m.at})
		}
		if !open && w.open {
			w.openings[len(w.openings)-1].to = m.at
		}
		w.known, w.open = true, open
	}
}

// forget begins anew, for a strike of that polarity whose line nothing drives.
func (w *witness) forget(activeLow bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.anew(activeLow)
}

func (w *witness) anew(activeLow bool) {
	w.activeLow, w.known, w.open, w.openings, w.claimed, w.drives, w.floated, w.seen = activeLow, false, false, nil, 0, 0, false, nil
}

// wait waits until ok, which is called with the lock held, or until the time is over. It returns whether ok.
func (w *witness) wait(atMost time.Duration, ok func() bool) bool {
	over := time.After(atMost)
	for {
		w.mu.Lock()
		is, moved := ok(), w.moved
		w.mu.Unlock()
		if is {
			return true
		}
		select {
		case <-moved:
		case <-over:
			return false
		}
	}
}

// opens waits for an opening that nobody has claimed yet, and claims it.
func (w *witness) opens(atMost time.Duration) (o opening, ok bool) {
	ok = w.wait(atMost, func() bool {
		if w.claimed == len(w.openings) {
			return false
		}
		o = w.openings[w.claimed]
		w.claimed++
		return true
	})
	return o, ok
}

// locks waits until the line is at its locked level, and returns the last opening.
func (w *witness) locks(atMost time.Duration) (o opening, ok bool) {
	ok = w.wait(atMost, func() bool {
		if n := len(w.openings); n > 0 {
			o = w.openings[n-1]
		}
		return w.known && !w.open
	})
	return o, ok
}

// account says what the scenario has not accounted for.
func (w *witness) account() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.open {
		return fmt.Errorf("the strike is open in the end")
	}
	return w.unclaimed()
}

func (w *witness) unclaimed() error {
	switch {
	case w.floated:
		return fmt.Errorf("the strike's line was made an input")
	case len(w.openings) > w.claimed:
		return fmt.Errorf("the strike opened %d times, and the scenario accounts for %d", len(w.openings), w.claimed)
	}
	return nil
}

// cut says what has not been accounted for when the power goes. The strike may be open then.
func (w *witness) cut() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.unclaimed()
}

// resume goes on after the machine was started again: what the kernel has recorded since the boot belongs to the
// scenario, and is judged by its polarity.
func (w *witness) resume(activeLow bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	seen := w.seen
	w.anew(activeLow)
	for _, m := range seen {
		w.take(m)
	}
}

func (w *witness) counts() (drives, openings int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.drives, len(w.openings)
}
