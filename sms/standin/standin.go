// Package standin plays the part of Twilio's API that a door uses, in process: texts sent and followed, the account's
// numbers and messaging services. It answers as Twilio does, errors included, and misbehaves on demand.
//
// It sends nothing to anybody, and is for tests and demonstrations only.
package standin

import (
	"net/http"
	"slices"
	"sync"
	"time"
)

// kept bounds the messages that are remembered.
const kept = 1000

// Options says whose account the stand-in keeps.
type Options struct {
	AccountSID string        // "AC" and 32 hex digits
	APIKeySID  string        // when set, the user name to sign in with; else the AccountSID
	Secret     string        // the password to sign in with
	Numbers    []string      // the account's own numbers, E.164, all able to send texts
	Mute       []string      // those of them that cannot call
	Services   []string      // the SIDs of its messaging services
	Step       time.Duration // a text is queued for a step, then sent for a step, then delivered; 0: a second

	OnRequest func(at time.Time) // called as each request's header has arrived, before anything is done with it
	OnText    func(Message)      // called as each text is taken, before the answer

	Fate func(Kind, *http.Request) Behaviour // when set, it decides on each request, and Behave does nothing
}

// Message is a text that was taken.
type Message struct {
	SID, To  string
	From     string // or
	Service  string // the messaging service's SID
	Body     string
	Validity time.Duration // 0: none was asked for
	At       time.Time

	outcome string        // the status at which it ends, "" for "delivered"
	code    int           // the error code there
	late    time.Duration // that it stays "sent" for longer
}

// Kind is a kind of request.
type Kind string

// The kinds of requests.
const (
	Create Kind = "create" // of a text
	Fetch  Kind = "fetch"  // of what became of one
	List   Kind = "list"   // of texts
	Dial   Kind = "dial"   // of a call
	Listen Kind = "listen" // of what became of one
	HangUp Kind = "hangup" // of one
	SignIn Kind = "signin" // of the account's numbers or messaging services
	Other  Kind = "other"
)

// Behaviour departs from what Twilio does on a good day.
type Behaviour struct {
	On  Kind // the requests it holds for; "": all
	For int  // for so many of them; 0: until Behave is called again

	Status     int           // answer with this error instead of doing what was asked
	Done       bool          // do what was asked all the same
	Code       int           // Twilio's error code in it
	Message    string        // and its message
	Body       string        // answer with this instead of Twilio's JSON; without a Status, 201 for Create and 200 else
	RetryAfter string        // the header
	Delay      time.Duration // before the answer, after the text was taken
	Drop       bool          // close the connection instead of answering, after the text was taken

	Outcome     string        // the texts' last status: "undelivered", "failed", or "queued", "sent" for ever; "": "delivered"
	OutcomeCode int           // Twilio's error code there
	Late        time.Duration // that the texts stay "sent" for longer
	CallOutcome string        // the calls' last status: "busy", "no-answer", "failed" or "canceled"; "": "completed"
	Rings       time.Duration // that the calls ring for longer
}

// Twilio is the stand-in, an http.Handler.
type Twilio struct {
	o Options

	mu        sync.Mutex
	behaviour Behaviour
	left      int // requests for which the behaviour still holds; negative: all
	counts    map[Kind]int
	messages  []Message
	calls     []Call
}

// New makes a stand-in that behaves well.
func New(o Options) *Twilio {
	if o.Step == 0 {
		o.Step = time.Second
	}
	return &Twilio{o: o, counts: map[Kind]int{}}
}

// Behave changes the behaviour from the next request on. The zero Behaviour is a good day's.
func (t *Twilio) Behave(b Behaviour) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.behaviour, t.left = b, b.For
	if b.For == 0 {
		t.left = -1
	}
}

// Count says how many requests of a kind have come in.
func (t *Twilio) Count(k Kind) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.counts[k]
}

// Messages returns the texts that were taken, oldest first, the last thousand of them.
func (t *Twilio) Messages() []Message {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.messages)
}

// ServeHTTP implements http.Handler.
func (t *Twilio) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if t.o.OnRequest != nil {
		t.o.OnRequest(time.Now())
	}
	kind, handle := t.route(r)
	b := t.meet(kind, r)
	var a answer
	switch {
	case b.Status != 0 && !b.Done:
	case !t.signedIn(r):
		a = refuse(http.StatusUnauthorized, 20003, "Authenticate")
	default:
		a = handle(r, b)
	}
	if b.Status != 0 {
		a = refuse(b.Status, b.Code, b.Message)
	}
	if b.Delay > 0 {
		select {
		case <-time.After(b.Delay):
		case <-r.Context().Done():
		}
	}
	if b.Drop {
		panic(http.ErrAbortHandler)
	}
	a.write(w, b)
}

// meet counts a request and says how to behave towards it.
func (t *Twilio) meet(k Kind, r *http.Request) Behaviour {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts[k]++
	if t.o.Fate != nil {
		return t.o.Fate(k, r)
	}
	if t.left == 0 || t.behaviour.On != "" && t.behaviour.On != k {
		return Behaviour{}
	}
	if t.left > 0 {
		t.left--
	}
	return t.behaviour
}

func (t *Twilio) signedIn(r *http.Request) bool {
	user, password, _ := r.BasicAuth()
	want := t.o.AccountSID
	if t.o.APIKeySID != "" {
		want = t.o.APIKeySID
	}
	return user == want && password == t.o.Secret
}
