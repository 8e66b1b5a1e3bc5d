package web

import (
	"encoding/json"
	"net/http"
	"time"

	"latchd/lock"
)

const (
	maxClients = 32
	backlog    = 64 // frames that wait for a slow client before it is dropped
	heartbeat  = 5 * time.Second
	writeLimit = 10 * time.Second // for one frame
)

// snapshot is the first event of every stream: all that a page needs to draw itself.
type snapshot struct {
	Door     string    `json:"door"`
	Watch    string    `json:"watch"` // the command that joins the broker
	Keys     []string  `json:"keys"`
	Enter    string    `json:"enter"`
	Clear    string    `json:"clear"`
	Digits   int       `json:"digits"`
	TTL      int64     `json:"ttl_ms"`
	MinGap   int64     `json:"min_gap_ms"`
	Status   view      `json:"status"`
	Answer   *answer   `json:"answer"` // null when the last one is stale
	Texts    []text    `json:"texts"`
	Messages []message `json:"messages"`
}

// view is the door's status as a page gets it. Times are milliseconds left at the moment of sending.
type view struct {
	Strike    lock.StrikeState `json:"strike"`
	Contact   bool             `json:"contact"`
	Open      bool             `json:"open"`
	Held      bool             `json:"held"` // kept open by hand
	LockedOut bool             `json:"locked_out"`
	Lockout   int64            `json:"lockout_ms"`
	Level     int              `json:"level"`
	Code      int64            `json:"code_ms"`
	Resend    int64            `json:"resend_ms"`
	TextsLeft int              `json:"texts_left"`
	Typed     int              `json:"typed"`
	Faults    []fault          `json:"faults"`
}

type fault struct {
	Part   string `json:"part"`
	Detail string `json:"detail"`
	Hint   string `json:"hint,omitempty"`
}

type text struct {
	To   string `json:"to"`
	Body string `json:"body"`
	At   string `json:"at"`
}

type message struct {
	Topic    string `json:"topic"`
	Payload  string `json:"payload"`
	Retained bool   `json:"retained"`
	At       string `json:"at"`
}

// client is one open stream.
type client struct{ frames chan []byte }

// stream sends server-sent events: a snapshot, then what happens, and a beat when nothing does, so that a page notices
// a dead connection. A client that falls behind is dropped; it connects again and starts from a new snapshot.
func (d *Demo) stream(w http.ResponseWriter, r *http.Request) {
	c := &client{frames: make(chan []byte, backlog)}
	if !d.join(c) {
		http.Error(w, "Too many pages are open. Close one and try again.", http.StatusServiceUnavailable)
		return
	}
	defer d.leave(c)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	control := http.NewResponseController(w)
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		var f []byte
		select {
		case <-r.Context().Done():
			return
		case <-beat.C:
			f = frame("beat", struct{}{})
		case next, ok := <-c.frames:
			if !ok {
				return
			}
			f = next
		}
		control.SetWriteDeadline(time.Now().Add(writeLimit))
		if _, err := w.Write(f); err != nil {
			return
		}
		if err := control.Flush(); err != nil {
			return
		}
	}
}

// join adds a client, whose first frame is the snapshot. It returns false when there is no room.
func (d *Demo) join(c *client) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed || len(d.clients) >= maxClients {
		return false
	}
	d.clients[c] = struct{}{}
	c.frames <- frame("snapshot", d.snapshot())
	return true
}

func (d *Demo) leave(c *client) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.drop(c)
}

// drop forgets a client and ends its stream; d.mu is held.
func (d *Demo) drop(c *client) {
	if _, ok := d.clients[c]; ok {
		delete(d.clients, c)
		close(c.frames)
	}
}

// publish hands an event to every client and drops those with no room for it; d.mu is held.
func (d *Demo) publish(event string, v any) {
	if len(d.clients) == 0 {
		return
	}
	f := frame(event, v)
	for c := range d.clients {
		select {
		case c.frames <- f:
		default:
			d.drop(c)
		}
	}
}

// frame is one server-sent event. JSON holds no line break, so one data line does.
func frame(event string, v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("web: " + err.Error()) // plain structs of strings and numbers always marshal
	}
	return append(append([]byte("event: "+event+"\ndata: "), b...), "\n\n"...)
}

// snapshot describes everything as it is now; d.mu is held.
func (d *Demo) snapshot() snapshot {
	o := d.opts
	s := snapshot{
		Door: o.Door, Watch: o.watch(), Keys: o.Keys, Enter: string(o.Rules.Enter), Clear: string(o.Rules.Clear),
		Digits: o.Rules.Digits, TTL: o.Rules.TTL.Milliseconds(), MinGap: o.Rules.MinGap.Milliseconds(),
		Status: d.view(), Texts: d.texts, Messages: d.messages,
	}
	if !d.answerAt.IsZero() && time.Since(d.answerAt) < keptAnswer {
		s.Answer = &d.answer
	}
	return s
}

// view is the last status with its times counted down to now; d.mu is held.
func (d *Demo) view() view {
	s := d.status
	age := time.Since(d.statusAt)
	left := func(t time.Duration) int64 { return max(0, t-age).Milliseconds() }
	v := view{
		Strike: s.Strike, Contact: s.Contact, Open: s.DoorOpen, Held: d.held, LockedOut: s.LockedOut,
		Lockout: left(s.Remaining), Level: s.Level, Code: left(s.CodeFor), Resend: left(s.ResendIn),
		TextsLeft: s.TextsLeft, Typed: s.Typed, Faults: []fault{},
	}
	for _, f := range s.Faults {
		v.Faults = append(v.Faults, fault{f.Part, f.Detail, f.Hint})
	}
	return v
}
