package web

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"latchd/lock"
	"latchd/otp"
	"latchd/signin"
)

const (
	adaPhone = "+15557654321"
	stranger = "+15550000000"
)

// estate is a door with a console, and everything around it played.
type estate struct {
	t       *testing.T
	dir     string // of the desk's files
	desk    *signin.Desk
	console *Console
	handler http.Handler
	codes   chan string // texted to Ada
	routes  routers.Router
	cookie  *http.Cookie
	bearer  string

	mu     sync.Mutex
	status lock.Status
	orders []lock.Command
	events []lock.Event
	hangs  bool
	jams   bool
}

func newEstate(t *testing.T) *estate { return newEstateOf(t, "front") }

func newEstateOf(t *testing.T, door string) *estate {
	e := &estate{t: t, dir: t.TempDir(), codes: make(chan string, 10), status: lock.Status{Strike: lock.Locked, TextsLeft: 20}}
	var err error
	e.desk, err = signin.Open(signin.Options{Dir: e.dir, Owners: []signin.Owner{{Name: "Ada", Phone: adaPhone}},
		Rules: signin.Rules{Digits: 6, TTL: 2 * time.Minute, Attempts: 3, Lockout: 10 * time.Minute, LockoutMax: time.Hour,
			MinGap: time.Millisecond, PerHour: 100, PerDay: 100},
		Text: func(_ string, code otp.Code, _ time.Duration) { e.codes <- code.Reveal() }, Ended: func(id string) { e.console.Ended(id) }})
	if err != nil {
		t.Fatal(err)
	}
	e.console = NewConsole(ConsoleOptions{Door: door, Name: "Front door", Version: "test", Rules: rules, Desk: e.desk,
		Order: e.order, Look: e.look})
	e.console.Status(e.status)
	e.handler = Site{Console: e.console, Names: []string{"door.example.org"}}.Handler()
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() { e.desk.Run(ctx) })
	all.Go(func() { e.console.Run(ctx) })
	t.Cleanup(func() { stop(); all.Wait() })
	doc, err := openapi3.NewLoader().LoadFromData(description)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if e.routes, err = gorillamux.NewRouter(doc); err != nil {
		t.Fatal(err)
	}
	return e
}

// order plays the door.
func (e *estate) order(c lock.Command) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.orders = append(e.orders, c); e.hangs {
		return
	}
	switch c.Action {
	case lock.Unlock:
		e.status.Strike = lock.Unlocked
	case lock.Lock:
		e.status.Strike = lock.Locked
	case lock.Pardon:
		e.status.LockedOut, e.status.Remaining, e.status.Level = false, 0, max(0, e.status.Level-1)
	}
	if e.jams {
		e.status.Strike = lock.Jammed
	}
	e.console.Status(e.status)
}

func (e *estate) happens(events ...lock.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, v := range events {
		v.Seq, v.ID, v.At, v.Clock, v.Door = uint64(len(e.events)+1), "01J", time.Now(), "synced", e.console.opts.Door
		e.events = append(e.events, v)
		e.console.Event(v)
	}
}

// look plays the journal.
func (e *estate) look(_ context.Context, q Query) ([]lock.Event, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var found []lock.Event
	for _, v := range e.events {
		match := slices.ContainsFunc(strings.Split(q.Types, ","), func(pattern string) bool {
			ok, _ := path.Match(pattern, string(v.Type))
			return ok
		})
		if v.Seq > q.After && (q.Before == 0 || v.Seq < q.Before) && (q.Types == "" || match) && strings.Contains(string(v.Type)+string(v.Reason), q.Words) {
			found = append(found, v)
		}
	}
	if q.Newest {
		slices.Reverse(found)
	}
	return found[:min(len(found), q.Limit)], nil
}

// ask sends a request as it is told, and checks it and its answer against the API's description.
func (e *estate) ask(method, target, body string, header ...string) *httptest.ResponseRecorder {
	e.t.Helper()
	r := httptest.NewRequest(method, "http://127.0.0.1:8080"+target, strings.NewReader(body))
	r.RemoteAddr = "127.0.0.1:5"
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if e.cookie != nil {
		r.AddCookie(e.cookie)
	}
	if e.bearer != "" {
		r.Header.Set("Authorization", "Bearer "+e.bearer)
	}
	for i := 0; i < len(header); i += 2 {
		if r.Header.Set(header[i], header[i+1]); header[i] == "Host" {
			r.Host = header[i+1]
		}
	}
	w := httptest.NewRecorder()
	e.handler.ServeHTTP(w, r)
	e.described(r, w, body)
	return w
}

func (e *estate) described(r *http.Request, w *httptest.ResponseRecorder, body string) {
	e.t.Helper()
	route, params, err := e.routes.FindRoute(r)
	if err != nil || w.Code == http.StatusForbidden { // of the pages, or turned away at the gate
		return
	}
	r.Body = io.NopCloser(strings.NewReader(body))
	asked := &openapi3filter.RequestValidationInput{Request: r, Route: route, PathParams: params,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true}}
	if err := openapi3filter.ValidateRequest(r.Context(), asked); err != nil && w.Code < 400 {
		e.t.Errorf("%s %s was taken, and is not as described: %v", r.Method, r.URL, err)
	}
	answered := &openapi3filter.ResponseValidationInput{RequestValidationInput: asked, Status: w.Code, Header: w.Header(),
		Body: io.NopCloser(strings.NewReader(w.Body.String())), Options: asked.Options}
	if err := openapi3filter.ValidateResponse(r.Context(), answered); err != nil {
		e.t.Errorf("the answer to %s %s is not as described: %v", r.Method, r.URL, err)
	}
}

// code has a code texted to Ada, and returns it.
func (e *estate) code() string {
	e.t.Helper()
	if w := e.ask("POST", "/otp/getcode/", "phone="+url.QueryEscape(adaPhone)); w.Code != http.StatusAccepted {
		e.t.Fatalf("asking for a code: %d %s", w.Code, w.Body)
	}
	select {
	case code := <-e.codes:
		return code
	case <-time.After(30 * time.Second):
		e.t.Fatal("no code was texted")
		return ""
	}
}

// signIn signs Ada in at the console.
func (e *estate) signIn() {
	e.t.Helper()
	w := e.ask("POST", "/console/signin/", "phone="+url.QueryEscape(adaPhone)+"&code="+e.code())
	if w.Code != http.StatusNoContent || len(w.Result().Cookies()) != 1 {
		e.t.Fatalf("signing in: %d %s", w.Code, w.Body)
	}
	e.cookie = w.Result().Cookies()[0]
}

func read[T any](t *testing.T, w *httptest.ResponseRecorder) (v T) {
	t.Helper()
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
	return v
}
