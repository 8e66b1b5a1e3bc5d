package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	broker "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/hooks/auth"
	"github.com/mochi-mqtt/server/v2/listeners"

	"latchd/board/sim"
)

const config = `[door]
id = "bench"
name = "Bench door"
[board]
driver = "sim"
socket = "%[1]s/board"
[texts]
min_gap = "1s"
per_hour = 100
per_day = 500
[twilio]
account_sid = "` + account + `"
from = "` + sender + `"
api = "%[2]s"
[[owner]]
name = "Ada"
phone = "` + owner + `"
[mqtt]
brokers = ["tcp://%[3]s"]
[journal]
path = "%[1]s/journal"
`

// door is latchd in a process of its own.
type door struct {
	api   *api
	board string
	cmd   *exec.Cmd
	bells chan time.Time // edges of the bell's line
	stop  func() error
}

// newDoor builds latchd, starts it, and waits until it is ready.
func newDoor(dir string, a *api) (*door, error) {
	exe, toml, cert := filepath.Join(dir, "latchd"), filepath.Join(dir, "latchd.toml"), filepath.Join(dir, "cert.pem")
	if out, err := exec.Command("go", "build", "-o", exe, "./cmd/latchd").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build latchd (run this from the top of the project): %w\n%s", err, out)
	}
	mqtt, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	b := broker.New(&broker.Options{Logger: slog.New(slog.DiscardHandler)})
	err = errors.Join(b.AddHook(new(auth.AllowHook), nil), b.AddListener(listeners.NewNet("b", mqtt)), b.Serve(),
		os.WriteFile(toml, fmt.Appendf(nil, config, dir, a.url(), mqtt.Addr()), 0o600), os.WriteFile(cert, a.certificate(), 0o600))
	if err != nil {
		return nil, err
	}
	notify, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(dir, "notify"), Net: "unixgram"})
	if err != nil {
		return nil, err
	}
	defer notify.Close()
	d := &door{api: a, board: filepath.Join(dir, "board"), bells: make(chan time.Time, 1000)}
	said := new(bytes.Buffer)
	d.cmd = exec.Command(exe, "run", "--config", toml)
	d.cmd.Stderr = said
	d.cmd.Env = append(os.Environ(), "TWILIO_AUTH_TOKEN="+token, "SSL_CERT_FILE="+cert, "NOTIFY_SOCKET="+filepath.Join(dir, "notify"))
	if err := d.cmd.Start(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	d.stop = func() error {
		cancel()
		d.cmd.Process.Signal(syscall.SIGTERM)
		return errors.Join(d.cmd.Wait(), b.Close())
	}
	notify.SetReadDeadline(time.Now().Add(patience))
	for buf := make([]byte, 4096); ; {
		n, err := notify.Read(buf)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("the door was not ready in time: %w\n%s", err, said), d.stop())
		}
		if bytes.Contains(buf[:n], []byte("READY=1")) {
			break
		}
	}
	go sim.Do(ctx, d.board, []string{"watch"}, d)
	time.Sleep(2 * time.Second) // the watch is open, and Twilio signed in to
	return d, nil
}

// Write notes the edges at which the bell is pressed. It takes whole lines, as the board writes them.
func (d *door) Write(p []byte) (int, error) {
	for line := range bytes.Lines(p) {
		var e struct {
			At    time.Time
			Line  string
			Level int
		}
		if json.Unmarshal(line, &e) == nil && e.Line == "GPIO26" && e.Level == 0 {
			d.bells <- e.At
		}
	}
	return len(p), nil
}

// next takes what has come, the zero time when nothing has within a second.
func next(c <-chan time.Time) time.Time {
	select {
	case at := <-c:
		return at
	case <-time.After(time.Second):
		return time.Time{}
	}
}

// delays are those of texts, from the bell's edge.
type delays struct{ first, accepted []time.Duration }

// ring presses the bell n times, after something was done to the line each time, and waits for the text that it causes.
func (d *door) ring(n int, before func()) (took delays, err error) {
	for range n {
		time.Sleep(2500 * time.Millisecond) // the text before has arrived, and the door may text again
		before()
		time.Sleep(200 * time.Millisecond)
		d.api.wire.clear()
		if err := sim.Do(context.Background(), d.board, []string{"bell", "100ms"}, new(bytes.Buffer)); err != nil {
			return took, err
		}
		accepted, err := d.api.accepted()
		if err != nil {
			return took, err
		}
		// Both were noted before the text was accepted, or the board's watch is gone.
		edge, first := next(d.bells), next(d.api.wire.asked)
		if edge.IsZero() || first.IsZero() {
			return took, errors.New("no edge of the bell was seen, or no request")
		}
		took.first = append(took.first, first.Sub(edge))
		took.accepted = append(took.accepted, accepted.Sub(edge))
	}
	return took, nil
}
