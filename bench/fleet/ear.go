package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"latchd/bench/mosquitto"
)

// ear is the one subscriber. It keeps, of each door, what it has heard.
type ear struct {
	client paho.Client

	mu    sync.Mutex
	doors map[string]*heard
	fault error
}

func newEar() *ear { return &ear{doors: map[string]*heard{}} }

// listen connects to the broker at HOST:PORT. The filters leave out what this consumer has no use for.
func (e *ear) listen(address string) (err error) {
	e.mu.Lock()
	for _, h := range e.doors {
		h.back, h.online = 0, false
	}
	e.mu.Unlock()
	var filters []string
	for _, name := range []string{"availability", "lock/state", "door/state", "access", "event", "event/replayed"} {
		filters = append(filters, "latchd/+/+/"+name)
	}
	e.client, err = mosquitto.HearAll(address, filters, e.hear)
	return err
}

func (e *ear) close() { e.client.Disconnect(0) }

func (e *ear) hear(m paho.Message) {
	at := now()
	part := strings.SplitN(m.Topic(), "/", 4)
	id, name := part[1]+"/"+part[2], part[3]
	e.mu.Lock()
	defer e.mu.Unlock()
	h := e.doors[id]
	if h == nil {
		h = &heard{beyond: map[uint64]bool{}}
		e.doors[id] = h
	}
	switch payload := string(m.Payload()); name {
	case "availability":
		// One that is retained is of now: what a broker saves as it ends holds the wills.
		if h.online = payload == "online"; h.online && h.back == 0 {
			h.back = at
		}
	case "lock/state":
		if h.strike = payload; payload == "UNLOCKED" && !m.Retained() {
			h.unlocked = append(h.unlocked, at)
		}
	case "door/state":
		h.contact = payload
	case "access":
		if bytes.HasPrefix(m.Payload(), []byte(`{"event_type":"granted"`)) {
			h.granted = append(h.granted, at)
		}
	case "event", "event/replayed":
		var v struct{ Seq uint64 }
		if err := json.Unmarshal(m.Payload(), &v); err != nil || v.Seq == 0 {
			e.fault = fmt.Errorf("%s: an event that cannot be read", id)
			return
		}
		h.take(v.Seq)
	}
}

// forget begins a new count of openings.
func (e *ear) forget() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, h := range e.doors {
		h.granted, h.unlocked = nil, nil
	}
}

// askFor asks the doors again for what came while this consumer was away, and returns how many were asked.
func (e *ear) askFor(doors map[string]truth) (asked int) {
	type span struct {
		From uint64 `json:"from"`
		To   uint64 `json:"to"`
	}
	e.mu.Lock()
	spans := map[string]span{}
	for id, h := range e.doors {
		if last := doors[id].Seq; h.upto < last { // a door may have told all before this consumer was back, and nothing since
			to := h.upto + 1
			for to < last && !h.beyond[to+1] {
				to++
			}
			spans[id] = span{h.upto + 1, to}
		}
	}
	e.mu.Unlock()
	for id, s := range spans {
		b, _ := json.Marshal(s)
		e.client.Publish("latchd/"+id+"/event/replay", 1, false, b).WaitTimeout(patience)
	}
	return len(spans)
}

// count returns of how many doors each thing is true.
func (e *ear) count(is func(id string, h *heard) bool) (n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for id, h := range e.doors {
		if is(id, h) {
			n++
		}
	}
	return n
}

func (e *ear) online() int {
	return e.count(func(_ string, h *heard) bool { return h.back > 0 && h.online })
}

// agree returns how many doors have been heard as they are.
func (e *ear) agree(doors map[string]truth) int {
	return e.count(func(id string, h *heard) bool {
		t := doors[id]
		return h.online && h.upto == t.Seq && h.strike == t.Strike && h.contact == t.Contact
	})
}

// repeated returns how many events came again.
func (e *ear) repeated() (n int) {
	e.count(func(_ string, h *heard) bool { n += h.again; return true })
	return n
}

// events returns how many events were heard, each once.
func (e *ear) events() (n int) {
	e.count(func(_ string, h *heard) bool { n += int(h.upto); return true })
	return n
}

// backs returns when each door was online again.
func (e *ear) backs(since int64) (ds []time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, h := range e.doors {
		if h.back > 0 {
			ds = append(ds, time.Duration(h.back-since))
		}
	}
	return ds
}
