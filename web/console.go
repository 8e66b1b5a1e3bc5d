package web

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"latchd/lock"
	"latchd/signin"
)

// ConsoleOptions is what the owner's page and API need to know.
type ConsoleOptions struct {
	Door    string      // its id, behind its site's and a / where it belongs to one
	Name    string      // for people
	Version string      // the program's
	Rules   lock.Config // the door's rules, as the machine got them at its start
	Desk    *signin.Desk

	Order func(lock.Command)                                 // hands an order to the door; it may wait for a door that hangs
	Look  func(context.Context, Query) ([]lock.Event, error) // reads the journal
}

// Query chooses events of the journal, as journal.Query does.
type Query struct {
	Since  time.Time // at this wall time or later; zero: all
	Until  time.Time // before this wall time; zero: all
	Types  string    // patterns of path.Match on the type, with commas between them; empty: all
	Words  string    // that stand in the event's JSON; empty: all
	After  uint64    // of a higher seq than this
	Before uint64    // of a lower seq than this; 0: all
	Newest bool      // those of the highest seq first
	Limit  int       // at the most so many, the first ones
}

// How many streams of events may be open, and how often each hears that the door is alive.
const (
	maxStreams  = 1024
	consoleBeat = 15 * time.Second
)

// Console is the owner's page and the API. The program feeds it by Status and Event, neither of which blocks; all methods
// are safe for concurrent use. Run tells the streams; Close ends them.
type Console struct {
	hub
	opts ConsoleOptions
	pace pace

	orders *rate.Limiter

	state    sync.Mutex // held for reading and writing what stands below, never longer
	status   lock.Status
	statusAt time.Time
	changed  chan struct{} // closed at the next Status
}

// NewConsole returns the owner's page and API for one door.
func NewConsole(o ConsoleOptions) *Console {
	return &Console{hub: newHub(maxStreams, consoleBeat), opts: o, pace: newPace(), changed: make(chan struct{}),
		orders: rate.NewLimiter(ordersPerSecond, ordersAtOnce)}
}

// Close ends every stream, as Panel.Close does.
func (c *Console) Close() { c.end("") }

// Ended ends the streams of a session that is over.
func (c *Console) Ended(session string) {
	if session != "" {
		c.end(session)
	}
}

// Change takes other rules.
func (c *Console) Change(r lock.Config) {
	c.state.Lock()
	defer c.state.Unlock()
	c.opts.Rules = r
}

// Status takes the door as it is now.
func (c *Console) Status(s lock.Status) {
	c.state.Lock()
	defer c.state.Unlock()
	c.status, c.statusAt = s, time.Now()
	close(c.changed)
	c.changed = make(chan struct{})
}

// Event passes a stored event on to the streams.
func (c *Console) Event(e lock.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.clients) > 0 {
		c.publish(numbered(e.Seq, "event", e))
	}
}

// Run tells the streams what the door has become, until ctx ends. What changes by itself as time passes is no change: typed
// digits and countdowns.
func (c *Console) Run(ctx context.Context) {
	var last door
	for {
		d, changed := c.now()
		if d.lasting() != last.lasting() {
			last = d
			c.mu.Lock()
			c.publish(frame("door", d))
			c.mu.Unlock()
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
	}
}

// now returns the door as it is, and what is closed at the next Status.
func (c *Console) now() (d door, changed <-chan struct{}) {
	c.state.Lock()
	defer c.state.Unlock()
	return c.door(c.status, time.Since(c.statusAt)), c.changed
}

// routes serves the page and the API.
func (c *Console) routes(mux *http.ServeMux) {
	mux.HandleFunc("GET /console/{$}", file("console.html"))
	mux.HandleFunc("POST /console/signout/", c.signOut)

	mux.HandleFunc("POST /otp/getcode/", c.getCode)
	for pattern, h := range map[string]http.Handler{
		"POST /console/signin/": http.HandlerFunc(c.signIn),
		"POST /otp/verifycode/": http.HandlerFunc(c.verifyCode),
		"PUT /api/v1/user/":     http.HandlerFunc(c.putUser),
		"/o/extended_token/":    c.opts.Desk.TokenEndpoint(),
		"/o/revoke_token/":      c.opts.Desk.RevokeEndpoint(),
	} {
		mux.Handle(pattern, c.pace.paced(h))
	}
	mux.HandleFunc("GET /.well-known/oauth-authorization-server", metadata)
	mux.HandleFunc("GET /api/v1/openapi.json", openAPI)

	for pattern, h := range map[string]func(http.ResponseWriter, *http.Request, signin.Session){
		"GET /api/v1/door":             c.getDoor,
		"POST /api/v1/door/unlock":     c.order(lock.Unlock, func(d door) bool { return d.Strike == lock.Unlocked }),
		"POST /api/v1/door/lock":       c.order(lock.Lock, func(d door) bool { return d.Strike == lock.Locked }),
		"POST /api/v1/door/pardon":     c.order(lock.Pardon, func(d door) bool { return !d.LockedOut }),
		"GET /api/v1/events":           c.events,
		"GET /api/v1/sessions":         c.sessions,
		"DELETE /api/v1/sessions/{id}": c.endSession,
		"GET /api/v1/clients":          c.clientList,
		"DELETE /api/v1/clients/{id}":  c.endClient,
		"GET /api/v1/user/":            c.getUser,
	} {
		mux.HandleFunc(pattern, c.owner(h))
	}
}

// cookie holds a browser's session. Its prefix keeps it to this host and to where others do not listen
// (https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis, section 4.1.3.2).
const cookie = "__Host-latchd"

// owner lets through who has signed in: with an access token (RFC 6750), or with a browser's cookie.
func (c *Console) owner(next func(http.ResponseWriter, *http.Request, signin.Session)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		s, err := signin.Session{}, error(signin.ErrToken)
		header := r.Header.Get("Authorization")
		if scheme, token, _ := strings.Cut(header, " "); strings.EqualFold(scheme, "Bearer") {
			s, err = c.opts.Desk.Bearer(token)
		} else if k, noCookie := r.Cookie(cookie); header == "" && noCookie == nil {
			s, err = c.opts.Desk.Browser(k.Value)
		}
		if err != nil {
			challenge := `Bearer realm="latchd"`
			if header != "" {
				challenge += `, error="invalid_token"`
			}
			w.Header().Set("WWW-Authenticate", challenge)
			c.pace.wait(r)
			fail(w, http.StatusUnauthorized, "invalid_token", "Sign in first: this session or token is not known, or is over.")
			return
		}
		next(w, r, s)
	}
}

// fail answers with an error in the form of RFC 6749, section 5.2.
func fail(w http.ResponseWriter, status int, word, sentence string) {
	answerJSON(w, status, map[string]string{"error": word, "error_description": sentence})
}

func answerJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v)
}

// readForm reads a form, or says what is wrong with it.
func readForm(w http.ResponseWriter, r *http.Request) bool {
	err := r.ParseForm()
	switch tooLarge := new(http.MaxBytesError); {
	case errors.As(err, &tooLarge):
		fail(w, http.StatusRequestEntityTooLarge, "invalid_request", "That is too long.")
	case err != nil || len(r.PostForm) == 0:
		fail(w, http.StatusBadRequest, "invalid_request", "That is no form: send application/x-www-form-urlencoded.")
	}
	return err == nil && len(r.PostForm) > 0
}

// address is where a request comes from, for people to recognise.
func address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
