package main

import (
	"math"
	"time"
)

// never is how long it took until the subscriber heard of an opening, where it was not in time: longer than any other.
const never = time.Duration(math.MaxInt64)

// heard is what was heard of a door.
type heard struct {
	strike, contact string // the newest of the retained states
	online          bool
	back            int64           // when the door said that it is online, for the first time since listen
	upto            uint64          // all events up to this seq were heard
	beyond          map[uint64]bool // seqs heard above that
	again           int             // events that came again
	granted         []int64         // since forget
	unlocked        []int64
}

// take notes that the event of that seq has come.
func (h *heard) take(seq uint64) {
	if seq <= h.upto || h.beyond[seq] {
		h.again++
		return
	}
	for h.beyond[seq] = true; h.beyond[h.upto+1]; {
		h.upto++
		delete(h.beyond, h.upto)
	}
}

// after returns for each opening how long it took until it was heard, by pick; never, when it was not before the door's next one.
func (e *ear) after(opened map[string][]int64, pick func(*heard) []int64) (ds []time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for id, at := range opened {
		var came []int64
		if h := e.doors[id]; h != nil {
			came = pick(h)
		}
		for i, t := range at {
			for len(came) > 0 && came[0] < t {
				came = came[1:]
			}
			if len(came) == 0 || i+1 < len(at) && came[0] >= at[i+1] {
				ds = append(ds, never)
				continue
			}
			ds = append(ds, time.Duration(came[0]-t))
		}
	}
	return ds
}
