package main

import (
	"errors"
	"fmt"
	"os"
	"time"
)

// results is all that is measured.
type results struct {
	plan    plan
	idle    float64   // share of the processors' time, before anything was started
	rates   []evening // of the first number of doors, by rate
	outages []outage
	grown   []evening // at ten times an evening's rate, by doors
	tried   int       // the doors tried last
	gave    string    // what gave with them; empty: nothing did
	events  int       // heard, each once, when last all had been
}

// plan is what is done. Lengths are times *long.
type plan struct {
	doors   int           // 0: those of the flag
	settle  time.Duration // until what a start or a restart does is over
	busy    float64       // at how many times an evening's rate the outages happen
	rates   []part
	outages []stay
	others  []stay // of fleets of their own
	double  part   // of the growing fleet; no length: it does not grow
}

type part struct {
	times float64
	long  time.Duration
}

type stay struct {
	away  time.Duration
	saved bool // the broker is stopped, and not killed
	link
}

// link is how the doors come to the broker.
type link struct {
	spread time.Duration // mqtt.spread of their configuration
	tls    bool          // with certificates on both sides
}

// The lengths give 200, 1,700 and 6,700 openings of a thousand doors, and 1,000 or more in each size of the growing fleet.
var (
	whole = plan{settle: settled, busy: usual, rates: []part{{1, 2 * time.Minute}, {10, 100 * time.Second}, {100, 40 * time.Second}},
		outages: []stay{{away: 10 * time.Second}, {away: time.Minute, saved: true}}, double: part{usual, 35 * time.Second},
		others: []stay{{away: 10 * time.Second, link: link{spread: 10 * time.Second}}, {away: 10 * time.Second, link: link{tls: true}}}}
	short = plan{doors: 50, settle: time.Second, busy: 20, rates: []part{{50, 3 * time.Second}}, outages: []stay{{away: time.Second, saved: true}},
		others: []stay{{away: time.Second, link: link{time.Second, true}}}}
)

// settled is how long a connection has to stand before its loss counts as an outage to the doors; a little longer than in
// package mqtt.
const settled = 11 * time.Second

// usual is at how many times an evening's rate the aim is held, the doors are doubled and the broker goes away.
const usual = 10

func (p plan) run(dir string, show *progress) (r results, err error) {
	if p.doors == 0 {
		p.doors = *doors
	}
	err = p.with(link{}, dir, show, func(f *fleet) error { return p.measure(f, &r) })
	for _, s := range p.others {
		if err != nil {
			break
		}
		err = p.with(s.link, dir, show, func(f *fleet) error {
			o, err := f.outage(p.busy, s, scaled(p.settle))
			r.outages, r.events = append(r.outages, o), r.events+f.ear.events()
			return err
		})
	}
	return r, err
}

// with has a fleet of its own for do, in a folder below dir that is gone afterwards.
func (p plan) with(l link, dir string, show *progress, do func(*fleet) error) error {
	dir, err := os.MkdirTemp(dir, "")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	f, err := newFleet(dir, l, show)
	if err != nil {
		return err
	}
	if err = f.grow(p.doors); err == nil {
		f.pause("the doors settle", scaled(p.settle))
		err = do(f)
	}
	return errors.Join(err, f.close())
}

func (p plan) measure(f *fleet, r *results) error {
	for _, q := range p.rates {
		e, err := f.evening(q.times, scaled(q.long))
		if err != nil {
			return fmt.Errorf("%g times an evening's rate: %w", q.times, err)
		}
		r.rates = append(r.rates, e)
	}
	for _, s := range p.outages {
		o, err := f.outage(p.busy, s, scaled(p.settle))
		if err != nil {
			return fmt.Errorf("broker away for %v: %w", s.away, err)
		}
		r.outages = append(r.outages, o)
	}
	r.events = f.ear.events()
	for n := 2 * p.doors; p.double.long > 0 && n <= *most && r.gave == ""; n *= 2 {
		r.tried = n
		if err := f.grow(n); err != nil {
			r.gave = err.Error()
			break
		}
		f.pause("the doors settle", scaled(p.settle))
		e, err := f.evening(p.double.times, scaled(p.double.long))
		if err != nil {
			r.gave = err.Error()
			break
		}
		r.grown, r.gave, r.events = append(r.grown, e), e.gave(), f.ear.events()
	}
	return nil
}

// idleAtLeast is the share of the processors' time that has to be idle before a run whose figures are written.
const idleAtLeast = 0.7

// writable returns why the figures of this plan are not to be written, on a machine that was idle for that share before.
func (p plan) writable(idle float64) error {
	switch {
	case p.double.long == 0:
		return errors.New("-quick measures nothing that could be written: leave out -quick or -write")
	case idle < idleAtLeast:
		return fmt.Errorf("this machine is idle for %.0f %% only, and figures are written from %.0f %% on: end what else runs (top shows it), or leave out -write",
			100*idle, 100*idleAtLeast)
	}
	return nil
}

func scaled(d time.Duration) time.Duration { return time.Duration(*long * float64(d)) }

// gave returns what did not hold, if anything.
func (e evening) gave() string {
	p99, _ := e.access.at(0.99)
	switch {
	case e.access.deaf() > 0:
		return fmt.Sprintf("%d openings were not heard in time", e.access.deaf())
	case p99 > aim && e.idle < 0.1:
		return fmt.Sprintf("p99 is %.0f ms: the %d processors are busy for %.0f %% of the time", float64(p99)/1e6, processors, 100*(1-e.idle))
	case p99 > aim:
		return fmt.Sprintf("p99 is %.0f ms, with the processors busy for %.0f %% of the time", float64(p99)/1e6, 100*(1-e.idle))
	}
	return ""
}

// aim is p99 from strike to subscriber at the most.
const aim = 50 * time.Millisecond
