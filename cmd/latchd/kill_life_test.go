package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"latchd/board/sim"
)

// What the log says on the way.
const (
	lockedFirst = "the strike is locked"
	atWork      = "the door is at work"
	atBroker    = "mqtt: connected"
)

// life is one process of the daemon, and who is busy at its door.
type life struct {
	k      *killing
	cmd    *exec.Cmd
	begun  time.Time
	diary  diary
	ended  chan error
	dying  atomic.Bool   // whatever fails from now on is the kill's work
	open   atomic.Bool   // the strike
	opened chan struct{} // closed when it first is

	ctx   context.Context
	leave context.CancelFunc
	hands sync.WaitGroup
}

// diary is a log that notes when words are first written.
type diary struct {
	mu    sync.Mutex
	text  []byte
	marks map[string]*mark
}

type mark struct {
	at   time.Time
	seen chan struct{}
}

func (d *diary) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.text = append(d.text, p...)
	for words, m := range d.marks {
		if m.at.IsZero() && bytes.Contains(d.text, []byte(words)) {
			m.at = time.Now()
			close(m.seen)
		}
	}
	return len(p), nil
}

// has says whether the words were written.
func (d *diary) has(words string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return !d.marks[words].at.IsZero()
}

func (k *killing) begin() *life {
	k.t.Helper()
	l := &life{k: k, ended: make(chan error, 1), opened: make(chan struct{}), cmd: exec.Command(os.Args[0])}
	l.diary.marks = map[string]*mark{}
	for _, words := range []string{lockedFirst, atWork, atBroker} {
		l.diary.marks[words] = &mark{seen: make(chan struct{})}
	}
	l.ctx, l.leave = context.WithCancel(context.Background())
	l.cmd.Args = []string{"latchd", "run", "--config", k.config}
	l.cmd.Env = append(os.Environ(), "TWILIO_AUTH_TOKEN="+k.token)
	l.cmd.Stderr = &l.diary
	l.begun = time.Now()
	if err := l.cmd.Start(); err != nil {
		k.t.Fatal(err)
	}
	go func() { l.ended <- l.cmd.Wait() }()
	k.t.Cleanup(func() { l.cmd.Process.Kill() })
	return l
}

// wait waits for something of a life; when it does not come, the test ends.
func (l *life) wait(seen <-chan struct{}, what string) {
	l.k.t.Helper()
	select {
	case <-seen:
	case err := <-l.ended:
		l.ended <- err
		l.k.t.Fatalf("waiting for %s: the daemon ended: %v\n%s", what, err, l.diary.text)
	case <-time.After(patience):
		l.diary.mu.Lock()
		defer l.diary.mu.Unlock()
		l.k.t.Fatalf("waiting for %s in vain; log:\n%s", what, l.diary.text)
	}
}

// until waits for words in the log.
func (l *life) until(words string) { l.k.t.Helper(); l.wait(l.diary.marks[words].seen, words) }

// ready waits until the daemon is, and returns how long that took from exec.
func (l *life) ready() time.Duration {
	l.k.t.Helper()
	l.until(atWork)
	return l.diary.marks[atWork].at.Sub(l.begun)
}

// end waits for the process's end, and for the hands.
func (l *life) end() (err error) {
	l.k.t.Helper()
	select {
	case err = <-l.ended:
	case <-time.After(patience):
		l.k.t.Error("the daemon does not end")
	}
	l.leave()
	l.hands.Wait()
	for line := range strings.Lines(string(l.diary.text)) {
		if strings.Contains(line, "level=WARN") { // of the configuration, and of root
			continue
		}
		if !strings.Contains(line, lockedFirst) {
			l.k.t.Errorf("before the strike was locked: %s", line)
		}
		break
	}
	return err
}

// locked watches the strike's line from now on, and looks at it before any finger has moved.
func (k *killing) locked(l *life) {
	k.t.Helper()
	l.hands.Go(func() {
		l.do(writer(func(p []byte) {
			var c struct {
				Line  string
				Level int
			}
			if json.Unmarshal(p, &c) != nil || c.Line != "GPIO17" {
				return
			}
			if l.open.Store(c.Level == 1); c.Level == 1 {
				select {
				case <-l.opened:
				default:
					close(l.opened)
				}
			}
		}), "watch")
	})
	var out bytes.Buffer
	if err := l.do(&out, "line", "GPIO17"); err != nil || out.String() != "0\n" {
		k.t.Errorf("after the start the strike's line is at %q, %v", out.String(), err)
	}
}

func (l *life) do(out io.Writer, args ...string) error {
	return sim.Do(l.ctx, filepath.Join(l.k.dir, "board"), args, out)
}
