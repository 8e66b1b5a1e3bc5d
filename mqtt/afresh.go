package mqtt

import (
	"maps"
	"slices"
	"strings"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
)

// A cluster of brokers that has just lost one of them takes some seconds to agree again. NATS refuses a subscription
// meanwhile that it grants later, and acknowledges, after 5 s, a publish that it could not retain (nats-server v2.15.2,
// server/mqtt.go, mqttHandlePubRetain). So both are tried again, after waits that double from the first to the last.
const (
	firstAgain = 5 * time.Second
	lastAgain  = 10 * time.Minute
)

// backoff is when something is tried again on a connection.
type backoff struct {
	wait time.Duration
	due  <-chan time.Time // nil: not at all
}

func (b *backoff) arm() {
	b.wait = min(max(2*b.wait, firstAgain), lastAgain)
	b.due = time.After(b.wait)
}

// askRefused asks the broker again for the subscriptions that it has refused.
func (s *session) askRefused() {
	s.ask.due = nil
	filters := s.c.filters()
	for topic := range filters {
		if !slices.Contains(s.refused, topic) {
			delete(filters, topic)
		}
	}
	s.asking = s.paho.SubscribeMultiple(filters, nil)
}

// hearsay is how long the door listens to what is said of its states before it contradicts: what it has just said itself is
// on its way back, too, and two that bear one id are not to shout each other down.
const hearsay = time.Second

// Whoever may write on Home Assistant's status could have all said again without end: some times at once, as a person may
// reload it, and once each rebirth after that. What comes between is answered together, when the next may be.
const (
	rebirth      = 10 * time.Second
	rebirthBurst = 3
)

// own are the retained topics on which nobody but the door is to speak.
var own = []string{"availability", "lock/state", "door/state", "tamper/state", "lockout/attributes", "lockout/state",
	"problem/attributes", "problem/state", "texts/state"}

// hear notes what is said of the door. In a cluster that may be old: a node that stood still, or was cut off, publishes
// what it still held of the door's words, and the will of a connection that the door has long replaced.
func (s *session) hear(m paho.Message) {
	name, ours := strings.CutPrefix(m.Topic(), s.c.topic(""))
	if !ours || m.Retained() || !slices.Contains(own, name) { // what is retained from before is replaced in any case
		return
	}
	if !s.claimed.Allow() {
		signal(s.flooded)
		return
	}
	s.hearing.Lock()
	s.heard[m.Topic()] = string(m.Payload())
	s.hearing.Unlock()
	signal(s.told)
}

// contradict lets the door say again what somebody has said otherwise. What it has said itself within hearsay may be on its way
// back, behind what it said before: that topic waits.
func (s *session) contradict() {
	var topics []string
	s.hearing.Lock()
	maps.DeleteFunc(s.heard, func(topic, said string) bool {
		w := s.shown[topic]
		switch {
		case w == nil || said == w.payload:
		case w.acknowledged.IsZero() || time.Since(w.acknowledged) < hearsay:
			s.compare = time.After(hearsay)
			return false
		default:
			topics = append(topics, topic)
			delete(s.shown, topic)
		}
		return true
	})
	s.hearing.Unlock()
	if len(topics) > 0 {
		s.c.contradicted(topics)
	}
}

// probeAfter is how long a door with several brokers says nothing before it says that it is online again. A node that is cut off from
// its cluster answers pings, passes no command on, and is found out only by what it cannot acknowledge.
const probeAfter = 5 * time.Minute

// probe is for each ping.
func (s *session) probe() {
	if s.quiet++; s.acks != s.known {
		s.quiet, s.known = 0, s.acks
	}
	if len(s.c.brokers) > 1 && s.quiet >= int(probeAfter/keepAlive) {
		s.quiet = 0
		delete(s.shown, s.c.availability(true).topic)
	}
}
