package main

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// process is a process of doors, seen from outside.
type process struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	n       int
	up      chan struct{}
	reports chan *report
	ended   chan error
}

func (f *fleet) start(n int) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &process{n: n, up: make(chan struct{}), reports: make(chan *report, 1), ended: make(chan error, 1)}
	p.cmd = exec.Command(self, "doors", "-first", strconv.Itoa(f.n), "-n", strconv.Itoa(n), "-broker", f.at,
		"-dir", filepath.Join(f.dir, "doors"), "-seed", strconv.FormatUint(*seed, 10), "-spread", f.link.spread.String())
	if f.link.tls {
		p.cmd.Args = append(p.cmd.Args, "-certificates", f.dir)
	}
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
