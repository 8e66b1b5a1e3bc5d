package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

const (
	load      = "/bench"
	stateFile = "/var/lib/bench.json"
	verdicts  = "/dev/ttyS1"
)

// verdict is what came of a scenario.
type verdict struct {
	Name, Title string
	Skipped     string   // why it was not played
	Error       string   // what went wrong; "" when nothing did
	Said        []string // what was measured
	Drives      int      // times that the strike's line was given a level
	Openings    int      // of the strike, each accounted for
	Took        time.Duration
	Log         string // of a scenario that failed
}

// progress is what outlasts a start of the machine.
type progress struct {
	Todo   []string
	Next   int
	Resume resume
	Said   []string
}

// work plays what is on the list, from where it was left, and turns the machine off.
func work() error {
	out, err := os.OpenFile(verdicts, os.O_WRONLY|unix.O_NOCTTY, 0)
	if err != nil {
		return err
	}
	p, err := readProgress()
	if err != nil {
		return err
	}
	if len(p.Todo) > 0 && p.Todo[0] == "--side" {
		err = side(out)
	} else {
		err = p.playAll(func(v verdict) error { return json.NewEncoder(out).Encode(v) })
	}
	if err != nil {
		fmt.Fprintln(out, err)
	}
	unix.IoctlSetInt(int(out.Fd()), unix.TCSBRK, 1) // until it is written
	return os.WriteFile("/proc/sysrq-trigger", []byte("o"), 0)
}

func readProgress() (p progress, err error) {
	b, err := os.ReadFile(stateFile)
	if err == nil {
		return p, json.Unmarshal(b, &p)
	}
	b, err = os.ReadFile(filepath.Join(load, "todo"))
	p.Todo = strings.Fields(string(b))
	return p, err
}

func (p progress) save() error {
	b, err := json.Marshal(p)
	if err != nil {
		return err
	}
	f, err := os.Create(stateFile)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return firstError(func() error { return err }, f.Sync, f.Close)
}

// playAll plays the list; install comes first, once.
func (p progress) playAll(tell func(verdict) error) error {
	d, err := openDoor(load)
	if err != nil {
		return err
	}
	if _, err := os.Stat(configFile); err != nil {
		if err := tell(d.play("install", false, resume{}, nil, nil)); err != nil {
			return err
		}
	}
	for ; p.Next < len(p.Todo); p.Next++ {
		name := p.Todo[p.Next]
		if name == "install" {
			continue
		}
		cut := func(r resume, said []string) {
			p.Resume, p.Said = r, said
			if err := p.save(); err != nil {
				panic(err)
			}
		}
		v := d.play(name, false, p.Resume, p.Said, cut)
		p.Resume, p.Said = resume{}, nil
		if err := tell(v); err != nil {
			return err
		}
	}
	return nil
}

// play plays one scenario, from its start or from where a power cut left it.
func (d *door) play(name string, here bool, from resume, said []string, cut func(resume, []string)) verdict {
	p := &play{d: d, name: name, from: from.Line, resume: from, here: here, said: said}
	began := monotonic()
	p.cut = func(r resume) { cut(r, p.said) }
	title, text, err := p.script()
	v := verdict{Name: name, Title: title}
	if err != nil {
		v.Error = err.Error()
		return v
	}
	if here && strings.Contains(string(text), "env LINE=") || here && strings.Contains(string(text), "\nclock ") {
		v.Skipped = "it cuts the power or sets the clock: in a machine of its own only"
		return v
	}
	if from.Line > 0 {
		d.goOn(from)
	} else {
		p.resume.Cursor = logCursor()
	}
	t := &transcript{}
	if v.Error = from.Failed; v.Error == "" {
		v.Error = t.play(p, text)
	}
	if v.Error == "" {
		v.Error = errorText(firstError(d.witness.account, func() error { return d.leaks(p.resume.Cursor) }))
	}
	moveClock(-p.clock)
	v.Said, v.Took = p.said, time.Duration(monotonic()-began)
	p.count()
	v.Drives, v.Openings = p.resume.Drives, p.resume.Openings
	if v.Error != "" {
		log, _ := command("journalctl", "-q", "-n", "60", "-o", "short-monotonic", "-u", "latchd", p.resume.Cursor)
		v.Log = t.log.String() + "\n" + log
	}
	return v
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// transcript is what testscript wants of a test: here a scenario is no test of Go's.
type transcript struct {
	log strings.Builder
}

var errFailed = fmt.Errorf("failed")

func (t *transcript) play(p *play, text []byte) (failed string) {
	dir, err := os.MkdirTemp("", "scenario")
	if err != nil {
		return err.Error()
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, p.name+".txt")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return err.Error()
	}
	defer func() {
		if r := recover(); r != nil {
			failed = t.why(fmt.Sprint(r))
		}
	}()
	testscript.RunT(t, testscript.Params{Files: []string{file}, Cmds: p.commands(), Setup: func(e *testscript.Env) error {
		e.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin:/sbin:"+filepath.Join(p.d.load))
		e.Setenv("CHIP", p.d.h.chip)
		e.Setenv("LOAD", p.d.load)
		p.setCode(e.Setenv, p.resume.Code)
		return nil
	}})
	return ""
}

// why is the line of the log that tells what failed.
func (t *transcript) why(otherwise string) string {
	if i := strings.LastIndex(t.log.String(), "FAIL: "); i >= 0 {
		line, _, _ := strings.Cut(t.log.String()[i:], "\n")
		_, what, _ := strings.Cut(line, ".txt:")
		return "line " + what
	}
	return otherwise
}

func (t *transcript) Log(args ...any)                    { fmt.Fprintln(&t.log, args...) }
func (t *transcript) Skip(args ...any)                   { t.Log(args...); panic(errFailed) }
func (t *transcript) Fatal(args ...any)                  { t.Log(args...); panic(errFailed) }
func (t *transcript) FailNow()                           { panic(errFailed) }
func (t *transcript) Parallel()                          {}
func (t *transcript) Verbose() bool                      { return true }
func (t *transcript) Run(_ string, f func(testscript.T)) { f(t) }
