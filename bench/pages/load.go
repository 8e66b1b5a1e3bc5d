package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"latchd/bench/door"
)

// burden is this program's first argument when it is a load; its kind, the door's address and for streams a cookie follow.
const burden = "load"

// load is a process that burdens the door.
type load struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// state is what a load says of itself.
type state struct {
	Open        int    // streams that have begun; connections
	Least, Most int    // openings that a stream has seen
	Done        int    // sign-ins answered; connections opened
	Wrong       string // what went otherwise than it should
}

// load starts a load and waits until it is on.
func (d *house) load(kind string) (*load, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	ticket := ""
	if kind == "streams" {
		if ticket, err = d.signIn(); err != nil {
			return nil, err
		}
	}
	l := &load{cmd: exec.Command("nice", "-n", "19", self, burden, kind, d.at, ticket)}
	l.cmd.Stderr = os.Stderr
	out, err1 := l.cmd.StdoutPipe()
	in, err2 := l.cmd.StdinPipe()
	if err := errors.Join(err1, err2, l.cmd.Start()); err != nil {
		return nil, err
	}
	l.in, l.out = in, bufio.NewReader(out)
	on := map[string]func(state) bool{
		"streams":  func(s state) bool { return s.Open == streams },
		"sign-ins": func(s state) bool { return s.Done > 0 },
		"dribble":  func(s state) bool { return s.Done >= dribblers },
	}[kind]
	if err := l.until("the load is on", on); err != nil {
		l.end()
		return nil, err
	}
	return l, nil
}

func (l *load) ask() (s state, err error) {
	if _, err := fmt.Fprintln(l.in); err != nil {
		return s, err
	}
	line, err := l.out.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &s)
	}
	if err == nil && s.Wrong != "" {
		err = errors.New(s.Wrong)
	}
	return s, err
}

func (l *load) until(what string, done func(state) bool) error {
	for began := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		s, err := l.ask()
		switch {
		case err != nil:
			return err
		case done(s):
			return nil
		case time.Since(began) > door.Patience:
			return fmt.Errorf("waited until %s: %+v", what, s)
		}
	}
}

func (l *load) end() {
	l.in.Close()
	l.cmd.Process.Kill()
	l.cmd.Wait()
}
