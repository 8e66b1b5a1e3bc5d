// Package keypad turns a matrix keypad's lines into key presses: one press for each time a finger puts a key down,
// whatever the contacts do meanwhile. Scanner is the pure step, from frames to events; Run is the thin loop around it
// that scans a pad.
//
// It takes no key that it cannot be sure of (three keys of a rectangle show a fourth), it does not repeat a key that is
// held, and it does not know what the keys mean. At rest it does not scan.
package keypad

import (
	"math/bits"
	"time"
)

// MaxRows and MaxCols bound a pad.
const (
	MaxRows = 8
	MaxCols = 32
)

// Matrix is one scan of a pad: bit c of element r is set when column c was low while row r was driven.
type Matrix [MaxRows]uint32

// Event is Press, Stuck or Freed.
type Event interface{ event() }

// Press is a key that went down.
type Press struct{ Key rune }

// Stuck is a key that has been down for too long. It is masked until it is freed.
type Stuck struct{ Row, Col int }

// Freed is a stuck key that has come up.
type Freed struct{ Row, Col int }

func (Press) event() {}
func (Stuck) event() {}
func (Freed) event() {}

// Scanner takes frames and finds the keys that were pressed. It is not safe for concurrent use.
//
// A key's contact has closed, or opened, when every scan over the debounce time said so. A press is reported as its
// contact has closed; the next one of that key needs the contact to have opened. Any number of keys may be down
// together as long as the frame shows which.
//
// Where two rows share a low column and either has another low column, current may flow through keys that are down into
// one that is not: the frame does not tell which are. Keys that go down in such rows are ghosts or cannot be told from
// ghosts. None of them is taken, not even when the frame clears up, until it has been up. Keys taken before stay taken,
// and a key that such a frame shows up is up: ghosts add keys, they hide none.
//
// A key that is down for longer than the stuck time is reported, once, and then left out: the scanner no longer waits
// for it. It still takes part in telling ghosts, because it still conducts: the other keys of its row and of its column
// work one at a time.
//
// Keys that are down in the first frame, and in the first one after Missed, were not seen to go down and are not taken.
type Scanner struct {
	rows, cols int
	debounce   time.Duration
	stuck      time.Duration
	fresh      bool
	keys       [MaxRows][MaxCols]key
	events     []Event
}

// key is what is known of one key.
type key struct {
	rune  rune
	seen  bool          // in the last frame
	since time.Duration // when that began
	down  bool          // its contact has closed, and has not opened since
	at    time.Duration // when it did
	void  bool          // does not count until its contact has opened
	stuck bool
}

// NewScanner makes a scanner for a pad of the given keys, one string a row, one rune a column, at most MaxRows and
// MaxCols; what is beyond is left out. A key that is down longer than stuck is masked.
func NewScanner(keys []string, debounce, stuck time.Duration) *Scanner {
	s := &Scanner{debounce: debounce, stuck: stuck, fresh: true}
	for r, row := range keys[:min(len(keys), MaxRows)] {
		s.rows = r + 1
		for c, k := range []rune(row) {
			if c < MaxCols {
				s.keys[r][c].rune = k
				s.cols = max(s.cols, c+1)
			}
		}
	}
	return s
}

// Step takes the frame scanned at the time now, on any clock that does not go back, and returns what has come of it. The
// events are valid until the next step.
func (s *Scanner) Step(now time.Duration, frame Matrix) []Event {
	s.events = s.events[:0]
	doubtful := frame.ghosts()
	for r := range s.rows {
		for c := range s.cols {
			k := &s.keys[r][c]
			if k.rune != 0 {
				s.step(now, k, r, c, frame[r]>>c&1 == 1, doubtful>>r&1 == 1)
			}
		}
	}
	s.fresh = false
	return s.events
}

func (s *Scanner) step(now time.Duration, k *key, r, c int, seen, doubtful bool) {
	if seen != k.seen {
		k.seen, k.since = seen, now
	}
	if seen && (doubtful || s.fresh) { // one that is down was taken before, and is not taken again
		k.void = true
	}
	settled := now-k.since >= s.debounce
	switch {
	case !settled:
	case seen && !k.down:
		k.down, k.at = true, now
		if !k.void {
			s.events = append(s.events, Press{k.rune})
		}
	case !seen:
		if k.stuck {
			s.events = append(s.events, Freed{r, c})
		}
		k.down, k.void, k.stuck = false, false, false
	}
	if seen && k.down && !k.stuck && now-k.at > s.stuck {
		k.stuck = true
		s.events = append(s.events, Stuck{r, c})
	}
}

// Missed says that scans were missed: what is down in the next frame may have gone down at any time.
func (s *Scanner) Missed() { s.fresh = true }

// Busy says whether a key other than a stuck one is down, or may be: scans must go on.
func (s *Scanner) Busy() bool {
	for r := range s.rows {
		for c := range s.cols {
			if k := &s.keys[r][c]; !k.stuck && (k.seen || k.down || k.void) {
				return true
			}
		}
	}
	return false
}

// ghosts returns the rows, one bit each, in which the frame does not tell what is down.
func (m *Matrix) ghosts() (rows uint32) {
	for i := range m {
		for j := range i {
			if m[i]&m[j] != 0 && bits.OnesCount32(m[i]|m[j]) > 1 {
				rows |= 1<<i | 1<<j
			}
		}
	}
	return rows
}
