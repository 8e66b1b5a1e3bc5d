package web

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"latchd/lock"
)

// The history that a page opened later is shown.
const (
	keptTexts    = 20
	keptMessages = 200
	keptPayload  = 4 << 10 // bytes of one message
)

// DemoOptions is what the demo's page needs to know.
type DemoOptions struct {
	PanelOptions
	Fingers Fingers
	Broker  string // host:port at which mosquitto_sub joins in
	Prefix  string // of the topics

	// Twilio sets how the stand-in behaves from now on, and says whether it knows that word; nil: it knows none.
	Twilio func(mood string) bool
}

// Demo is the demo's page: the panel, with the door, the phone and the messages beside it. The program feeds it by Status,
// Text, Message and Event, none of which blocks; all methods are safe for concurrent use. Close ends it.
type Demo struct {
	*Panel
	opts     DemoOptions
	exit     hand
	visitor  *visitor
	texts    []text
	messages []message
}

// NewDemo returns the demo's page for one door. The panel's hands are the fingers.
func NewDemo(o DemoOptions) *Demo {
	o.Hands = taps{o.Fingers}
	d := &Demo{Panel: NewPanel(o.PanelOptions), opts: o, exit: newHand(1), visitor: newVisitor(o.Fingers.Door)}
	d.more = func(s *snapshot) { s.Watch, s.Texts, s.Messages = o.watch(), d.texts, d.messages }
	return d
}

// taps presses with fingers.
type taps struct{ Fingers }

func (t taps) Bell(ctx context.Context) error { return t.Fingers.Bell(ctx, tap) }

// Close ends every stream and the visitor's walk, as Panel.Close does.
func (d *Demo) Close() {
	d.Panel.Close()
	d.visitor.close()
}

// routes serves the page at /, and takes what fingers do by POST at /exit and /door. POST at /twilio sets how the stand-in
// for Twilio behaves. The rest is the panel's.
func (d *Demo) routes(mux *http.ServeMux) {
	mux.HandleFunc("GET /{$}", file("demo.html"))
	mux.HandleFunc("POST /exit", d.postExit)
	mux.HandleFunc("POST /door", d.postDoor)
	mux.HandleFunc("POST /twilio", d.postTwilio)
	d.Panel.routes(mux)
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
	d.setStatus(s)
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
	d.publish(frame("phone", t))
}

// Message shows an MQTT message as it passes. Of a long payload the first 4 KiB are kept, of a binary one its length.
func (d *Demo) Message(topic string, payload []byte, retained bool, at time.Time) {
	m := message{Topic: topic, Payload: printable(payload), Retained: retained, At: at.UTC().Format(lock.Stamp)}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.messages = keep(d.messages, m, keptMessages)
	d.publish(frame("message", m))
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
