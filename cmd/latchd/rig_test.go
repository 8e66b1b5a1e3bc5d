package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	broker "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/hooks/auth"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/rogpeppe/go-internal/testscript"

	"latchd/board/sim"
	"latchd/lock"
	"latchd/sms/standin"
)

// The test binary is latchd too, when it is called so.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"latchd": func() {
			if os.Getenv(testClock) != "" {
				clockSynced = func() bool { return os.Getenv(testClock) == "synced" }
			}
			os.Exit(Main(os.Args[1:], os.Stdout, os.Stderr))
		},
		"panicker": panicker, "signalled": signalled,
	})
}

// testClock, where it is set in the environment, says in place of the system whether the clock is "synced".
const testClock = "LATCHD_TEST_CLOCK"

// patience is how long a test waits for what must come; only a failing test waits so long.
const patience = 30 * time.Second

const (
	ownersPhone = "+15557654321"
	testSID     = "AC0123456789abcdef0123456789abcdef"
	testToken   = "sesame0secret0token"
)

// rig is a door in a process of its own, on a simulated board, with a broker, Twilio's stand-in, and ears on every topic.
type rig struct {
	t        *testing.T
	dir      string
	config   string
	token    string // Twilio's, as the door has it
	port     string // the broker's
	twilio   *httptest.Server
	texts    chan standin.Message
	messages chan paho.Message
	stderr   syncBuffer
	latchd   *exec.Cmd
	ended    chan error
	unread   map[string][]string // payloads by topic
	publish  func(topic, payload string, retained bool)
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

const rigConfig = `[door]
id = "front"
name = "Front door"
[board]
driver = "sim"
socket = "%[1]s/board"
[exit]
line = "GPIO22"
[contact]
line = "GPIO23"
[strike]
pulse = "0.5s"
[texts]
min_gap = "1s"
per_hour = 50
per_day = 50
[twilio]
account_sid = "%[2]s"
from = "+15005550006"
api = "%[3]s"
[[owner]]
name = "Ada"
phone = "%[4]s"
[mqtt]
brokers = ["tcp://127.0.0.1:%[5]s"]
commands = true
[journal]
path = "%[1]s/journal"
`

// newRig starts everything but the door and its broker.
func newRig(t *testing.T) *rig {
	r := &rig{t: t, dir: t.TempDir(), token: testToken, texts: make(chan standin.Message, 100), messages: make(chan paho.Message, 100_000),
		unread: map[string][]string{}}
	r.twilio = httptest.NewServer(standin.New(standin.Options{AccountSID: testSID, Secret: testToken, Numbers: []string{"+15005550006"},
		Step: 10 * time.Millisecond, OnText: func(m standin.Message) { r.texts <- m }}))
	t.Cleanup(r.twilio.Close)
	r.port = freePort(t)
	r.config = filepath.Join(r.dir, "latchd.toml")
	r.write(fmt.Sprintf(rigConfig, r.dir, testSID, r.twilio.URL, ownersPhone, r.port))
	return r
}

func (r *rig) write(config string) {
	r.t.Helper()
	if err := os.WriteFile(r.config, []byte(config), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

func freePort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// startBroker starts mosquitto, or where there is none a broker in process, and listens in on every topic.
func (r *rig) startBroker() {
	r.t.Helper()
	address := net.JoinHostPort("127.0.0.1", r.port)
	if path := mosquitto(); path != "" {
		config := filepath.Join(r.dir, "mosquitto.conf")
		if err := os.WriteFile(config, []byte("listener "+r.port+" 127.0.0.1\nallow_anonymous true\n"), 0o600); err != nil {
			r.t.Fatal(err)
		}
		m := exec.Command(path, "-c", config)
		if err := m.Start(); err != nil {
			r.t.Fatal(err)
		}
		r.t.Cleanup(func() { m.Process.Kill(); m.Wait() })
	} else {
		l, err := net.Listen("tcp", address)
		if err != nil {
			r.t.Fatal(err)
		}
		s := broker.New(&broker.Options{Logger: slog.New(slog.DiscardHandler)})
		s.AddHook(new(auth.AllowHook), nil)
		s.AddListener(listeners.NewNet("t", l))
		if err := s.Serve(); err != nil {
			r.t.Fatal(err)
		}
		r.t.Cleanup(func() { s.Close() })
	}
	c := paho.NewClient(paho.NewClientOptions().AddBroker("tcp://" + address).SetClientID("ears").
		SetConnectRetry(true).SetConnectRetryInterval(20 * time.Millisecond))
	if t := c.Connect(); !t.WaitTimeout(patience) || t.Error() != nil {
		r.t.Fatalf("connect to the broker: %v", t.Error())
	}
	r.t.Cleanup(func() { c.Disconnect(0) })
	if t := c.Subscribe("latchd/#", 1, func(_ paho.Client, m paho.Message) { r.messages <- m }); !t.WaitTimeout(patience) || t.Error() != nil {
		r.t.Fatal(t.Error())
	}
	r.publish = func(topic, payload string, retained bool) {
		if t := c.Publish(topic, 1, retained, payload); !t.WaitTimeout(patience) || t.Error() != nil {
			r.t.Fatal(t.Error())
		}
	}
}

func mosquitto() string {
	for _, path := range []string{"/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto"} {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	return ""
}

// start starts the door; its end is awaited by stop or kill, or at the test's end.
func (r *rig) start() {
	r.t.Helper()
	exe, err := os.Executable()
	if err != nil {
		r.t.Fatal(err)
	}
	c := exec.Command(exe)
	c.Args = []string{"latchd", "run", "--config", r.config}
	c.Env = append(os.Environ(), "TWILIO_AUTH_TOKEN="+r.token)
	c.Stderr = &r.stderr
	if err := c.Start(); err != nil {
		r.t.Fatal(err)
	}
	r.latchd, r.ended = c, make(chan error, 1)
	go func(ended chan error) { ended <- c.Wait() }(r.ended)
	r.t.Cleanup(func() { c.Process.Kill() })
}

// signal sends a signal and, when it is one to end by, returns how latchd ended.
func (r *rig) signal(s syscall.Signal) error {
	r.t.Helper()
	if err := r.latchd.Process.Signal(s); err != nil {
		r.t.Fatal(err)
	}
	if s == syscall.SIGHUP {
		return nil
	}
	select {
	case err := <-r.ended:
		return err
	case <-time.After(patience):
		r.t.Fatalf("%v did not end latchd", s)
		return nil
	}
}

// fingers works the board.
func (r *rig) fingers(args ...string) string {
	r.t.Helper()
	var out bytes.Buffer
	if err := sim.Do(r.t.Context(), filepath.Join(r.dir, "board"), args, &out); err != nil {
		r.t.Fatalf("sim %v: %v\n%s", args, err, r.stderr.String())
	}
	return out.String()
}

// types types an entry and returns what is said about it. Fingers tap for 80 ms; where a busy machine sleeps through a tap,
// the entry is short, and is typed again.
func (r *rig) types(code string, words ...string) {
	r.t.Helper()
	for range 10 {
		r.fingers("press", "*"+code+"#")
		said, ok := r.hear("access", patience/2)
		if !ok || strings.Contains(said, "malformed") {
			continue
		}
		if !holds(said, words) {
			r.t.Errorf("typing was answered by %s, want %q", said, words)
		}
		return
	}
	r.t.Fatalf("ten entries and no answer; log:\n%s", r.stderr.String())
}

// await returns the next message on the topic, of those not yet asked for, whose payload holds all the words. Messages on
// other topics wait until they are asked for.
func (r *rig) await(topic string, words ...string) string {
	r.t.Helper()
	payload, ok := r.hear(topic, patience, words...)
	if !ok {
		r.t.Fatalf("nothing on %s with %q came; unread:\n%s\nlog:\n%s", topic, words, r.unread, r.stderr.String())
	}
	return payload
}

// hear is await that gives up after a time.
func (r *rig) hear(topic string, within time.Duration, words ...string) (payload string, ok bool) {
	timeout := time.After(within)
	for {
		for i, payload := range r.unread[topic] {
			if holds(payload, words) {
				r.unread[topic] = r.unread[topic][i+1:]
				return payload, true
			}
		}
		r.unread[topic] = nil
		select {
		case m := <-r.messages:
			topic := strings.TrimPrefix(m.Topic(), "latchd/front/")
			r.unread[topic] = append(r.unread[topic], string(m.Payload()))
		case <-timeout:
			return "", false
		}
	}
}

func holds(payload string, words []string) bool {
	return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(payload, w) })
}

var codeInText = regexp.MustCompile(`\d{6}`)

// code is the code in the next text.
func (r *rig) code() string {
	r.t.Helper()
	select {
	case m := <-r.texts:
		if m.To != ownersPhone {
			r.t.Errorf("a text to %s", m.To)
		}
		return codeInText.FindString(m.Body)
	case <-time.After(patience):
		r.t.Fatalf("no text came; log:\n%s", r.stderr.String())
		return ""
	}
}

func (r *rig) command(action string, age time.Duration) string {
	at, _ := json.Marshal(float64(time.Now().Add(-age).UnixMicro()) / 1e6)
	return fmt.Sprintf(`{"action":%q,"at":%s}`, action, at)
}

// log reads the journal as a user would.
func (r *rig) log(args ...string) (events []lock.Event) {
	r.t.Helper()
	var out, errs bytes.Buffer
	if status := Main(append([]string{"log", "--config", r.config, "--json"}, args...), &out, &errs); status != 0 {
		r.t.Fatalf("latchd log: %s", errs.String())
	}
	for line := range bytes.Lines(out.Bytes()) {
		var e lock.Event
		if err := json.Unmarshal(line, &e); err != nil {
			r.t.Fatalf("%s: %v", line, err)
		}
		events = append(events, e)
	}
	return events
}
