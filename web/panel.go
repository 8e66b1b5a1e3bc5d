package web

import (
	"context"
	"net/http"
	"strings"
	"time"

	"latchd/lock"
)

// Hands press what a visitor presses: on the panel itself, or on a simulated board. Both block for as long as the press
// lasts, and let go when ctx ends.
type Hands interface {
	Press(ctx context.Context, keys string) error // the keys one after the other
	Bell(ctx context.Context) error
}

// PanelOptions is what the visitor's page needs to know.
type PanelOptions struct {
	Hands Hands
	Door  string      // the door's name
	Rules lock.Config // the door's rules, as the machine got them at its start
	Keys  []string    // the pad's rows, top first: "123", ...
}

// How many panels may be open, how long an answer is shown to one that is opened later, and how often each hears that
// the door is alive.
const (
	maxPanels  = 32
	keptAnswer = 8 * time.Second
	panelBeat  = 5 * time.Second
)

// Panel is the visitor's page at the door. The program feeds it by Status and Event, neither of which blocks; all methods
// are safe for concurrent use. Close ends it.
type Panel struct {
	hub
	opts PanelOptions
	pad  hand
	bell hand

	status   lock.Status
	statusAt time.Time
	answer   answer
	answerAt time.Time
	text     string // how far the last ring's text has come
	before   string // and how far the one before it had, when it was rung

	held bool            // on the demo's page: the door is kept open by hand
	more func(*snapshot) // what the demo's page shows besides; may be nil
}

// NewPanel returns the visitor's page for one door.
func NewPanel(o PanelOptions) *Panel {
	return &Panel{hub: newHub(maxPanels, panelBeat), opts: o, pad: newHand(8), bell: newHand(1)}
}

// Close ends every stream. An http.Server's Shutdown waits for streams: call Close before it, or register it with
// RegisterOnShutdown.
func (p *Panel) Close() { p.end("") }

// routes serves the page at /panel/, its stream at /panel/stream, and takes what fingers do by POST at /panel/press and
// /panel/bell.
func (p *Panel) routes(mux *http.ServeMux) {
	mux.HandleFunc("GET /panel/{$}", file("panel.html"))
	mux.HandleFunc("GET /panel/stream", p.stream)
	mux.HandleFunc("POST /panel/press", p.postPress)
	mux.HandleFunc("POST /panel/bell", p.postBell)
}

// Change takes other rules.
func (p *Panel) Change(r lock.Config) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.opts.Rules = r
	p.publish(frame("snapshot", p.snapshot()))
}

// Status shows the door as it is now.
func (p *Panel) Status(s lock.Status) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.setStatus(s)
}

// setStatus shows the door as it is now; mu is held.
func (p *Panel) setStatus(s lock.Status) {
	p.status, p.statusAt = s, time.Now()
	if len(p.clients) > 0 {
		p.publish(frame("status", p.view()))
	}
	if s.CodeFor == 0 {
		p.setText("")
	}
}

// Event tells the visitor what became of a ring, a text or an entry.
func (p *Panel) Event(e lock.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.setText(p.textAfter(e))
	if a, ok := answerTo(e, p.opts.Rules.Digits, p.status.TriesLeft); ok {
		p.answer, p.answerAt = a, time.Now()
		p.publish(frame("answer", a))
	}
}

// textAfter is how far the text has come after an event: of several owners the luckiest counts. What comes late, of a code
// that is dead or has opened, is no news.
func (p *Panel) textAfter(e lock.Event) string {
	if p.status.CodeFor == 0 {
		return ""
	}
	switch was := p.text; e.Type {
	case lock.BellRung:
		p.before = was
		return "sending"
	case lock.BellLimited:
		if e.Owner == "" {
			return p.before // the last one is still on its way
		}
	case lock.CodeSent:
		if was != "delivered" {
			return "sent"
		}
	case lock.CodeDelivered:
		return "delivered"
	case lock.CodeFailed:
		if was == "sending" || was == "" {
			return "failed"
		}
	}
	return p.text
}

// setText shows how far the text has come; mu is held.
func (p *Panel) setText(state string) {
	if state != p.text {
		p.text = state
		p.publish(frame("text", textState{state}))
	}
}

func (p *Panel) stream(w http.ResponseWriter, r *http.Request) {
	c := p.join("", func() [][]byte { return [][]byte{frame("snapshot", p.snapshot())} })
	if c == nil {
		tooManyPages(w)
		return
	}
	p.serve(w, r, c, always)
}

func (p *Panel) postPress(w http.ResponseWriter, r *http.Request) {
	keys, err := readKeys(r)
	if err != nil {
		refuse(w, err)
		return
	}
	if keys == "" || len(keys) > maxKeys || strings.Trim(keys, strings.Join(p.opts.Keys, "")) != "" {
		http.Error(w, notKeys, http.StatusBadRequest)
		return
	}
	pressed(w, "keypad", p.pad.work(r.Context(), func() error { return p.opts.Hands.Press(r.Context(), keys) }))
}

func (p *Panel) postBell(w http.ResponseWriter, r *http.Request) {
	pressed(w, "bell", p.bell.work(r.Context(), func() error { return p.opts.Hands.Bell(r.Context()) }))
}
