package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"time"

	broker "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/hooks/auth"
	"github.com/mochi-mqtt/server/v2/listeners"

	"latchd/board/sim"
	"latchd/sms/standin"
)

const (
	config = `[door]
id = "bench"
name = "Bench door"
[board]
driver = "sim"
socket = "%[1]s/board"
[strike]
pulse = "0.5s"
[code]
digits = 4
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
[web]
listen = "%[4]s"
panel = true
console = true
[journal]
path = "%[1]s/journal"
`
	account, secret = "AC0123456789abcdef0123456789abcdef", "bench0token"
	sender, owner   = "+15005550006", "+15557654321"

	patience = 20 * time.Second
)

// door is latchd in a process of its own, and all that it talks to.
type door struct {
	cmd   *exec.Cmd
	said  *bytes.Buffer // its log; to be read when it has ended
	at    string        // its pages' address
	board string
	texts chan standin.Message
	edges chan edge
	ended []func() // what stands around it
}

// edge is a change of a line, by the board's clock.
type edge struct {
	At    time.Time
	Line  string
	Level int
}

// newDoor starts a door with a folder of its own within dir, and waits until it is ready.
func newDoor(dir, exe string) (d *door, err error) {
	if dir, err = os.MkdirTemp(dir, "door-"); err != nil {
		return nil, err
	}
	d = &door{said: new(bytes.Buffer), board: filepath.Join(dir, "board"), texts: make(chan standin.Message, 1000),
		edges: make(chan edge, 100_000)}
	defer func() {
		if err != nil {
			d.end()
		}
	}()
	twilio := httptest.NewServer(standin.New(standin.Options{AccountSID: account, Secret: secret, Numbers: []string{sender},
		OnText: func(m standin.Message) { d.texts <- m }}))
	d.ended = append(d.ended, twilio.Close)
	mqtt, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	b := broker.New(&broker.Options{Logger: slog.New(slog.DiscardHandler)})
	d.ended = append(d.ended, func() { b.Close() })
	free, err1 := net.Listen("tcp", "127.0.0.1:0")
	if err := errors.Join(err1, b.AddHook(new(auth.AllowHook), nil), b.AddListener(listeners.NewNet("b", mqtt)), b.Serve()); err != nil {
		return nil, err
	}
	d.at = free.Addr().String()
	free.Close()
	toml := filepath.Join(dir, "latchd.toml")
	if err := os.WriteFile(toml, fmt.Appendf(nil, config, dir, twilio.URL, mqtt.Addr(), d.at), 0o600); err != nil {
		return nil, err
	}
	return d, d.start(exe, toml, filepath.Join(dir, "notify"))
}

func (d *door) start(exe, toml, socket string) error {
	notify, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		return err
	}
	defer notify.Close()
	d.cmd = exec.Command(exe, "run", "--config", toml)
	d.cmd.Stderr = d.said
	d.cmd.Env = append(os.Environ(), "TWILIO_AUTH_TOKEN="+secret, "NOTIFY_SOCKET="+socket)
	if err := d.cmd.Start(); err != nil {
		return err
	}
	notify.SetReadDeadline(time.Now().Add(patience))
	for buf := make([]byte, 4096); ; {
		n, err := notify.Read(buf)
		if err != nil {
			return fmt.Errorf("the door was not ready in time: %w", errors.Join(err, d.kill()))
		}
		if bytes.Contains(buf[:n], []byte("READY=1")) {
			break
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	d.ended = append(d.ended, cancel)
	go sim.Do(ctx, d.board, []string{"watch"}, d)
	time.Sleep(time.Second) // the watch is open, and the bell's line too
	return nil
}

// Write takes the lines of the board's watch, whole ones.
func (d *door) Write(p []byte) (int, error) {
	for line := range bytes.Lines(p) {
		var e edge
		if json.Unmarshal(line, &e) == nil {
			d.edges <- e
		}
	}
	return len(p), nil
}

func (d *door) fingers(args ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return sim.Do(ctx, d.board, args, new(bytes.Buffer))
}

// end stops the door and what stands around it.
func (d *door) end() error {
	var err error
	if d.cmd != nil && d.cmd.Process != nil && d.cmd.ProcessState == nil {
		d.cmd.Process.Signal(syscall.SIGTERM)
		err = d.cmd.Wait()
	}
	for _, end := range d.ended {
		end()
	}
	return err
}

func (d *door) kill() error {
	d.cmd.Process.Kill()
	d.cmd.Wait()
	return fmt.Errorf("its log: %s", d.said)
}

var code = regexp.MustCompile(`\b\d{4,6}\b`)

// texted waits for a text and returns its code.
func (d *door) texted() (string, error) {
	select {
	case m := <-d.texts:
		return code.FindString(m.Body), nil
	case <-time.After(patience):
		return "", errors.New("no text came")
	}
}

// signIn signs the owner in and returns the cookie.
func (d *door) signIn() (string, error) {
	web := http.Client{Timeout: patience}
	asked, err := web.PostForm("http://"+d.at+"/otp/getcode/", url.Values{"phone": {owner}})
	if err != nil {
		return "", err
	}
	asked.Body.Close()
	code, err := d.texted()
	if err != nil {
		return "", err
	}
	in, err := web.PostForm("http://"+d.at+"/console/signin/", url.Values{"phone": {owner}, "code": {code}})
	if err != nil {
		return "", err
	}
	in.Body.Close()
	for _, c := range in.Cookies() {
		return c.Name + "=" + c.Value, nil
	}
	return "", fmt.Errorf("sign in: %s", in.Status)
}
