package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// stub is a pair of hands that notes what it was asked for; press, when set, decides how a press ends.
type stub struct {
	did   chan string
	press func(context.Context) error
}

func newStub() *stub { return &stub{did: make(chan string, 100)} }

func (s *stub) note(ctx context.Context, what string) error {
	s.did <- what
	if s.press != nil {
		return s.press(ctx)
	}
	return nil
}

func (s *stub) Press(ctx context.Context, keys string) error { return s.note(ctx, "press "+keys) }
func (s *stub) Bell(ctx context.Context, d time.Duration) error {
	return s.note(ctx, "bell "+d.String())
}
func (s *stub) Exit(ctx context.Context, d time.Duration) error {
	return s.note(ctx, "exit "+d.String())
}
func (s *stub) Door(open bool) { s.did <- map[bool]string{true: "push", false: "shut"}[open] }
func (s *stub) all() (did []string) {
	for {
		select {
		case d := <-s.did:
			did = append(did, d)
		default:
			return did
		}
	}
}

// site is what the demo serves.
func site(d *Demo) http.Handler { return Site{Demo: d, Names: []string{"127.0.0.1:8080"}}.Handler() }

var quiet = slog.New(slog.DiscardHandler)

func newDemo(t *testing.T, f Fingers) *Demo {
	o := options
	o.Fingers = f
	d := NewDemo(o)
	t.Cleanup(d.Close)
	return d
}

// ask sends one request as a browser on this machine would.
func ask(d *Demo, method, path, contentType, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://127.0.0.1:8080"+path, strings.NewReader(body))
	r.RemoteAddr = "127.0.0.1:5"
	r.Header.Set("Content-Type", contentType)
	for i := 0; i < len(header); i += 2 {
		if r.Header.Set(header[i], header[i+1]); header[i] == "Host" {
			r.Host = header[i+1]
		}
	}
	w := httptest.NewRecorder()
	site(d).ServeHTTP(w, r)
	return w
}

const form = "application/x-www-form-urlencoded"

func TestEveryFileIsServedUnderAStrictPolicy(t *testing.T) {
	d := newDemo(t, newStub())
	size := 0
	for path, kind := range map[string]string{"/": "text/html", "/demo.css": "text/css", "/demo.js": "text/javascript",
		"/pad.css": "text/css", "/pad.js": "text/javascript", "/words.js": "text/javascript", "/clock.js": "text/javascript", "/icon.svg": "image/svg+xml"} {
		w := ask(d, "GET", path, "", "")
		size += w.Body.Len()
		if w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), kind) {
			t.Errorf("%s: %d %s, want 200 %s", path, w.Code, w.Header().Get("Content-Type"), kind)
		}
		for name, want := range map[string]string{"Content-Security-Policy": demoPolicy, "X-Content-Type-Options": "nosniff",
			"Referrer-Policy": "no-referrer"} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
		for _, inline := range []string{" style=", " onclick=", "<style", "http://", "@import"} {
			body := strings.ReplaceAll(w.Body.String(), `xmlns="http://www.w3.org/2000/svg"`, "")
			if strings.Contains(body, inline) {
				t.Errorf("%s holds %q, which the policy or the page's promise forbids", path, inline)
			}
		}
	}
	if size > 60_000 {
		t.Errorf("the page weighs %d bytes, want 60,000 at the most", size)
	}
}

const (
	tooLong   = "That is too long."
	otherSite = "This request comes from another site."
	otherName = "This server does not go by that name. Open it by its address, or add the name to web.hosts."
)

func TestRequestsAreAnsweredInPlainSentences(t *testing.T) {
	ones := strings.Repeat("1", 2*maxBody)
	tests := []struct {
		name, method, path, kind, body string
		header                         []string
		code                           int
		says, does                     string
	}{
		{name: "keys in a form", path: "/panel/press", body: "keys=12%23", code: 204, does: "press 12#"},
		{name: "keys in JSON", path: "/panel/press", kind: "application/json", body: `{"keys":"0*"}`, code: 204, does: "press 0*"},
		{name: "no keys", path: "/panel/press", body: "keys=", code: 400, says: notKeys},
		{name: "a key that the pad lacks", path: "/panel/press", body: "keys=1A2", code: 400, says: notKeys},
		{name: "more keys than allowed", path: "/panel/press", body: "keys=" + ones[:33], code: 400, says: notKeys},
		{name: "a long form", path: "/panel/press", body: "keys=" + ones, code: 413, says: tooLong},
		{name: "long JSON", path: "/panel/press", kind: "application/json", body: `{"keys":"` + ones + `"}`,
			code: 413, says: tooLong},
		{name: "broken JSON", path: "/panel/press", kind: "application/json", body: `{`, code: 400, says: "That could not be read."},
		{name: "the bell", path: "/panel/bell", code: 204, does: "bell 150ms"},
		{name: "the exit button", path: "/exit", code: 204, does: "exit 150ms"},
		{name: "a door without a word", path: "/door", code: 400, says: "Say open=true or open=false."},
		{name: "a mood that Twilio has not", path: "/twilio", body: "mood=odd", code: 400, says: "Twilio has no such mood."},
		{name: "a long word to Twilio", path: "/twilio", body: "mood=" + ones, code: 413, says: tooLong},
		{name: "a long word at the door", path: "/door", body: "open=" + ones, code: 413, says: tooLong},
		{name: "another site's request", path: "/panel/bell", code: 403, says: otherSite,
			header: []string{"Sec-Fetch-Site", "cross-site"}},
		{name: "another origin's request", path: "/panel/bell", code: 403, says: otherSite,
			header: []string{"Origin", "http://evil.example"}},
		{name: "a foreign name", path: "/panel/bell", header: []string{"Host", "evil.example:8080"}, code: 403, says: otherName},
		{name: "a foreign name asking for the stream", method: "GET", path: "/panel/stream", code: 403,
			header: []string{"Host", "evil.example"}, says: otherName},
		{name: "a bell that is only looked at", method: "GET", path: "/panel/bell", code: 405, says: "Method Not Allowed"},
		{name: "a path that is not there", method: "GET", path: "/pannel", code: 404, says: "404 page not found"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			hands := newStub()
			d := newDemo(t, hands)
			if tt.method == "" {
				tt.method = "POST"
			}
			if tt.kind == "" {
				tt.kind = form
			}
			w := ask(d, tt.method, tt.path, tt.kind, tt.body, tt.header...)
			if says := strings.TrimSpace(w.Body.String()); w.Code != tt.code || says != tt.says {
				t.Errorf("answered %d %q, want %d %q", w.Code, says, tt.code, tt.says)
			}
			if did := strings.Join(hands.all(), ", "); did != tt.does {
				t.Errorf("the hands did %q, want %q", did, tt.does)
			}
		})
	}
}

func TestTheHostMayBeAnyNameOfThisEnd(t *testing.T) {
	for host, want := range map[string]bool{"localhost": true, "LOCALHOST:99": true, "localhost.": true, "127.0.0.1:1": true,
		"127.8.9.1": true, "[::1]:8080": true, "::1": true, "door.lan:8080": true, "": false, "0.0.0.0": false,
		"localhost.evil.example": false, "127.0.0.1.evil.example": false, "192.168.1.5": false, "[": false} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = "127.0.0.1:5"
		r.Host = host
		if got := ours(r, []string{"door.lan:8080", ":80"}); got != want {
			t.Errorf("%q: ours is %t, want %t", host, got, want)
		}
	}
}

func FuzzNoHostThatAnAttackerOwnsIsOurs(f *testing.F) {
	for _, s := range []string{"", "a", "localhost", "127.0.0.1", "[::1]", "x:", "]", "..", "[::1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = "127.0.0.1:5"
		for _, host := range []string{s + ".example", s + ".example:80", s + ".example."} {
			if r.Host = host; ours(r, []string{"127.0.0.1:8080"}) {
				t.Errorf("%q is taken for ours", host)
			}
		}
	})
}

func TestABusyFingerSaysSoAndAQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hands := newStub()
		release := make(chan struct{})
		hands.press = func(context.Context) error { <-release; return nil }
		d := newDemo(t, hands)
		codes := make(chan int, 20)
		post := func(path, body string) {
			go func() { codes <- ask(d, "POST", path, form, body).Code }()
			synctest.Wait()
		}
		post("/panel/bell", "")
		post("/panel/bell", "")
		if code := <-codes; code != http.StatusConflict {
			t.Errorf("a second press of the bell: %d, want 409", code)
		}
		for _, k := range "123456789" {
			post("/panel/press", "keys="+string(k))
		}
		if code := <-codes; code != http.StatusConflict {
			t.Errorf("a ninth hand at the keypad: %d, want 409", code)
		}
		close(release)
		for range 9 {
			if code := <-codes; code != http.StatusNoContent {
				t.Errorf("one that waited: %d, want 204", code)
			}
		}
		want := "bell 150ms press 1 press 2 press 3 press 4 press 5 press 6 press 7 press 8"
		if did := strings.Join(hands.all(), " "); did != want {
			t.Errorf("the hands did %q, want %q", did, want)
		}
	})
}

func TestAPressThatFailsNamesNoKey(t *testing.T) {
	hands := newStub()
	hands.press = func(context.Context) error { return errors.New("key 7 is stuck") }
	w := ask(newDemo(t, hands), "POST", "/panel/press", form, "keys=7")
	if w.Code != http.StatusInternalServerError || strings.TrimSpace(w.Body.String()) != "The keypad could not be pressed." {
		t.Errorf("answered %d %q", w.Code, w.Body)
	}
}
