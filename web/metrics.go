package web

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"latchd/lock"
)

// MetricsOptions are where the metrics come from beside what Status and Event tell.
type MetricsOptions struct {
	Version string
	Waiting func() uint64                // events that the broker has not acknowledged
	Client  func(id, secret string) bool // whether a program of the API bears these: asked of those from elsewhere
}

// Metrics is the door in Prometheus' text form
// (https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format) at /metrics: counts since the start, and what
// is now, looked up as it is asked for. This machine is answered as it is; who comes from elsewhere, or through a proxy, must
// come encrypted and show a client of the API by HTTP Basic. Its methods are safe for concurrent use.
type Metrics struct {
	o               MetricsOptions
	counts          *metrics.Set
	here, elsewhere atomic.Int64 // connections

	mu     sync.Mutex
	status lock.Status
	at     time.Time // of the status
}

// NewMetrics begins to count; all that can be counted stands at 0.
func NewMetrics(o MetricsOptions) *Metrics {
	metrics.ExposeMetadata(true)
	m := &Metrics{o: o, counts: metrics.NewSet(), status: lock.Status{Strike: lock.Locked}, at: time.Now()}
	for typ, reasons := range counted {
		for _, reason := range append(reasons, "") {
			if reason != "" || len(reasons) == 0 {
				m.event(typ, reason)
			}
		}
	}
	for _, state := range textStates {
		m.text(state)
	}
	return m
}

// counted are the types of events, with the reasons that each must have.
var counted = map[lock.Type][]lock.Reason{
	lock.DaemonStarted: nil, lock.DaemonStopped: nil, lock.BellRung: nil,
	lock.BellLimited: {lock.MinGap, lock.PerHour, lock.PerDay, lock.Quiet, lock.LockedOut},
	lock.CodeSent:    nil, lock.CodeDelivered: nil, lock.CodeFailed: nil, lock.AccessGranted: nil,
	lock.AccessDenied:   {lock.WrongCode, lock.Expired, lock.Used, lock.NoCode, lock.Malformed, lock.LockedOut, lock.Undriven},
	lock.LockoutStarted: nil, lock.LockoutEnded: nil, lock.LockUnlocked: nil, lock.LockLocked: nil, lock.DoorOpened: nil,
	lock.DoorClosed: nil, lock.DoorForced: nil, lock.DoorHeld: nil, lock.ExitPressed: nil, lock.TamperOn: nil, lock.TamperOff: nil,
	lock.CommandDone: nil,
	lock.CommandRefused: {lock.Retained, lock.Stale, lock.Future, lock.Replayed, lock.NotJSON, lock.TooLarge, lock.UnknownAction,
		lock.CommandsOff, lock.Undriven},
	lock.FaultRaised: nil, lock.FaultCleared: nil,
}

var textStates = map[lock.Type]string{lock.CodeSent: "sent", lock.CodeDelivered: "delivered", lock.CodeFailed: "failed"}

func (m *Metrics) event(t lock.Type, r lock.Reason) *metrics.Counter {
	return m.counts.GetOrCreateCounter(fmt.Sprintf("latchd_events_total{type=%q,reason=%q}", t, r))
}

func (m *Metrics) text(state string) *metrics.Counter {
	return m.counts.GetOrCreateCounter(fmt.Sprintf("latchd_texts_total{state=%q}", state))
}

// Event counts an event.
func (m *Metrics) Event(e lock.Event) {
	m.event(e.Type, e.Reason).Inc()
	if state, ok := textStates[e.Type]; ok {
		m.text(state).Inc()
	}
}

// Status takes what the door is.
func (m *Metrics) Status(s lock.Status) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.status, m.at = s, time.Now()
}

// Listen counts the connections of l while they are open.
func (m *Metrics) Listen(l net.Listener) net.Listener { return countedListener{l, m} }

type countedListener struct {
	net.Listener
	m *Metrics
}

func (l countedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	n := &l.m.elsewhere
	if host, _, err := net.SplitHostPort(c.RemoteAddr().String()); err == nil && loopback(host) {
		n = &l.m.here
	}
	n.Add(1)
	return &countedConn{Conn: c, gone: sync.OnceFunc(func() { n.Add(-1) })}, nil
}

type countedConn struct {
	net.Conn
	gone func()
}

func (c *countedConn) Close() error {
	c.gone()
	return c.Conn.Close()
}

// handler answers with the metrics of a site.
func (m *Metrics) handler(s Site) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !local(r) {
			if r.TLS == nil {
				http.Error(w, "From elsewhere the metrics are read encrypted only.", http.StatusForbidden)
				return
			}
			if id, secret, ok := r.BasicAuth(); !ok || !m.o.Client(id, secret) {
				w.Header().Set("WWW-Authenticate", `Basic realm="latchd metrics"`)
				http.Error(w, "HTTP Basic with the id and secret of latchd client add.", http.StatusUnauthorized)
				return
			}
		}
		var b bytes.Buffer
		m.write(&b, s)
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = b.WriteTo(w)
	})
}

// write writes all that is known.
func (m *Metrics) write(w io.Writer, site Site) {
	m.mu.Lock()
	s, since := m.status, time.Since(m.at)
	m.mu.Unlock()
	family(w, "latchd_build_info", "The version.", sample{fmt.Sprintf("version=%q", m.o.Version), 1})
	var counts bytes.Buffer
	m.counts.WritePrometheus(&counts)
	_, _ = helps.WriteString(w, counts.String())
	family(w, "latchd_strike_state", "1 for the state that the strike is in.", state("LOCKED", s.Strike), state("UNLOCKED", s.Strike), state("JAMMED", s.Strike))
	if s.Contact {
		family(w, "latchd_door_open", "Whether the door is open.", yes(s.DoorOpen))
	}
	if s.TamperFit {
		family(w, "latchd_tamper", "Whether the case is tampered with.", yes(s.Tamper))
	}
	family(w, "latchd_lockout_active", "Whether the keypad is locked out.", yes(s.LockedOut))
	family(w, "latchd_lockout_level", "How many lockouts stand against the door.", sample{"", float64(s.Level)})
	left := time.Duration(0)
	if s.LockedOut {
		left = max(0, s.Remaining-since)
	}
	family(w, "latchd_lockout_remaining_seconds", "Until the lockout ends.", sample{"", left.Seconds()})
	family(w, "latchd_texts_left", "Texts left of the day's budget.", sample{"", float64(s.TextsLeft)})
	var faults []sample
	for _, f := range s.Faults {
		faults = append(faults, sample{fmt.Sprintf("part=%q,kind=%q", f.Part, f.Kind), 1})
	}
	family(w, "latchd_faults", "How many faults stand.", sample{"", float64(len(faults))})
	family(w, "latchd_fault_standing", "1 for each fault that stands.", faults...)
	family(w, "latchd_outbox_events", "Events that the broker has not acknowledged.", sample{"", float64(m.o.Waiting())})
	family(w, "latchd_web_connections", "Connections that are open.",
		sample{`from="here"`, float64(m.here.Load())}, sample{`from="elsewhere"`, float64(m.elsewhere.Load())})
	var streams []sample
	if site.Panel != nil {
		streams = append(streams, sample{`page="panel"`, float64(site.Panel.open())})
	}
	if site.Console != nil {
		streams = append(streams, sample{`page="console"`, float64(site.Console.open())})
	}
	family(w, "latchd_web_streams", "Streams of events that are open.", streams...)
	metrics.WriteProcessMetrics(w)
	metrics.WriteFDMetrics(w)
}

// helps has the words that the counters' library leaves out.
var helps = strings.NewReplacer(
	"# HELP latchd_events_total\n", "# HELP latchd_events_total Events since the start.\n",
	"# HELP latchd_texts_total\n", "# HELP latchd_texts_total Texts since the start, by what became of them.\n")

// sample is a value under labels as the text form has them, without braces; empty: none.
type sample struct {
	labels string
	value  float64
}

func yes(b bool) sample {
	if b {
		return sample{"", 1}
	}
	return sample{}
}

func state(name string, is lock.StrikeState) sample {
	s := yes(name == string(is))
	s.labels = fmt.Sprintf("state=%q", strings.ToLower(name))
	return s
}

// family writes a gauge's samples.
func family(w io.Writer, name, help string, samples ...sample) {
	fmt.Fprintf(w, "# HELP %s %s\n# TYPE %[1]s gauge\n", name, help)
	for _, s := range samples {
		labels := s.labels
		if labels != "" {
			labels = "{" + labels + "}"
		}
		fmt.Fprintf(w, "%s%s %v\n", name, labels, s.value)
	}
}
