package main

import (
	"fmt"
	"os"
	"slices"
	"time"

	"latchd/bench/proc"
)

// between is the time from one bell of a door to the next, in the mean, in an evening.
const between = 10 * time.Minute

// evening is what was measured while visitors came.
type evening struct {
	doors             int
	times             float64 // an evening's rate
	took              time.Duration
	access, state     latencies  // from the strike to the subscriber: access granted, and lock/state UNLOCKED; each of all openings
	house, broker, me proc.Usage // CPU: of this time; the others at the end, written of this time
	idle              float64    // share of the processors' time
	in, out           float64    // bytes
}

// latencies are sorted.
type latencies []time.Duration

// at returns the quantile q, and whether there are enough for it: ten above it would be, one has to be.
func (l latencies) at(q float64) (time.Duration, bool) {
	if len(l) == 0 || float64(len(l))*(1-q) < 1 {
		return 0, false
	}
	return l[int(q*float64(len(l)))], true
}

// deaf returns how many were never heard in time.
func (l latencies) deaf() (n int) {
	for n < len(l) && l[len(l)-1-n] == never {
		n++
	}
	return n
}

// evening lets visitors come for so long, then waits until all is told.
func (f *fleet) evening(times float64, long time.Duration) (e evening, err error) {
	e = evening{doors: f.n, times: times}
	r, _, err := f.look()
	if err != nil {
		return e, err
	}
	f.takeOpened()
	f.ear.forget()
	house, broker, me, err := f.use()
	if err != nil {
		return e, err
	}
	in, out, rest, began := r.In, r.Out, proc.Idle(), time.Now()
	if err := f.rate(times); err != nil {
		return e, err
	}
	for time.Since(began) < long {
		f.mu.Lock()
		e.latencies(f.ear, f.opened)
		f.mu.Unlock()
		f.show.line("%d doors, %g times an evening: %.0f of %.0f s, %d openings, p99 so far: %s", f.n, times,
			time.Since(began).Seconds(), long.Seconds(), len(e.access), quantile(e.access, 0.99))
		time.Sleep(min(f.show.every, long-time.Since(began)))
	}
	e.took = time.Since(began)
	opened := f.takeOpened() // what follows asks much of the processors
	e.idle = (proc.Idle() - rest) / e.took.Seconds() / float64(processors)
	if e.house, e.broker, e.me, err = f.use(); err != nil {
		return e, err
	}
	for _, u := range []struct{ now, before *proc.Usage }{{&e.house, &house}, {&e.broker, &broker}, {&e.me, &me}} {
		u.now.CPU, u.now.Written = (u.now.CPU-u.before.CPU)/e.took.Seconds(), u.now.Written-u.before.Written
	}
	if r, _, err = f.look(); err != nil {
		return e, err
	}
	e.in, e.out = float64(r.In-in), float64(r.Out-out)
	if err := f.calm(); err != nil {
		return e, err
	}
	e.latencies(f.ear, opened)
	return e, nil
}

// latencies holds what was opened against what has been heard so far.
func (e *evening) latencies(from *ear, opened map[string][]int64) {
	e.access = from.after(opened, func(h *heard) []int64 { return h.granted })
	e.state = from.after(opened, func(h *heard) []int64 { return h.unlocked })
	slices.Sort(e.access)
	slices.Sort(e.state)
}

// takeOpened returns the openings since it was called last.
func (f *fleet) takeOpened() map[string][]int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	opened := f.opened
	f.opened = map[string][]int64{}
	return opened
}

func (f *fleet) use() (house, broker, me proc.Usage, err error) {
	if house, err = proc.Use(f.pids()...); err == nil {
		broker, err = proc.Use(f.broker.PID())
	}
	if err == nil {
		me, err = proc.Use(os.Getpid())
	}
	return house, broker, me, err
}

// calm lets nobody come any more, and waits until all visits are over and the subscriber has heard of every event and of the
// states as they are. What came to the broker while the subscriber was away, it asks for again.
func (f *fleet) calm() error {
	if err := f.rate(0); err != nil {
		return err
	}
	var doors map[string]truth
	for began := time.Now(); ; time.Sleep(200 * time.Millisecond) {
		r, is, err := f.look()
		if err != nil {
			return err
		}
		if len(r.Trouble) > 0 {
			return fmt.Errorf("%d visits failed: %s", len(r.Trouble), r.Trouble[0])
		}
		if doors = is; r.Active == 0 {
			break
		}
		if time.Since(began) > patience {
			return fmt.Errorf("%d visits do not end", r.Active)
		}
		f.show.line("%d visitors are still at a door", r.Active)
	}
	return f.until("doors of which all is heard", f.n, func() int {
		if _, is, err := f.look(); err == nil {
			doors = is // strikes lock, doors tell it
		}
		return f.ear.agree(doors)
	})
}
