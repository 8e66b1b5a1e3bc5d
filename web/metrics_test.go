package web

import (
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"latchd/lock"
)

// scraped is what the metrics answer to this machine.
func scraped(t *testing.T, m *Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "http://127.0.0.1/metrics", nil)
	r.RemoteAddr = "127.0.0.1:1"
	(Site{Metrics: m}).Handler().ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return w.Body.String()
}

func newTestMetrics() *Metrics {
	return NewMetrics(MetricsOptions{Version: "1.2", Waiting: func() uint64 { return 7 },
		Client: func(id, secret string) bool { return id == "prometheus" && secret == "its secret" }})
}

func TestMetricsCountEventsAndShowTheDoor(t *testing.T) {
	m := newTestMetrics()
	for _, want := range []string{`latchd_events_total{type="access.denied",reason="wrong_code"} 0`, `latchd_texts_total{state="failed"} 0`,
		`latchd_strike_state{state="locked"} 1`, "latchd_faults 0"} {
		if !strings.Contains(scraped(t, m), want+"\n") {
			t.Errorf("at first: no %s", want)
		}
	}
	for _, e := range []lock.Event{{Type: lock.AccessDenied, Reason: lock.WrongCode}, {Type: lock.AccessDenied, Reason: lock.WrongCode},
		{Type: lock.CodeFailed}, {Type: lock.FaultRaised, Reason: "forced"}} {
		m.Event(e)
	}
	m.Status(lock.Status{Strike: lock.Unlocked, Contact: true, DoorOpen: true, LockedOut: true, Remaining: time.Hour, Level: 3, TextsLeft: 4,
		Faults: []lock.Fault{{Part: "door", Kind: "forced", Detail: "a \"detail\""}, {Part: "twilio"}}})
	got := scraped(t, m)
	for _, want := range []string{`latchd_events_total{type="access.denied",reason="wrong_code"} 2`, `latchd_texts_total{state="failed"} 1`,
		`latchd_events_total{type="fault.raised",reason="forced"} 1`,
		`latchd_strike_state{state="locked"} 0`, `latchd_strike_state{state="unlocked"} 1`, "latchd_door_open 1", "latchd_lockout_active 1",
		"latchd_lockout_level 3", "latchd_texts_left 4", `latchd_fault_standing{part="door",kind="forced"} 1`,
		`latchd_fault_standing{part="twilio",kind=""} 1`, "latchd_faults 2", "latchd_outbox_events 7", `latchd_build_info{version="1.2"} 1`} {
		if !strings.Contains(got, want+"\n") {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(got, "latchd_tamper") || strings.Contains(got, "detail") {
		t.Error("a switch that is not fitted, or words, among the metrics")
	}
	if left := regexp.MustCompile(`latchd_lockout_remaining_seconds (3599|3600)`); !left.MatchString(got) {
		t.Errorf("no %v", left)
	}
}

// https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format: one TYPE a name, before its samples, which stand
// together; https://prometheus.io/docs/practices/naming/: counters end in _total.
func TestMetricsAreInTheTextForm(t *testing.T) {
	m := newTestMetrics()
	m.Status(lock.Status{Contact: true, TamperFit: true, Faults: []lock.Fault{{Part: "bell", Kind: "stuck"}, {Part: "mqtt"}}})
	kind := regexp.MustCompile(`^# TYPE ([a-z0-9_]+) (gauge|counter|summary|histogram)$`)
	part := regexp.MustCompile(`^_(bucket|sum|count)$`) // of a summary or histogram
	sample := regexp.MustCompile(`^([a-z0-9_]+)(\{[a-zA-Z_]+="[^"]*"(, ?[a-zA-Z_]+="[^"]*")*\})? [-+0-9.e]+$`)
	seen, current := map[string]bool{}, ""
	for line := range strings.Lines(scraped(t, m)) {
		line = strings.TrimSpace(line)
		switch found := kind.FindStringSubmatch(line); {
		case found != nil:
			if current = found[1]; seen[current] {
				t.Errorf("%s has two types", current)
			}
			seen[current] = true
			if strings.HasPrefix(current, "latchd_") && strings.HasSuffix(current, "_total") != (found[2] == "counter") {
				t.Errorf("%s is a %s", current, found[2])
			}
		case strings.HasPrefix(line, "# HELP "):
		default:
			found := sample.FindStringSubmatch(line)
			if found == nil {
				t.Errorf("not a sample: %q", line)
			} else if name := found[1]; name != current && !part.MatchString(strings.TrimPrefix(name, current)) {
				t.Errorf("%s stands among %s", name, current)
			}
		}
	}
	for _, name := range []string{"go_goroutines", "process_resident_memory_bytes", "process_start_time_seconds"} {
		if !seen[name] {
			t.Errorf("no %s", name)
		}
	}
}

func TestMetricsAreForThisMachineAndForClientsThatComeEncrypted(t *testing.T) {
	const good, none = "prometheus", ""
	for _, c := range []struct {
		from, host string
		encrypted  bool
		id, secret string
		forwarded  bool
		want       int
	}{
		{from: "127.0.0.1:1", host: "localhost", want: 200},
		{from: "127.0.0.1:1", host: "localhost", forwarded: true, want: 403},
		{from: "127.0.0.1:1", host: "evil.example.org", want: 403},
		{from: "10.0.0.9:1", host: "door.example.org", id: good, secret: "its secret", want: 403},
		{from: "10.0.0.9:1", host: "door.example.org", encrypted: true, want: 401},
		{from: "10.0.0.9:1", host: "door.example.org", encrypted: true, id: good, secret: "another", want: 401},
		{from: "10.0.0.9:1", host: "door.example.org", encrypted: true, id: none, secret: none, want: 401},
		{from: "10.0.0.9:1", host: "door.example.org", encrypted: true, id: good, secret: "its secret", want: 200},
		{from: "127.0.0.1:1", host: "localhost", encrypted: true, forwarded: true, want: 401},
	} {
		r := httptest.NewRequest("GET", "http://"+c.host+"/metrics", nil)
		r.RemoteAddr, r.TLS = c.from, nil
		if c.encrypted {
			r.TLS = &tls.ConnectionState{}
		}
		if c.id != "" {
			r.SetBasicAuth(c.id, c.secret)
		}
		if c.forwarded {
			r.Header.Set("X-Forwarded-For", "10.0.0.9")
		}
		w := httptest.NewRecorder()
		(Site{Metrics: newTestMetrics(), Names: []string{"door.example.org"}}).Handler().ServeHTTP(w, r)
		if w.Code != c.want || (w.Code == 200) != strings.Contains(w.Body.String(), "latchd_") ||
			(w.Code == 401) != (w.Header().Get("WWW-Authenticate") != "") {
			t.Errorf("%+v: %d", c, w.Code)
		}
	}
}

func TestThereAreNoMetricsUnlessAskedFor(t *testing.T) {
	r := httptest.NewRequest("GET", "http://localhost/metrics", nil)
	r.RemoteAddr = "127.0.0.1:1"
	w := httptest.NewRecorder()
	(Site{}).Handler().ServeHTTP(w, r)
	if w.Code != http.StatusNotFound {
		t.Error(w.Code)
	}
}

func TestEveryTypeAndReasonIsCountedFromTheStart(t *testing.T) {
	source, err := os.ReadFile("../lock/event.go")
	if err != nil {
		t.Fatal(err)
	}
	types := regexp.MustCompile(`(?m)^\t\w+ +Type = "(.*)"$`).FindAllStringSubmatch(string(source), -1)
	if len(types) != len(counted) {
		t.Errorf("%d types, %d are counted", len(types), len(counted))
	}
	for _, m := range types {
		if _, ok := counted[lock.Type(m[1])]; !ok {
			t.Errorf("%s is not counted", m[1])
		}
	}
	got := scraped(t, newTestMetrics())
	for _, m := range regexp.MustCompile(`(?m)^\t\w+ +Reason = "(\w+)"`).FindAllStringSubmatch(string(source), -1) {
		if !strings.Contains(got, `reason="`+m[1]+`"`) {
			t.Errorf("%s is not counted", m[1])
		}
	}
}

func TestConnectionsAreCountedWhileTheyAreOpen(t *testing.T) {
	m := newTestMetrics()
	server := httptest.NewUnstartedServer((Site{Metrics: m}).Handler())
	server.Listener = m.Listen(server.Listener)
	server.Start()
	answer, err := server.Client().Get(server.URL + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, answer.Body); err != nil { // unread, the connection would not be kept
		t.Fatal(err)
	}
	answer.Body.Close()
	if n := m.here.Load(); n != 1 {
		t.Errorf("%d connections", n)
	}
	server.CloseClientConnections()
	server.Close()
	if n := m.here.Load(); n != 0 {
		t.Errorf("%d connections at the end", n)
	}
}
