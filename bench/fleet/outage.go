package main

import (
	"slices"
	"time"

	"latchd/bench/proc"
)

// outage is what was measured when the broker went away and came back.
type outage struct {
	doors int
	stay
	house, broker proc.Usage // resident: at rest before; CPU: from the broker's running until all are back

	back     latencies     // of each door: from the broker's running to the subscriber's hearing that it is online, after its states
	asking   int           // attempts to connect in the busiest second while it was away
	refused  int           // of all
	counts   map[int64]int // connections made after its return, by ticks since its running
	asked    int           // doors that the subscriber asked again for what it had missed
	repeated int           // events that came again
}

// outage takes the broker away while visitors come, and waits until all doors are back and have told all.
func (f *fleet) outage(times float64, s stay, settle time.Duration) (o outage, err error) {
	o = outage{doors: f.n, stay: s, counts: map[int64]int{}}
	if o.house, o.broker, _, err = f.use(); err != nil {
		return o, err
	}
	again := f.ear.repeated()
	if err := f.rate(times); err != nil {
		return o, err
	}
	f.pause("visitors come", settle)
	if _, _, err := f.look(); err != nil { // so that the next report tells of what follows
		return o, err
	}
	f.ear.close()
	if s.saved {
		f.broker.Stop()
	} else {
		f.broker.Kill()
	}
	f.pause("the broker is away", s.away)
	if err := f.broker.Again(); err != nil {
		return o, err
	}
	running := now() - int64(time.Since(f.broker.Running))
	house, _, _, err := f.use()
	if err != nil {
		return o, err
	}
	if err := f.ear.listen(f.broker.Address); err != nil {
		return o, err
	}
	if err := f.until("doors back", f.n, f.ear.online); err != nil {
		return o, err
	}
	houseBack, brokerBack, _, err := f.use()
	if err != nil {
		return o, err
	}
	o.house.CPU, o.broker.CPU = houseBack.CPU-house.CPU, brokerBack.CPU
	o.back = f.ear.backs(running)
	slices.Sort(o.back)
	f.pause("all are back", settle) // whoever is thrown out again is so by now
	r, doors, err := f.look()
	if err != nil {
		return o, err
	}
	o.count(r.Dials, running)
	o.asked = f.ear.askFor(doors)
	err = f.calm()
	o.repeated = f.ear.repeated() - again
	return o, err
}

// count sorts the attempts to connect by when they were made.
func (o *outage) count(dials map[int64]attempts, running int64) {
	start, perSecond := running/int64(tick), map[int64]int{}
	for at, a := range dials {
		o.refused += a.Failed
		perSecond[at/int64(time.Second/tick)] += a.Failed
		// A door that has found the broker before this program has saw it return, too.
		o.counts[max(at-start, 0)] += a.Made
	}
	for _, n := range perSecond {
		o.asking = max(o.asking, n)
	}
}

// within returns how many connections were made in the ticks from one to another after the broker's return.
func (o outage) within(from, to time.Duration) (n int) {
	for at, made := range o.counts {
		if d := time.Duration(at) * tick; from <= d && d < to {
			n += made
		}
	}
	return n
}

// most returns the most connections that were made in one tick, and in which.
func (o outage) most() (n int, at time.Duration) {
	for t, made := range o.counts {
		if made > n {
			n, at = made, time.Duration(t)*tick
		}
	}
	return n, at
}

func (f *fleet) pause(what string, d time.Duration) {
	for began := time.Now(); time.Since(began) < d; {
		f.show.line("%s: %.0f of %.0f s", what, time.Since(began).Seconds(), d.Seconds())
		time.Sleep(min(time.Second, d-time.Since(began)))
	}
}
