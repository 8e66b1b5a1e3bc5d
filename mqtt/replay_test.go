package mqtt

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"latchd/lock"
)

func (b *box) Range(_ context.Context, from, to uint64, limit int) ([]lock.Event, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.broken != nil {
		return nil, b.broken
	}
	first, last := min(from-1, uint64(len(b.events))), min(to, uint64(len(b.events)))
	return slices.Clone(b.events[first:min(last, first+uint64(limit))]), nil
}

func TestParseReplay(t *testing.T) {
	for payload, want := range map[string]string{
		`{"from":1,"to":9}`:                "done  1-9",
		`{"to":7,"from":7,"else":[true]}`:  "done  7-7",
		`{"from":1,"to":9007199254740992}`: "done  1-9007199254740992",
		`{"from":1,"to":9007199254740993}`: "refused bad_range 0-0",
		`{"from":0,"to":9}`:                "refused bad_range 0-0",
		`{"from":9,"to":1}`:                "refused bad_range 0-0",
		`{"from":-1,"to":1}`:               "refused bad_range 0-0",
		`{"from":1.5,"to":2}`:              "refused bad_range 0-0",
		`{"from":"1","to":2}`:              "refused bad_range 0-0",
		`{"from":1}`:                       "refused bad_range 0-0",
		`{}`:                               "refused bad_range 0-0",
		`{"from":1,"from":2,"to":3}`:       "refused not_json 0-0",
		`[1,9]`:                            "refused not_json 0-0",
		``:                                 "refused not_json 0-0",
		"\xff":                             "refused not_json 0-0",
		strings.Repeat(" ", maxCommand+1):  "refused too_large 0-0",
	} {
		r := parseReplay([]byte(payload), false)
		if got := fmt.Sprintf("%s %s %d-%d", r.Result, r.Reason, r.From, r.To); got != want {
			t.Errorf("%.40q: %s, want %s", payload, got, want)
		}
	}
	if r := parseReplay([]byte(`{"from":1,"to":9}`), true); r.Reason != lock.Retained {
		t.Errorf("retained: %+v", r)
	}
}

func FuzzParseReplay(f *testing.F) {
	f.Add([]byte(`{"from":1,"to":9}`), false)
	f.Add([]byte(`{"from":-0,"to":1e3}`), true)
	f.Fuzz(func(t *testing.T, payload []byte, retained bool) {
		switch r := parseReplay(payload, retained); {
		case r.Reason != "" && r.Result == "refused" && r.From == 0 && r.To == 0:
		case r.Reason == "" && r.Result == "done" && !retained && 1 <= r.From && r.From <= r.To && r.To <= maxSeq:
		default:
			t.Errorf("%q is %+v", payload, r)
		}
	})
}

// replayed returns the seqs that came again up to the next result, and that result.
func (e *ear) replayed(t *testing.T) (seqs []uint64, r replay) {
	t.Helper()
	for _, m := range e.until(t, "latchd/front/event/replay/result", "") {
		switch m.topic {
		case "latchd/front/event/replayed":
			var event lock.Event
			if err := json.Unmarshal([]byte(m.payload), &event); err != nil {
				t.Fatal(err)
			}
			seqs = append(seqs, event.Seq)
		case "latchd/front/event":
			t.Errorf("event repeats %s", m.payload)
		case "latchd/front/event/replay/result":
			if err := json.Unmarshal([]byte(m.payload), &r); err != nil {
				t.Fatal(err)
			}
		}
	}
	return seqs, r
}

func TestARangeOfEventsComesAgainOnATopicOfItsOwn(t *testing.T) {
	eachBroker(t, func(t *testing.T, address string) {
		e := listen(t, address, "latchd/front/#")
		b := newBox()
		const n = 300
		for range n {
			b.store(lock.Event{Type: lock.BellRung})
		}
		c := client(t, options(address), b, make(inputs, 100).take)
		c.Show(locked)
		run(t, c)
		e.until(t, "latchd/front/event", fmt.Sprintf(`{"id":"ID%d"`, n))

		for _, ask := range []struct{ from, to, first, last uint64 }{
			{1, 1, 1, 1}, {250, 999, 250, n}, {5, 4 + window/2, 5, 4 + window/2}, {1, n, 1, n}, {n + 1, n + 9, 1, 0},
		} {
			e.say(t, "latchd/front/event/replay", fmt.Sprintf(`{"from":%d,"to":%d}`, ask.from, ask.to), false)
			seqs, r := e.replayed(t)
			want := make([]uint64, 0, n)
			for seq := ask.first; seq <= ask.last; seq++ {
				want = append(want, seq)
			}
			if !slices.Equal(seqs, want) {
				t.Errorf("%d to %d: %v came", ask.from, ask.to, seqs)
			}
			if r.Result != "done" || r.From != ask.from || r.To != ask.to || r.Events != len(want) {
				t.Errorf("%d to %d: %+v", ask.from, ask.to, r)
			}
		}
		b.set(errors.New("disk I/O error"))
		e.say(t, "latchd/front/event/replay", `{"from":1,"to":9}`, false)
		if _, r := e.replayed(t); r.Result != "refused" || r.Reason != cannotRead {
			t.Errorf("from a journal that cannot be read: %+v", r)
		}
		b.set(nil)
		e.say(t, "latchd/front/event/replay", `what?`, false)
		if _, r := e.replayed(t); r.Result != "refused" || r.Reason != lock.NotJSON || r.At == "" {
			t.Errorf("not JSON: %+v", r)
		}
	})
}

func (r *rig) ask(payload string) {
	p := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
	p.TopicName, p.Payload = "latchd/front/event/replay", []byte(payload)
	r.say <- p
}

// Whoever may ask must not be able to keep what is new from those who listen.
func TestWhatIsNewGoesBeforeWhatIsAskedForAgain(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, r *rig) {
		var order []string
		count := map[string]int{}
		r.publish = func(m message) {
			topic := strings.TrimPrefix(m.topic, "latchd/front/")
			order = append(order, topic)
			count[topic]++
			if count["event/replayed"] == 100 && topic == "event/replayed" {
				r.Tell(r.box.store(lock.Event{Type: lock.BellRung}))
			}
		}
		for range 1000 {
			r.Tell(r.box.store(lock.Event{Type: lock.DoorOpened}))
		}
		r.start()
		pass(time.Second)
		for range 100 {
			r.ask(`{"from":1,"to":1000000}`)
		}
		pass(time.Hour)
		r.set(func() {
			if count["event"] != 1001 || count["event/replay/result"] < replayBurst || count["event/replay/result"] > replayBurst+2 {
				t.Errorf("published %v", count)
			}
			again, bell, event := 0, -1, -1
			for i, topic := range order {
				switch topic {
				case "event/replayed":
					again++
				case "bell":
					bell = again
				case "event":
					event = max(event, i)
				}
			}
			behind := slices.Index(order[event:], "event/replay/result")
			if bell < 100 || bell > 100+window || behind < 500 {
				t.Errorf("the bell came after %d repeated events, the event %d before the end of the replay", bell, behind)
			}
		})
	})
}

func TestAReplayDoesNotHoldUpTheEnd(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, r *rig) {
		offline := false
		r.publish = func(m message) { offline = offline || m.payload == "offline" }
		for range 10_000 {
			r.box.store(lock.Event{Type: lock.DoorOpened})
		}
		r.box.delivered = 10_000
		r.start()
		pass(time.Second)
		r.ask(`{"from":1,"to":10000}`)
		pass(5 * time.Second)
		began := time.Now()
		r.stop()
		if took := time.Since(began); took > 100*time.Millisecond || !offline {
			t.Errorf("the end took %v; said offline: %v", took, offline)
		}
	})
}

func TestWhoAsksABrokenJournalIsTold(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, r *rig) {
		results := 0
		r.publish = func(m message) {
			if m.topic == "latchd/front/event/replay/result" && strings.Contains(m.payload, string(cannotRead)) {
				results++
			}
		}
		r.box.broken = errors.New("disk I/O error")
		r.start()
		pass(time.Minute)
		r.ask(`{"from":1,"to":9}`)
		pass(time.Minute)
		r.set(func() {
			if results != 1 {
				t.Errorf("%d results", results)
			}
		})
	})
}
