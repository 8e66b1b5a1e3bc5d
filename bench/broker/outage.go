package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"latchd/bench/mosquitto"
	"latchd/lock"
)

// house is one door with a broker that can be killed, and an ear on that.
type house struct {
	broker *mosquitto.Broker
	door   *door
	ear    paho.Client // of the broker's present run

	mu        sync.Mutex
	connected time.Time            // when the broker last accepted the door's connection
	stored    uint64               // seq
	rung      map[string]time.Time // bells that were not heard yet: when they were told, by id
	bells     []time.Duration      // from then to the ear
	sight     sight
	left      int // times that the broker was killed
}

// sight is what a subscriber sees after an outage.
type sight struct {
	due     map[string]string // true states that were not seen yet, by topic
	last    uint64            // seq of the end of the backlog
	early   int               // events seen before all states
	current time.Time         // when all states were seen
	drained time.Time         // when the end of the backlog was
}

func newHouse(dir string) (h *house, err error) {
	h = &house{rung: map[string]time.Time{}}
	if h.broker, err = mosquitto.Start(dir, mosquitto.Open); err != nil {
		return nil, err
	}
	if h.door, err = openDoor(dir, "bench", h.broker.Address, h.dial, h.note); err != nil {
		h.broker.Kill()
		return nil, err
	}
	for began := time.Now(); h.since().IsZero(); time.Sleep(time.Millisecond) {
		if time.Since(began) > 30*time.Second {
			return nil, errors.Join(errors.New("the door does not connect"), h.close())
		}
	}
	if err := h.listen(); err != nil {
		return nil, errors.Join(err, h.close())
	}
	return h, nil
}

func (h *house) close() error {
	if h.ear != nil {
		h.ear.Disconnect(0)
	}
	defer h.broker.Kill()
	return h.door.stop()
}

func (h *house) listen() (err error) {
	h.ear, err = mosquitto.Hear(h.broker.Address, "latchd/bench/#", h.hear)
	return err
}

// dial notes when the door's connection stands: the kernel has accepted it for the broker.
func (h *house) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err == nil {
		h.mu.Lock()
		h.connected = time.Now()
		h.mu.Unlock()
	}
	return conn, err
}

// since returns when the door was connected last.
func (h *house) since() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.connected
}

// note takes what is stored, just before the client is told.
func (h *house) note(events []lock.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range events {
		h.stored = max(h.stored, e.Seq)
		if e.Detail == measured {
			h.rung[e.ID] = time.Now()
		}
	}
}

// hear takes what the broker passes on.
func (h *house) hear(topic string, payload []byte) {
	at := time.Now()
	var e struct {
		ID  string
		Seq uint64
	}
	name := strings.TrimPrefix(topic, "latchd/bench/")
	if name == "event" || name == "bell" {
		json.Unmarshal(payload, &e)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if told, ours := h.rung[e.ID]; ours && name == "bell" {
		h.bells = append(h.bells, at.Sub(told))
		delete(h.rung, e.ID)
	}
	h.sight.see(at, name, string(payload), e.Seq)
}

func (s *sight) see(at time.Time, name, payload string, seq uint64) {
	if want, due := s.due[name]; due && payload == want {
		if delete(s.due, name); len(s.due) == 0 {
			s.current = at
		}
	}
	if name == "event" && len(s.due) > 0 {
		s.early++
	}
	if name == "event" && seq == s.last && s.drained.IsZero() {
		s.drained = at
	}
}

func (h *house) look() sight {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.sight
}

// leave kills the broker, and lets n events happen and the states change meanwhile.
func (h *house) leave(n int) error {
	h.ear.Disconnect(0)
	h.broker.Kill()
	for i := range n {
		h.door.add(i)
	}
	if err := h.door.flush(); err != nil {
		return err
	}
	h.left++
	strike, open, contact := lock.Locked, false, "OFF"
	if h.left%2 == 1 {
		strike, open, contact = lock.Unlocked, true, "ON"
	}
	h.door.show(func(s *lock.Status) { s.Strike, s.DoorOpen = strike, open })
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sight = sight{last: h.stored, due: map[string]string{"lock/state": string(strike), "door/state": contact, "availability": "online"}}
	return nil
}

// back starts the broker again, and returns when the backlog is heard. Meanwhile it rings.
func (h *house) back() error {
	if err := h.broker.Again(); err != nil {
		return err
	}
	if err := h.listen(); err != nil {
		return err
	}
	for began := time.Now(); ; time.Sleep(time.Millisecond) {
		s := h.look()
		switch {
		case !s.drained.IsZero():
			return h.answered()
		case time.Since(began) > 2*time.Minute:
			return fmt.Errorf("after an outage, these states are not seen: %v; the backlog is: %v", s.due, !s.drained.IsZero())
		case !s.current.IsZero():
			h.ring()
		}
	}
}

// measured marks the bells whose latency is taken.
const measured = "measured"

// ring presses the bell, and waits for a moment.
func (h *house) ring() {
	h.door.put(lock.Event{Type: lock.BellRung, Detail: measured})
	time.Sleep(20 * time.Millisecond)
}

// answered waits until all bells are heard.
func (h *house) answered() error {
	for began := time.Now(); ; time.Sleep(time.Millisecond) {
		h.mu.Lock()
		n := len(h.rung)
		h.mu.Unlock()
		if n == 0 {
			return nil
		}
		if time.Since(began) > time.Minute {
			return fmt.Errorf("%d bells were never heard", n)
		}
	}
}

// latencies returns those of the bells since the last call.
func (h *house) latencies() []time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	ds := h.bells
	h.bells = nil
	return ds
}
