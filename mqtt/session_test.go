package mqtt

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/hooks/auth"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/mochi-mqtt/server/v2/packets"

	"latchd/bench/badnet"
	"latchd/lock"
)

var locked = lock.Status{Strike: lock.Locked, Contact: true, TamperFit: true, TextsLeft: 20}

// index returns where a topic with that payload was first heard, or -1.
func index(all []message, topic, payload string) int {
	return slices.IndexFunc(all, func(m message) bool {
		return m.topic == topic && strings.HasPrefix(m.payload, payload)
	})
}

func TestTheDoorComesOnlineWithItsStatesFirstAndTheBacklogLast(t *testing.T) {
	eachBroker(t, func(t *testing.T, address string) {
		e := listen(t, address, "#")
		b := newBox()
		b.store(lock.Event{Type: lock.DaemonStarted}, lock.Event{Type: lock.BellRung})
		c := client(t, options(address), b, make(inputs, 100).take)
		c.Show(locked)
		run(t, c)

		all := e.until(t, "latchd/front/event", `{"id":"ID2"`)
		order := []int{
			index(all, "latchd/front/lock/state", "LOCKED"),
			index(all, "latchd/front/door/state", "OFF"),
			index(all, "latchd/front/tamper/state", "OFF"),
			index(all, "latchd/front/lockout/attributes", `{"until":null,"level":0}`),
			index(all, "latchd/front/lockout/state", "OFF"),
			index(all, "latchd/front/problem/attributes", `{"faults":[]}`),
			index(all, "latchd/front/problem/state", "OFF"),
			index(all, "latchd/front/texts/state", "20"),
			index(all, "latchd/front/availability", "online"),
			index(all, "homeassistant/device/latchd-front/config", "{"),
			index(all, "latchd/front/event", `{"id":"ID1","seq":1,`),
			index(all, "latchd/front/event", `{"id":"ID2","seq":2,`),
		}
		if order[0] < 0 || !slices.IsSorted(order) {
			t.Errorf("heard at %v of %v", order, all)
		}

		late := listen(t, address, "latchd/front/#")
		for _, m := range late.until(t, "latchd/front/texts/state", "") {
			if !m.retained || m.topic == "latchd/front/event" {
				t.Errorf("a late subscriber hears %v", m)
			}
		}
	})
}

func TestOnlyWhatChangesIsPublishedAgain(t *testing.T) {
	address := broker(t)
	e := listen(t, address, "latchd/#")
	c := client(t, options(address), newBox(), make(inputs, 100).take)
	c.Show(locked)
	run(t, c)
	e.until(t, "latchd/front/availability", "online")

	out := locked
	out.LockedOut, out.Level, out.Until = true, 2, time.Date(2026, 11, 20, 23, 59, 59, 0, time.UTC)
	out.Faults = []lock.Fault{{Part: "mqtt", Standing: true, Detail: "over, as this very message proves"},
		{Part: "twilio", Standing: true, Detail: "money is out", Hint: "top up"}}
	c.Show(out)
	got := e.until(t, "latchd/front/problem/state", "ON")
	want := []message{
		{"latchd/front/lockout/attributes", `{"until":"2026-11-20T23:59:59.000Z","level":2}`, false},
		{"latchd/front/lockout/state", "ON", false},
		{"latchd/front/problem/attributes", `{"faults":[{"part":"twilio","detail":"money is out","hint":"top up"}]}`, false},
		{"latchd/front/problem/state", "ON", false},
	}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(message{})); d != "" {
		t.Error(d)
	}

	out.Until = out.Until.Add(300 * time.Millisecond) // wavers
	out.Strike, out.DoorOpen = lock.Unlocked, true
	c.Show(out)
	got = e.until(t, "latchd/front/door/state", "ON")
	want = []message{{"latchd/front/lock/state", "UNLOCKED", false}, {"latchd/front/door/state", "ON", false}}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(message{})); d != "" {
		t.Error(d)
	}
}

func TestALostConnectionSaysOfflineAndComesBackWithStatesBeforeTheBacklog(t *testing.T) {
	eachBroker(t, func(t *testing.T, address string) {
		e := listen(t, address, "latchd/#")
		p := newProxy(t, address, never)
		b := newBox()
		c := client(t, options(p.address()), b, make(inputs, 1000).take)
		c.wait = func(int) time.Duration { return time.Millisecond }
		c.Show(locked)
		run(t, c)
		e.until(t, "latchd/front/availability", "online")

		p.cut(true)
		e.until(t, "latchd/front/availability", "offline")
		c.Tell(b.store(lock.Event{Type: lock.DoorOpened}))
		open := locked
		open.DoorOpen = true
		c.Show(open)
		p.cut(false)
		all := e.until(t, "latchd/front/event", `{"id":"ID1"`)
		order := []int{index(all, "latchd/front/door/state", "ON"), index(all, "latchd/front/availability", "online"), len(all) - 1}
		if order[0] < 0 || !slices.IsSorted(order) {
			t.Errorf("heard at %v of %v", order, all)
		}
	})
}

func TestTheEndPublishesWhatIsDueAndSaysOffline(t *testing.T) {
	eachBroker(t, func(t *testing.T, address string) {
		e := listen(t, address, "latchd/#")
		b := newBox()
		c := client(t, options(address), b, make(inputs, 100).take)
		c.Show(locked)
		stop := run(t, c)
		e.until(t, "latchd/front/availability", "online")

		const n = 500
		for range n {
			c.Tell(b.store(lock.Event{Type: lock.DoorOpened}))
		}
		stop()
		all := e.until(t, "latchd/front/availability", "offline")
		if got := index(all, "latchd/front/event", fmt.Sprintf(`{"id":"ID%d"`, n)); got < 0 || b.left() != 0 {
			t.Errorf("the last event was heard at %d of %d messages; %d are undelivered", got, len(all), b.left())
		}
	})
}

func TestHomeAssistantsBirthBringsStatesAndDiscoveryAgain(t *testing.T) {
	eachBroker(t, func(t *testing.T, address string) {
		e := listen(t, address, "#")
		c := client(t, options(address), newBox(), make(inputs, 100).take)
		c.Show(locked)
		run(t, c)
		e.until(t, "homeassistant/device/latchd-front/config", "{")

		e.say(t, "homeassistant/status", "offline", false)
		e.say(t, "homeassistant/status", "online", false)
		all := e.until(t, "homeassistant/device/latchd-front/config", "{")
		order := []int{index(all, "latchd/front/lock/state", "LOCKED"), index(all, "latchd/front/availability", "online"),
			len(all) - 1}
		if order[0] < 0 || !slices.IsSorted(order) {
			t.Errorf("heard at %v of %v", order, all)
		}
	})
}

func TestBellAccessAndResultsAreLiveAndNotRetained(t *testing.T) {
	eachBroker(t, func(t *testing.T, address string) {
		e := listen(t, address, "latchd/#")
		b := newBox()
		c := client(t, options(address), b, make(inputs, 100).take)
		c.Show(locked)
		run(t, c)
		e.until(t, "latchd/front/availability", "online")

		c.Tell(b.store(lock.Event{Type: lock.BellRung, Door: "front", Clock: "synced"}))
		c.Tell(b.store(lock.Event{Type: lock.AccessDenied, Method: lock.ByCode, Reason: lock.WrongCode}))
		c.Tell(b.store(lock.Event{Type: lock.CommandDone, Method: lock.ByConsole, Action: lock.Unlock}))
		c.Tell([]lock.Event{{Type: lock.CommandRefused, Method: lock.ByMQTT, Action: lock.Open, Reason: lock.Stale, Detail: "late",
			Made: time.UnixMicro(1763683199123456), At: time.Date(2026, 11, 20, 23, 59, 59, 0, time.UTC)}}) // not stored: the journal is away

		all := e.until(t, "latchd/front/command/result", "")
		got := map[string]map[string]any{}
		for _, m := range all {
			var fields map[string]any
			if err := json.Unmarshal([]byte(m.payload), &fields); err != nil {
				t.Fatalf("%v: %v", m, err)
			}
			delete(fields, "at")
			if m.topic != "latchd/front/event" {
				got[m.topic] = fields
			}
		}
		want := map[string]map[string]any{
			"latchd/front/bell": {"event_type": "ring", "id": "ID1", "seq": 1.0, "door": "front", "clock": "synced", "type": "bell.rung"},
			"latchd/front/access": {"event_type": "denied", "method": "code", "reason": "wrong_code", "id": "ID2", "seq": 2.0,
				"door": "", "clock": "", "type": "access.denied"},
			"latchd/front/command/result": {"action": "OPEN", "made": 1763683199.123456, "result": "refused", "reason": "stale",
				"detail": "late"},
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
		late := listen(t, address, "latchd/#")
		for _, m := range late.until(t, "latchd/front/texts/state", "") {
			if _, live := want[m.topic]; live {
				t.Errorf("%v is retained", m)
			}
		}
	})
}

// TestNoEventIsLostWhereverTheConnectionBreaks has the numbers; here are real brokers and sockets.
func TestNoEventIsLostOverAnUnreliableConnection(t *testing.T) {
	t.Run("broker in process", func(t *testing.T) {
		server, address := mochiBroker(t, listeners.Config{})
		// This broker acknowledges before it passes on, so its subscribers may see another order. Its hook does not.
		witness := &publishHook{heard: make(chan message, 100_000)}
		if err := errors.Join(server.AddHook(new(auth.AllowHook), nil), server.AddHook(witness, nil)); err != nil {
			t.Fatal(err)
		}
		overAnUnreliableConnection(t, "tcp://"+address, &ear{heard: witness.heard})
	})
	t.Run("mosquitto", func(t *testing.T) {
		address := mosquitto(t)
		overAnUnreliableConnection(t, address, listen(t, address, "latchd/front/event"))
	})
}

func overAnUnreliableConnection(t *testing.T, address string, e *ear) {
	const n = 800
	weather := badnet.Mix{Odds: map[badnet.Kind]int{badnet.Stall: 1, badnet.Drop: 1, badnet.Truncate: 1, badnet.HalfClose: 1, badnet.Refuse: 1},
		Bytes: 8_000, Stall: 20 * time.Millisecond, Refuse: 20 * time.Millisecond}
	p := newProxy(t, address, weather.Plan(1))
	b := newBox()
	c := client(t, options(p.address()), b, func(lock.Input) {})
	c.wait = func(int) time.Duration { return time.Millisecond }
	c.Show(locked)
	run(t, c)
	for range n {
		c.Tell(b.store(lock.Event{Type: lock.BellRung, Detail: "an event of some length"}))
	}
	for seen := new(consumer); seen.last < n; {
		all := e.until(t, "latchd/front/event", "")
		seen.take(t, all[len(all)-1].payload)
	}
	if c := p.Counts(); c.Connections < 3 {
		t.Errorf("that was too easy: %+v", c)
	}
}

// publishHook sees every publish before the broker acknowledges it.
type publishHook struct {
	mochi.HookBase
	heard chan message
}

func (h *publishHook) Provides(b byte) bool { return b == mochi.OnPublish }

func (h *publishHook) OnPublish(_ *mochi.Client, p packets.Packet) (packets.Packet, error) {
	h.heard <- message{p.TopicName, string(p.Payload), p.FixedHeader.Retain}
	return p, nil
}

// consumer drops what it has seen, and wants the rest without a gap.
type consumer struct{ last, repeated uint64 }

func (c *consumer) take(t *testing.T, payload string) {
	t.Helper()
	var event lock.Event
	if err := json.Unmarshal([]byte(payload), &event); err != nil {
		t.Fatal(err)
	}
	switch {
	case event.Seq <= c.last:
		c.repeated++
	case event.Seq == c.last+1:
		c.last++
	default:
		t.Fatalf("seq %d came after %d", event.Seq, c.last)
	}
}
