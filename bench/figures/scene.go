package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	broker "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/hooks/auth"
	"github.com/mochi-mqtt/server/v2/listeners"

	"latchd/bench/mosquitto"
	"latchd/board/sim"
	"latchd/sms/standin"
)

// scene is what stands around the daemon: a broker with an ear on it, Twilio's stand-in, the board's socket.
type scene struct {
	dir, exe, config string
	brokerName       string
	twilio           *httptest.Server
	texts            chan standin.Message
	requests         chan time.Time
	ear              paho.Client
	address          string        // the broker's
	heard            chan struct{} // an event came on the topic event
	stopBroker       func()
}

const config = `[door]
id = "bench"
name = "Bench door"
[board]
driver = "sim"
socket = "%[1]s/board"
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
[journal]
path = "%[1]s/journal"
`

const token = "bench0token"

func newScene(dir, exe string) (*scene, error) {
	s := &scene{dir: dir, exe: exe, config: filepath.Join(dir, "latchd.toml"), texts: make(chan standin.Message, 100),
		requests: make(chan time.Time, 10_000), heard: make(chan struct{}, 1_000_000)}
	play := standin.New(standin.Options{AccountSID: "AC0123456789abcdef0123456789abcdef", Secret: token,
		Numbers: []string{"+15005550006"}, OnText: func(m standin.Message) { s.texts <- m }})
	s.twilio = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			s.requests <- time.Now()
		}
		play.ServeHTTP(w, r)
	}))
	address, err := s.startBroker()
	if err != nil {
		return nil, err
	}
	s.address = address
	if err := os.WriteFile(s.config, fmt.Appendf(nil, config, dir, s.twilio.URL, address), 0o600); err != nil {
		return nil, err
	}
	s.ear, err = mosquitto.Hear(address, "latchd/bench/event", func(string, []byte) { s.heard <- struct{}{} })
	return s, err
}

// startBroker starts mosquitto, or where there is none a broker in this process.
func (s *scene) startBroker() (address string, err error) {
	m, err := mosquitto.Start(s.dir, mosquitto.Open)
	if err == nil {
		s.brokerName, s.stopBroker = "mosquitto", m.Kill
		return m.Address, nil
	}
	log.Printf("%v: taking a broker in this process", err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	b := broker.New(&broker.Options{Logger: slog.New(slog.DiscardHandler)})
	s.brokerName, s.stopBroker = "mochi-mqtt", func() { b.Close() }
	return l.Addr().String(), errors.Join(b.AddHook(new(auth.AllowHook), nil), b.AddListener(listeners.NewNet("b", l)), b.Serve())
}

func (s *scene) close() {
	s.ear.Disconnect(0)
	s.stopBroker()
	s.twilio.Close()
}

// daemon is a running latchd.
type daemon struct {
	cmd           *exec.Cmd
	locked, ready time.Duration // from its start
}

// start starts the daemon and waits until it is ready.
func (s *scene) start() (*daemon, error) {
	os.RemoveAll(filepath.Join(s.dir, "notify"))
	notify, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(s.dir, "notify"), Net: "unixgram"})
	if err != nil {
		return nil, err
	}
	defer notify.Close()
	d := &daemon{cmd: exec.Command(s.exe, "run", "--config", s.config)}
	d.cmd.Env = append(os.Environ(), "TWILIO_AUTH_TOKEN="+token, "NOTIFY_SOCKET="+filepath.Join(s.dir, "notify"))
	locked := make(chan time.Time, 1)
	d.cmd.Stderr = &finder{word: []byte("the strike is locked"), found: locked}
	began := time.Now()
	if err := d.cmd.Start(); err != nil {
		return nil, err
	}
	buf := make([]byte, 4096)
	notify.SetReadDeadline(time.Now().Add(20 * time.Second))
	for {
		n, err := notify.Read(buf)
		if err != nil {
			d.kill()
			return nil, fmt.Errorf("the daemon was not ready in time: %w", err)
		}
		if bytes.Contains(buf[:n], []byte("READY=1")) {
			break
		}
	}
	d.ready = time.Since(began)
	d.locked = (<-locked).Sub(began)
	return d, nil
}

func (d *daemon) stop() error {
	d.cmd.Process.Signal(syscall.SIGTERM)
	return d.cmd.Wait()
}

func (d *daemon) kill() { d.cmd.Process.Kill(); d.cmd.Wait() }

// finder notes when a word is written.
type finder struct {
	word  []byte
	found chan time.Time
}

func (f *finder) Write(p []byte) (int, error) {
	if bytes.Contains(p, f.word) {
		select {
		case f.found <- time.Now():
		default:
		}
	}
	return len(p), nil
}

// edge is a change of a line, by the board's clock.
type edge struct {
	At    time.Time
	Line  string
	Level int
}

func (s *scene) fingers(ctx context.Context, args ...string) error {
	return sim.Do(ctx, filepath.Join(s.dir, "board"), args, new(bytes.Buffer))
}

// watch passes on every change of a line until ctx ends.
func (s *scene) watch(ctx context.Context) <-chan edge {
	edges := make(chan edge, 100_000)
	go sim.Do(ctx, filepath.Join(s.dir, "board"), []string{"watch"}, lines(func(line []byte) {
		var e edge
		if json.Unmarshal(line, &e) == nil {
			edges <- e
		}
	}))
	return edges
}

// lines is a writer that takes whole lines.
type lines func([]byte)

func (l lines) Write(p []byte) (int, error) {
	for line := range bytes.Lines(p) {
		l(line)
	}
	return len(p), nil
}
