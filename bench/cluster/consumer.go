package main

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"latchd/lock"
)

const prefix = "latchd/"

// consumer is home automation that must not miss anything: an MQTT client with a session that the cluster keeps, which
// takes the next node when it loses one, and drops events whose id it has seen.
type consumer struct {
	order []string // of the nodes' addresses

	mu       sync.Mutex
	heard    map[word]string   // ids
	highest  map[string]uint64 // seq, by door
	repeated int
	disorder int             // new, and of a lower seq than one before
	delays   []time.Duration // from an event to its being heard
}

// word is an event of a door.
type word struct {
	door string
	seq  uint64
}

func newConsumer(brokers []string) *consumer {
	return &consumer{order: brokers, heard: map[word]string{}, highest: map[string]uint64{}}
}

// run keeps the consumer connected until ctx ends. ready is called at each subscription.
func (c *consumer) run(ctx context.Context, ready func()) {
	for i := 0; ctx.Err() == nil; i++ {
		gone := make(chan struct{})
		o := paho.NewClientOptions().AddBroker("tcp://" + c.order[i%len(c.order)]).SetClientID("home").SetCleanSession(false)
		o.SetAutoReconnect(false).SetProtocolVersion(4).SetConnectTimeout(10 * time.Second).SetKeepAlive(5 * time.Second)
		o.SetDefaultPublishHandler(c.hear).SetConnectionLostHandler(func(paho.Client, error) { close(gone) })
		client := paho.NewClient(o)
		if good(client.Connect()) && subscribed(client.Subscribe(prefix+"#", 1, nil)) {
			ready()
			select {
			case <-ctx.Done():
			case <-gone:
			}
		} else {
			pause(ctx, 500*time.Millisecond)
		}
		client.Disconnect(250)
	}
}

// good waits for a token, and returns whether all went well.
func good(t paho.Token) bool { return t.WaitTimeout(15*time.Second) && t.Error() == nil }

// subscribed is good for a subscription: NATS refuses one that its cluster cannot keep just now.
func subscribed(t paho.Token) bool {
	if !good(t) {
		return false
	}
	for _, granted := range t.(*paho.SubscribeToken).Result() {
		if granted > 2 {
			return false
		}
	}
	return true
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

func (c *consumer) hear(_ paho.Client, m paho.Message) {
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	var e lock.Event
	if !strings.HasSuffix(m.Topic(), "/event") || json.Unmarshal(m.Payload(), &e) != nil { // one that cannot be read counts as lost
		return
	}
	w := word{e.Door, e.Seq}
	if c.heard[w] == e.ID {
		c.repeated++
		return
	}
	if e.Seq < c.highest[e.Door] {
		c.disorder++
	}
	c.heard[w], c.highest[e.Door] = e.ID, max(c.highest[e.Door], e.Seq)
	c.delays = append(c.delays, now.Sub(e.At))
}

// missing returns how many of the stored events were not heard, each with the id that it has in the journal.
func (c *consumer) missing(stored []lock.Event) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range stored {
		if c.heard[word{e.Door, e.Seq}] != e.ID {
			n++
		}
	}
	return n
}
