package web

import (
	"context"
	"sync"
	"time"

	"latchd/lock"
)

var rules = lock.Config{
	Digits: 6, TTL: 2 * time.Minute, Attempts: 3, Lockout: 10 * time.Minute, MinGap: time.Minute, Pulse: 5 * time.Second,
	Enter: '#', Clear: '*',
}

var options = DemoOptions{
	PanelOptions: PanelOptions{Door: "Front door", Rules: rules, Keys: []string{"123", "456", "789", "*0#"}},
	Broker:       "127.0.0.1:1883", Prefix: "latchd",
}

const rightCode = "480913"

// house plays the daemon: fingers go in, and the page hears what a daemon would say.
type house struct {
	demo *Demo

	mu     sync.Mutex
	typed  string
	code   string
	used   bool
	wrong  int
	status lock.Status
	seq    int
}

// newHouse returns a demo on a locked door that has just started.
func newHouse(contact bool) *house {
	h := &house{status: lock.Status{Strike: lock.Locked, Contact: contact, TextsLeft: 20}}
	o := options
	o.Fingers = h
	h.demo = NewDemo(o)
	h.demo.Status(h.status)
	h.send("availability", "online", true)
	h.send("lock/state", "LOCKED", true)
	h.send("lockout/state", "OFF", true)
	h.event(lock.Event{Type: lock.DaemonStarted})
	return h
}

func (h *house) send(topic, payload string, retained bool) {
	h.demo.Message("latchd/front/"+topic, []byte(payload), retained, time.Now())
}

func (h *house) event(e lock.Event) {
	h.seq++
	e.Seq, e.At, e.Clock, e.Door = uint64(h.seq), time.Now(), "synced", "front"
	b, err := e.MarshalJSON()
	if err != nil {
		panic(err)
	}
	h.send("event", string(b), false)
	h.demo.Event(e)
}

func (h *house) Press(_ context.Context, keys string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, k := range keys {
		switch k {
		case '*':
			h.typed = ""
		case '#':
			h.enter()
			h.typed = ""
		default:
			h.typed += string(k)
		}
		h.status.Typed = len(h.typed)
		h.demo.Status(h.status)
	}
	return nil
}

func (h *house) enter() {
	deny := func(r lock.Reason) { h.event(lock.Event{Type: lock.AccessDenied, Method: lock.ByCode, Reason: r}) }
	switch {
	case h.status.LockedOut:
		deny(lock.LockedOut)
	case len(h.typed) != rules.Digits:
		deny(lock.Malformed)
	case h.typed == h.code && h.used:
		deny(lock.Used)
	case h.typed == h.code:
		h.used, h.wrong, h.status.CodeFor, h.status.TriesLeft = true, 0, 0, rules.Attempts
		h.event(lock.Event{Type: lock.AccessGranted, Method: lock.ByCode})
		h.unlock()
	default:
		h.wrong++
		h.status.TriesLeft = rules.Attempts - h.wrong
		h.demo.Status(h.status)
		deny(lock.WrongCode)
		if h.wrong == rules.Attempts {
			h.status.LockedOut, h.status.Remaining, h.status.Level = true, rules.Lockout, 1
			h.send("lockout/state", "ON", true)
			h.event(lock.Event{Type: lock.LockoutStarted, Wait: rules.Lockout, Level: new(1)})
		}
	}
}

func (h *house) unlock() {
	h.status.Strike = lock.Unlocked
	h.send("lock/state", "UNLOCKED", true)
	h.demo.Status(h.status)
}

// relock ends the pulse, when the test says so.
func (h *house) relock() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.status.Strike = lock.Locked
	h.send("lock/state", "LOCKED", true)
	h.demo.Status(h.status)
}

func (h *house) Bell(context.Context, time.Duration) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.code, h.used = rightCode, false
	h.status.CodeFor, h.status.ResendIn, h.status.TextsLeft = rules.TTL, rules.MinGap, h.status.TextsLeft-1
	h.demo.Status(h.status)
	h.event(lock.Event{Type: lock.BellRung})
	h.send("bell", `{"event_type":"ring"}`, false)
	h.event(lock.Event{Type: lock.CodeSent, Owner: "Ada", Phone: "…21"})
	h.demo.Text("+15557654321", rightCode+" opens Front door for 2 min.", time.Now())
	return nil
}

func (h *house) Exit(context.Context, time.Duration) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.event(lock.Event{Type: lock.AccessGranted, Method: lock.ByExit})
	h.unlock()
	return nil
}

func (h *house) Door(open bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.status.DoorOpen = open
	h.send("door/state", map[bool]string{true: "ON", false: "OFF"}[open], true)
	h.demo.Status(h.status)
}
