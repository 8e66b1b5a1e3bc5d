package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"latchd/board/sim"
	"latchd/lock"
	"latchd/sms/standin"
)

const doorConfig = `[door]
id = "bench"
name = "Bench door"
[board]
driver = "sim"
socket = "%[1]s/board"
[exit]
line = "GPIO22"
[contact]
line = "GPIO23"
[tamper]
line = "GPIO24"
[strike]
pulse = "0.5s"
[texts]
min_gap = "1s"
per_hour = 100
per_day = 500
[twilio]
account_sid = "AC0123456789abcdef0123456789abcdef"
from = "+15005550006"
api = "%[2]s"
[[owner]]
name = "Ada"
phone = "+15557654321"
[mqtt]
brokers = ["tcp://%[3]s"]
commands = true
[journal]
path = "%[1]s/journal"
`

// The lines that are looked at, and the secret of the stand-in.
const (
	exitLine   = "GPIO22"
	strikeLine = "GPIO17"
	token      = "bench0token"
)

// door is the daemon, in a process of its own on a simulated board, with a stand-in for Twilio.
type door struct {
	exe, dir, config string
	twilio           *httptest.Server
	cmd              *exec.Cmd
	end              context.CancelFunc // of the watch
	watching         chan struct{}      // closed when it has ended

	mu       sync.Mutex
	pressed  time.Time
	openings []opening
}

// opening is one press of the exit button with what it took to the strike's edge.
type opening struct {
	at   time.Time
	took time.Duration
}

// openDoor starts the daemon, which tries the brokers in their order.
func openDoor(exe, dir string, brokers []string) (*door, error) {
	d := &door{exe: exe, dir: dir, config: filepath.Join(dir, "latchd.toml"), watching: make(chan struct{})}
	d.twilio = httptest.NewServer(standin.New(standin.Options{AccountSID: "AC0123456789abcdef0123456789abcdef", Secret: token,
		Numbers: []string{"+15005550006"}}))
	text := fmt.Sprintf(doorConfig, dir, d.twilio.URL, strings.Join(brokers, `", "tcp://`))
	if err := os.WriteFile(d.config, []byte(text), 0o600); err != nil {
		return d, err
	}
	said, err := os.Create(filepath.Join(dir, "latchd.log"))
	if err != nil {
		return d, err
	}
	defer said.Close()
	d.cmd = exec.Command(exe, "run", "--config", d.config)
	d.cmd.Env = append(os.Environ(), "TWILIO_AUTH_TOKEN="+token)
	d.cmd.Stdout, d.cmd.Stderr = said, said
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := d.cmd.Start(); err != nil {
		return d, err
	}
	for began := time.Now(); d.fingers(context.Background(), "line", strikeLine) != nil; time.Sleep(20 * time.Millisecond) {
		if time.Since(began) > 20*time.Second {
			said, _ := os.ReadFile(said.Name())
			return d, fmt.Errorf("the door does not start: %s", said)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	d.end = cancel
	go func() {
		defer close(d.watching)
		sim.Do(ctx, filepath.Join(dir, "board"), []string{"watch"}, lines(d.edge))
	}()
	return d, nil
}

// close ends the daemon as systemd does.
func (d *door) close() {
	if d.end != nil {
		d.end()
		<-d.watching
	}
	if d.cmd != nil && d.cmd.Process != nil {
		d.cmd.Process.Signal(syscall.SIGTERM)
		kill := time.AfterFunc(20*time.Second, func() { d.cmd.Process.Kill() })
		d.cmd.Wait()
		kill.Stop()
	}
	d.twilio.Close()
}

func (d *door) fingers(ctx context.Context, args ...string) error {
	return sim.Do(ctx, filepath.Join(d.dir, "board"), args, new(bytes.Buffer))
}

// edge takes a change of a line.
func (d *door) edge(line []byte) {
	var e struct {
		At    time.Time
		Line  string
		Level int
	}
	if json.Unmarshal(line, &e) != nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case e.Line == exitLine && e.Level == 0:
		d.pressed = e.At
	case e.Line == strikeLine && e.Level == 1 && !d.pressed.IsZero():
		d.openings = append(d.openings, opening{d.pressed, e.At.Sub(d.pressed)})
		d.pressed = time.Time{}
	}
}

// openingsIn returns how long the strike took in that span of time, and how many presses of the exit button it left unanswered so far.
func (d *door) openingsIn(from, to time.Time) (took []time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, o := range d.openings {
		if !o.at.Before(from) && o.at.Before(to) {
			took = append(took, o.took)
		}
	}
	return took
}

// busy works the door until ctx ends, as fast as it tells each thing: beyond six changes of a line in ten seconds it folds
// them. It returns how often it pressed the exit button.
func (d *door) busy(ctx context.Context) (presses int, err error) {
	always := context.WithoutCancel(ctx)
	steps := [][]string{{"exit", "100ms"}, {"door", "open"}, {"bell", "100ms"}, {"tamper", "on"},
		{"exit", "100ms"}, {"door", "closed"}, {"tamper", "off"}, {"line", strikeLine}}
	for i := 0; ctx.Err() == nil || i%len(steps) != 0; i++ {
		step := steps[i%len(steps)]
		if err := d.fingers(always, step...); err != nil {
			return presses, err
		}
		if step[0] == "exit" {
			presses++
		}
		time.Sleep(500 * time.Millisecond)
	}
	return presses, nil
}

// stored returns what the door's journal holds.
func (d *door) stored() (events []lock.Event, err error) {
	out, err := exec.Command(d.exe, "log", "--json", "--config", d.config).Output()
	if err != nil {
		return nil, fmt.Errorf("read the door's journal: %w", err)
	}
	return readEvents(out)
}

// readEvents reads the lines of a journal, which has no gap.
func readEvents(journal []byte) (events []lock.Event, err error) {
	for line := range bytes.Lines(journal) {
		var e lock.Event
		if err := json.Unmarshal(line, &e); err != nil {
			return nil, fmt.Errorf("read the door's journal: %w", err)
		}
		if e.Seq != uint64(len(events)+1) {
			return nil, fmt.Errorf("the journal has seq %d after %d", e.Seq, len(events))
		}
		events = append(events, e)
	}
	return events, nil
}

// lines is a writer that takes whole lines.
type lines func([]byte)

func (l lines) Write(p []byte) (int, error) {
	for line := range bytes.Lines(p) {
		l(line)
	}
	return len(p), nil
}
