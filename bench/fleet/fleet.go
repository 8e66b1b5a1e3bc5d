package main

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"latchd/bench/mosquitto"
)

// patience is how long anything may take that is not measured.
const patience = 2 * time.Minute

// perProcess is how many doors one process holds: each takes seven descriptors, and 20,000 is a usual limit.
const perProcess = 2000

// fleet is the broker, the subscriber, which this process is, and the processes of doors.
type fleet struct {
	dir    string
	link   link
	broker *mosquitto.Broker
	at     string // where the doors find it
	ear    *ear
	towns  []*process
	n      int // doors
	show   *progress

	mu     sync.Mutex
	opened map[string][]int64 // when each door's strike was driven to open, since takeOpened
}

// newFleet starts the broker, with its files in dir, and the subscriber; there are no doors yet.
func newFleet(dir string, l link, show *progress) (*fleet, error) {
	f := &fleet{dir: dir, link: l, ear: newEar(), show: show, opened: map[string][]int64{}}
	// As Debian's own configuration: what is retained is kept.
	config := fmt.Sprintf("%spersistence true\npersistence_location %s/\n", mosquitto.Open, dir)
	var err error
	if l.tls {
		if f.at, err = mosquitto.FreePort(); err == nil {
			err = certify(dir)
		}
		if err != nil {
			return nil, err
		}
		config += secured(f.at, dir)
	}
	if f.broker, err = mosquitto.Start(dir, config); err != nil {
		return nil, err
	}
	if !l.tls {
		f.at = f.broker.Address
	}
	if err := f.ear.listen(f.broker.Address); err != nil {
		f.broker.Kill()
		return nil, err
	}
	return f, nil
}

// close ends all processes.
func (f *fleet) close() error {
	var errs []error
	for _, p := range f.towns {
		p.in.Close()
	}
	for _, p := range f.towns {
		select {
		case err := <-p.ended:
			errs = append(errs, err)
		case <-time.After(patience):
			errs = append(errs, errors.New("a process of doors does not end"), p.cmd.Process.Kill())
		}
	}
	f.ear.close()
	f.broker.Kill()
	return errors.Join(errs...)
}

// grow adds doors until there are n, and waits until all are online.
func (f *fleet) grow(n int) error {
	var young []*process
	for f.n < n {
		p, err := f.start(min(n-f.n, perProcess))
		if err != nil {
			return err
		}
		young = append(young, p)
		f.n += p.n
	}
	for _, p := range young {
		select {
		case <-p.up:
		case err := <-p.ended:
			p.ended <- err
			return fmt.Errorf("the doors do not start: %w", err)
		case <-time.After(patience):
			return errors.New("the doors do not start")
		}
	}
	return f.until("doors online", f.n, f.ear.online)
}

// rate lets visitors come to every door so many times an evening's rate.
func (f *fleet) rate(times float64) error {
	var errs []error
	for _, p := range f.towns {
		errs = append(errs, p.tell(order{Rate: times * float64(p.n) / between.Seconds()}))
	}
	return errors.Join(errs...)
}

// look asks all doors how they are.
func (f *fleet) look() (*report, map[string]truth, error) {
	all, doors := &report{Dials: map[int64]attempts{}}, map[string]truth{}
	first := 0
	for _, p := range f.towns {
		if err := p.tell(order{Look: true}); err != nil {
			return nil, nil, err
		}
		select {
		case r := <-p.reports:
			all.In, all.Out, all.Active = all.In+r.In, all.Out+r.Out, all.Active+r.Active
			all.Trouble = append(all.Trouble, r.Trouble...)
			for at, a := range r.Dials {
				all.Dials[at] = attempts{all.Dials[at].Made + a.Made, all.Dials[at].Failed + a.Failed}
			}
			for i, t := range r.Doors {
				doors[doorID(first+i)] = t
			}
		case <-time.After(patience):
			return nil, nil, errors.New("a process of doors does not answer")
		}
		first += p.n
	}
	return all, doors, nil
}

// until waits for a count to reach n, and shows it meanwhile.
func (f *fleet) until(what string, n int, count func() int) error {
	began, got := time.Now(), 0
	for last := time.Now(); time.Since(last) < patience; time.Sleep(100 * time.Millisecond) {
		is := count()
		if is == n {
			return nil
		}
		if is != got {
			got, last = is, time.Now()
		}
		f.show.line("%s: %d of %d after %.0f s", what, is, n, time.Since(began).Seconds())
	}
	return fmt.Errorf("%s: %d of %d, and no more for %v", what, got, n, patience)
}

// pids are those of the processes of doors.
func (f *fleet) pids() (pids []int) {
	for _, p := range f.towns {
		pids = append(pids, p.cmd.Process.Pid)
	}
	return pids
}
