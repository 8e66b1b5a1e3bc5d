package web

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"latchd/lock"
)

// frames reads server-sent events.
func frames(r io.Reader) func(t *testing.T) (event, data string) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 4<<20)
	return func(t *testing.T) (event, data string) {
		t.Helper()
		for lines.Scan() {
			switch name, value, _ := strings.Cut(lines.Text(), ": "); name {
			case "event":
				event = value
			case "data":
				data = value
			case "":
				return event, data
			}
		}
		t.Fatalf("the stream ended: %v", lines.Err())
		return
	}
}

// pipe is a client's end of a response that reads only when the test does.
type pipe struct {
	*io.PipeWriter
	header http.Header
}

func (p pipe) Header() http.Header { return p.header }
func (p pipe) WriteHeader(int)     {}
func (p pipe) Flush()              {}

// open starts a stream. It returns what reads its next event, and what ends it and waits for its end.
func open(t *testing.T, d *Demo) (next func(*testing.T) (event, data string), leave func()) {
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		req := httptest.NewRequest("GET", "http://localhost/panel/stream", nil).WithContext(ctx)
		req.RemoteAddr = "127.0.0.1:5"
		site(d).ServeHTTP(pipe{w, http.Header{}}, req)
		w.Close()
	}()
	return frames(r), func() { cancel(); r.Close(); <-done }
}

func TestAPageOpenedLaterIsShownWhatWas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDemo(t, newStub())
		at := time.Date(2026, 11, 20, 23, 59, 59, 123e6, time.UTC)
		d.Status(lock.Status{Strike: lock.Locked, CodeFor: 90 * time.Second, ResendIn: 5 * time.Second, Typed: 4, TextsLeft: 7, TriesLeft: 2,
			Faults: []lock.Fault{{Part: "mqtt", Detail: "the broker is away"}}})
		d.Text("+15557654321", "480913 opens Front door for 2 min.", at)
		for range keptMessages + 1 {
			d.Message("latchd/front/lock/state", []byte("LOCKED"), true, at)
		}
		d.Message("latchd/front/x", []byte{0xff, 0xfe}, false, at)
		d.Message("latchd/front/y", []byte(strings.Repeat("é", keptPayload)), false, at)
		d.Event(lock.Event{Type: lock.AccessDenied, Reason: lock.WrongCode})
		<-time.After(6 * time.Second)

		next, leave := open(t, d)
		event, data := next(t)
		var s snapshot
		if err := json.Unmarshal([]byte(data), &s); err != nil || event != "snapshot" {
			t.Fatalf("the first event is %s: %v", event, err)
		}
		if s.Status.Code != 84_000 || s.Status.Resend != 0 || s.Status.Typed != 4 {
			t.Errorf("six seconds later the status is %+v, want 84 s of the code and no wait", s.Status)
		}
		if s.Watch != "mosquitto_sub -h 127.0.0.1 -p 1883 -t 'latchd/#' -v" {
			t.Errorf("the command is %q", s.Watch)
		}
		if s.Answer == nil || s.Answer.Say != "wrong_code" || s.Answer.Left != 2 {
			t.Errorf("the answer is %v", s.Answer)
		}
		if len(s.Texts) != 1 || s.Texts[0].To != "…21" || s.Texts[0].At != "2026-11-20T23:59:59.123Z" {
			t.Errorf("the texts are %v", s.Texts)
		}
		last := s.Messages[len(s.Messages)-2:]
		if len(s.Messages) != keptMessages || last[0].Payload != "(2 bytes, not text)" || len(last[1].Payload) > keptPayload+3 {
			t.Errorf("%d messages, the last but one %q, the last of %d bytes",
				len(s.Messages), last[0].Payload, len(last[1].Payload))
		}
		d.Status(lock.Status{Strike: lock.Unlocked})
		if event, data := next(t); event != "status" || !strings.Contains(data, `"strike":"UNLOCKED"`) {
			t.Errorf("then came %s %s", event, data)
		}
		if event, _ := next(t); event != "beat" {
			t.Errorf("a quiet stream sends %q, want a beat", event)
		}
		leave()
	})
}

func TestASlowPageIsDroppedAndStopsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDemo(t, newStub())
		_, leave := open(t, d) // reads nothing
		quick, leaveToo := open(t, d)
		quick(t)
		synctest.Wait()
		for range backlog + 2 {
			d.Message("latchd/front/x", nil, false, time.Now())
			if event, _ := quick(t); event != "message" {
				t.Fatalf("the page beside it gets %q, want every message", event)
			}
		}
		d.mu.Lock()
		if open := len(d.clients); open != 1 {
			t.Errorf("%d pages are open, want the quick one alone", open)
		}
		d.mu.Unlock()
		leave()
		leaveToo()
	})
}

func TestPagesAreBoundedAndEndWithTheDemo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDemo(t, newStub())
		for range maxPanels {
			next, leave := open(t, d)
			next(t)
			defer leave()
		}
		w := ask(d, "GET", "/panel/stream", "", "")
		if w.Code != http.StatusServiceUnavailable || !strings.HasPrefix(w.Body.String(), "Too many pages are open.") {
			t.Errorf("one page too many: %d %q", w.Code, w.Body)
		}
		d.Close()
		d.Status(lock.Status{Strike: lock.Locked}) // late news is no harm
		if len(d.clients) != 0 {
			t.Errorf("%d streams outlive the demo", len(d.clients))
		}
		if w := ask(d, "GET", "/panel/stream", "", ""); w.Code != http.StatusServiceUnavailable {
			t.Errorf("a page opened after the end: %d, want 503", w.Code)
		}
	})
}

func TestTheTextsStateFollowsTheCode(t *testing.T) {
	p := NewPanel(PanelOptions{Rules: rules})
	ring := func(limit lock.Reason) {
		p.Event(lock.Event{Type: lock.BellRung})
		if limit != "" {
			p.Event(lock.Event{Type: lock.BellLimited, Reason: limit})
		}
	}
	live, dead := lock.Status{CodeFor: time.Minute}, lock.Status{}
	for n, s := range []struct {
		does func()
		want string
	}{
		{func() { ring(lock.Quiet) }, ""},
		{func() { p.Status(live); ring("") }, "sending"},
		{func() { p.Event(lock.Event{Type: lock.CodeFailed}) }, "failed"},
		{func() { p.Event(lock.Event{Type: lock.CodeSent}) }, "sent"},
		{func() { p.Event(lock.Event{Type: lock.CodeFailed}) }, "sent"}, // another owner's has gone out
		{func() { p.Event(lock.Event{Type: lock.CodeDelivered}) }, "delivered"},
		{func() { ring(lock.MinGap) }, "delivered"},
		{func() { p.Status(dead) }, ""},
		{func() { p.Event(lock.Event{Type: lock.CodeDelivered}) }, ""}, // late: the code has opened
	} {
		s.does()
		if p.text != s.want {
			t.Errorf("step %d: %q, want %q", n, p.text, s.want)
		}
	}
}
