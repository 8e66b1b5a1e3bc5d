package web

import (
	"embed"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"latchd/lock"
)

//go:embed page
var page embed.FS

// The history that a page opened later is shown.
const (
	keptTexts    = 20
	keptMessages = 200
	keptPayload  = 4 << 10 // bytes of one message
	keptAnswer   = 8 * time.Second
)

// DemoOptions is what the demo's page needs to know.
type DemoOptions struct {
	Fingers Fingers
	Door    string      // the door's name
	Rules   lock.Config // the door's rules, as the machine got them at its start
	Keys    []string    // the pad's rows, top first: "123", ...
	Broker  string      // host:port at which mosquitto_sub joins in
	Prefix  string      // of the topics
	Listen  string      // the address that the page is served at

	// Twilio sets how the stand-in behaves from now on, and says whether it knows that word; nil: it knows none.
	Twilio func(mood string) bool
}

// Demo is the demo's page. The program feeds it by Status, Text, Message and Event, none of which blocks; all methods
// are safe for concurrent use. Close ends it.
type Demo struct {
	opts    DemoOptions
	pad     hand
	bell    hand
	exit    hand
	visitor *visitor

	mu       sync.Mutex
	status   lock.Status
	statusAt time.Time
	held     bool // the door is kept open by hand
	wrong    int  // wrong entries since the last right one or lockout
	answer   answer
	answerAt time.Time
	texts    []text
	messages []message
	clients  map[*client]struct{}
	closed   bool
}

// NewDemo returns the demo's page for one door.
func NewDemo(o DemoOptions) *Demo {
	return &Demo{
		opts:    o,
		pad:     newHand(8),
		bell:    newHand(1),
		exit:    newHand(1),
		visitor: newVisitor(o.Fingers.Door),
		clients: map[*client]struct{}{},
	}
}

// Close ends every stream and the visitor's walk. An http.Server's Shutdown waits for streams: call Close before it, or
// register it with RegisterOnShutdown.
func (d *Demo) Close() {
	d.mu.Lock()
	d.closed = true
	for c := range d.clients {
		d.drop(c)
	}
	d.mu.Unlock()
	d.visitor.close()
}

// Handler serves the page at / and its stream at /events, and takes what fingers do by POST at /press, /bell, /exit and
// /door. POST at /twilio sets how the stand-in for Twilio behaves.
func (d *Demo) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", file("demo.html"))
	for _, name := range []string{"demo.css", "demo.js", "pad.css", "pad.js", "icon.svg"} {
		mux.HandleFunc("GET /"+name, file(name))
	}
	mux.HandleFunc("GET /events", d.stream)
	mux.HandleFunc("POST /press", d.postPress)
	mux.HandleFunc("POST /bell", d.postBell)
	mux.HandleFunc("POST /exit", d.postExit)
	mux.HandleFunc("POST /door", d.postDoor)
	mux.HandleFunc("POST /twilio", d.postTwilio)
	return guard([]string{d.opts.Listen}, mux)
}

func file(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-cache")
		http.ServeFileFS(w, r, page, "page/"+name)
	}
}

// Status shows the door as it is now. Where a contact is fitted and the strike has just opened, the visitor goes in.
func (d *Demo) Status(s lock.Status) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if s.Contact && !s.DoorOpen && d.status.Strike == lock.Locked && s.Strike == lock.Unlocked {
		d.visitor.letIn()
	}
	if d.status.DoorOpen && !s.DoorOpen {
		d.held = false
	}
	d.status, d.statusAt = s, time.Now()
	d.publish("status", d.view())
}

// Text shows a text as it arrives on the owner's phone. A number in to is masked.
func (d *Demo) Text(to, body string, at time.Time) {
	if strings.HasPrefix(to, "+") {
		to = lock.Phone(to).String()
	}
	t := text{To: to, Body: body, At: at.UTC().Format(lock.Stamp)}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.texts = keep(d.texts, t, keptTexts)
	d.publish("text", t)
}

// Message shows an MQTT message as it passes. Of a long payload the first 4 KiB are kept, of a binary one its length.
func (d *Demo) Message(topic string, payload []byte, retained bool, at time.Time) {
	m := message{Topic: topic, Payload: printable(payload), Retained: retained, At: at.UTC().Format(lock.Stamp)}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.messages = keep(d.messages, m, keptMessages)
	d.publish("message", m)
}

// Event tells the visitor, in words, what became of a ring or an entry.
func (d *Demo) Event(e lock.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case e.Type == lock.AccessDenied && (e.Reason == lock.WrongCode || e.Reason == lock.NoCode):
		d.wrong++
	case e.Type == lock.AccessGranted && e.Method == lock.ByCode, e.Type == lock.LockoutStarted:
		d.wrong = 0
	}
	a, ok := answerTo(e, d.opts.Rules.Digits, d.opts.Rules.Attempts-d.wrong)
	if !ok {
		return
	}
	d.answer, d.answerAt = a, time.Now()
	d.publish("answer", a)
}

// keep appends v and forgets the oldest beyond n.
func keep[T any](s []T, v T, n int) []T {
	if len(s) >= n {
		s = s[:copy(s, s[len(s)-n+1:])]
	}
	return append(s, v)
}

func printable(payload []byte) string {
	if !utf8.Valid(payload) {
		return fmt.Sprintf("(%d bytes, not text)", len(payload))
	}
	if len(payload) <= keptPayload {
		return string(payload)
	}
	cut := keptPayload
	for !utf8.RuneStart(payload[cut]) {
		cut--
	}
	return string(payload[:cut]) + "…"
}

// watch is the command that joins the broker from a terminal; empty when the broker has no address.
func (o DemoOptions) watch() string {
	host, port, err := net.SplitHostPort(o.Broker)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("mosquitto_sub -h %s -p %s -t '%s/#' -v", host, port, o.Prefix)
}
