// Package door starts the daemon in a process of its own on a simulated board, for those who measure it from outside, and
// works it as people do. It judges nothing.
package door

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"latchd/sms/standin"
)

// What stands in each door's configuration, and how long its process may take for what it is asked.
const (
	Account  = "AC0123456789abcdef0123456789abcdef"
	Secret   = "bench0token"
	Sender   = "+15005550006"
	Owner    = "+15557654321"
	Patience = 20 * time.Second
)

const config = `[door]
id = "%[1]s"
name = "Bench door"
[board]
driver = "sim"
socket = "%[2]s/board"
[strike]
pulse = "0.5s"
[texts]
min_gap = "1s"
per_hour = 100
per_day = 500
[twilio]
account_sid = "` + Account + `"
from = "` + Sender + `"
api = "%[3]s"
[[owner]]
name = "Ada"
phone = "` + Owner + `"
[journal]
path = "%[2]s/journal"
[mqtt]
brokers = ["tcp://%[4]s"]
%[5]s`

// Options are those of one door.
type Options struct {
	Exe     string // made by Build
	Dir     string // a folder of its own
	ID      string // in topics; empty: bench
	API     string // URL of what plays Twilio's API
	Brokers []string
	More    string    // further lines of the configuration: first those of [mqtt]
	Env     []string  // further variables
	Log     io.Writer // gets its log; nil: the file latchd.log in Dir does
}

// Door is a running daemon.
type Door struct {
	Config string        // the configuration's file
	Began  time.Time     // when the process was started
	Ready  time.Duration // from then until it said that it is ready

	cmd   *exec.Cmd
	board string // its socket
	log   string // the file
	edges chan Edge
	stop  func() // ends the watch
}

// Build makes the program of the project whose top is root, without cgo and stripped, as the file exe. env overrides what
// it is built for.
func Build(root, exe string, env ...string) error {
	exe, err := filepath.Abs(exe)
	if err != nil {
		return err
	}
	c := exec.Command("go", "build", "-C", root, "-trimpath", "-ldflags", "-s -w", "-o", exe, "./cmd/latchd")
	c.Env = append(append(os.Environ(), "CGO_ENABLED=0"), env...)
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("build latchd (is %s the top of the project?): %w\n%s", root, err, out)
	}
	return nil
}

// Twilio plays the API for the account of these doors. Of o it sets the account, its secret and its number.
func Twilio(o standin.Options) *standin.Twilio {
	o.AccountSID, o.Secret, o.Numbers = Account, Secret, []string{Sender}
	return standin.New(o)
}

// Start starts a door and returns when it is ready. It is killed when the process that started it dies.
func Start(o Options) (*Door, error) {
	if o.ID == "" {
		o.ID = "bench"
	}
	d := &Door{Config: filepath.Join(o.Dir, "latchd.toml"), board: filepath.Join(o.Dir, "board"),
		log: filepath.Join(o.Dir, "latchd.log"), stop: func() {}}
	text := fmt.Sprintf(config, o.ID, o.Dir, o.API, strings.Join(o.Brokers, `", "tcp://`), o.More)
	if err := os.WriteFile(d.Config, []byte(text), 0o600); err != nil {
		return nil, err
	}
	socket := filepath.Join(o.Dir, "notify")
	notify, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		return nil, err
	}
	defer os.Remove(socket)
	defer notify.Close()
	if o.Log == nil {
		file, err := os.OpenFile(d.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		o.Log = file
	}
	d.cmd = exec.Command(o.Exe, "run", "--config", d.Config)
	d.cmd.Env = append(append(os.Environ(), "TWILIO_AUTH_TOKEN="+Secret, "NOTIFY_SOCKET="+socket), o.Env...)
	d.cmd.Stderr = o.Log
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	d.Began = time.Now()
	if err := d.cmd.Start(); err != nil {
		return nil, err
	}
	if err := ready(notify); err != nil {
		d.Kill()
		return nil, fmt.Errorf("the door was not ready in time: %w\n%s", err, d.Said())
	}
	d.Ready = time.Since(d.Began)
	return d, nil
}

// ready waits until the daemon says so (sd_notify(3)).
func ready(notify *net.UnixConn) error {
	notify.SetReadDeadline(time.Now().Add(Patience))
	for buf := make([]byte, 4096); ; {
		n, err := notify.Read(buf)
		if err != nil || bytes.Contains(buf[:n], []byte("READY=1")) {
			return err
		}
	}
}

// Said returns its log, unless Options.Log gets that.
func (d *Door) Said() string {
	b, _ := os.ReadFile(d.log)
	return string(b)
}

// PID is the process's id.
func (d *Door) PID() int { return d.cmd.Process.Pid }

// Stop ends the door as systemd does, and waits for its end. The error says that it did not end well.
func (d *Door) Stop() error {
	defer d.stop()
	if err := d.cmd.Process.Signal(syscall.SIGTERM); errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	defer time.AfterFunc(Patience, func() { d.cmd.Process.Kill() }).Stop()
	return d.cmd.Wait()
}

// Kill ends it as a crash does, and waits for its end. After Stop it does nothing.
func (d *Door) Kill() {
	d.cmd.Process.Kill()
	d.cmd.Wait()
	d.stop()
}
