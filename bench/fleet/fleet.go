package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
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
	broker *mosquitto.Broker
	ear    *ear
	towns  []*process
	n      int // doors
	show   *progress

	mu     sync.Mutex
	opened map[string][]int64 // when each door's strike was driven to open, since forget
}

// process is a process of doors, seen from outside.
type process struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	n       int
	up      chan struct{}
	reports chan *report
	ended   chan error
}

func newFleet(dir string, show *progress) (*fleet, error) {
	f := &fleet{dir: dir, ear: newEar(), show: show, opened: map[string][]int64{}}
	// As Debian's own configuration: what is retained is kept.
	config := fmt.Sprintf("%spersistence true\npersistence_location %s/\n", mosquitto.Open, dir)
	var err error
	if f.broker, err = mosquitto.Start(dir, config); err != nil {
		return nil, err
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

func (f *fleet) start(n int) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &process{n: n, up: make(chan struct{}), reports: make(chan *report, 1), ended: make(chan error, 1)}
	p.cmd = exec.Command(self, "doors", "-first", strconv.Itoa(f.n), "-n", strconv.Itoa(n), "-broker", f.broker.Address,
		"-dir", filepath.Join(f.dir, "doors"), "-seed", strconv.FormatUint(*seed, 10))
	p.cmd.Stderr = os.Stderr
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	f.towns = append(f.towns, p)
	go func() {
		err := f.follow(p, out)
		p.ended <- errors.Join(err, p.cmd.Wait())
	}()
	return p, nil
}

// follow reads what a process of doors says.
func (f *fleet) follow(p *process, out io.Reader) error {
	for d := json.NewDecoder(out); ; {
		var w word
		if err := d.Decode(&w); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		switch {
		case w.Up:
			close(p.up)
		case w.Report != nil:
			p.reports <- w.Report
		default:
			f.mu.Lock()
			id := doorID(w.Door)
			f.opened[id] = append(f.opened[id], w.Opened)
			f.mu.Unlock()
		}
	}
}

func (p *process) tell(o order) error { return json.NewEncoder(p.in).Encode(o) }

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
	for last := time.Now(); time.Since(last) < patience; time.Sleep(10 * time.Millisecond) {
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
