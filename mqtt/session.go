package mqtt

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	"golang.org/x/time/rate"
)

const (
	window     = 64               // events that may wait for the broker's acknowledgement at a time
	ackTimeout = 30 * time.Second // for one publish
	retryBox   = 5 * time.Second  // after the outbox could not be read or written
	lastWords  = 3 * time.Second  // for what is due when Run ends
	doubtful   = 4 * time.Second  // an acknowledgement that takes longer says nothing about what is retained
)

var errBetter = errors.New("a broker named before this one is back")

var errNoAck = fmt.Errorf("the broker has acknowledged nothing for %v", ackTimeout)

// session is one connection, from its subscriptions to its end. Once it serves, only receive runs outside of Run's goroutine.
type session struct {
	c     *Client
	rank  int // of the broker: 0 is the first that is named
	host  string
	paho  paho.Client
	wire  *wire
	birth chan struct{} // Home Assistant has started; holds one
	told  chan struct{} // somebody has said something of the door's states; holds one

	ping      <-chan time.Time // when the broker is asked for a sign of life
	refused   []string         // topics whose subscription was refused
	compare   <-chan time.Time // when what is said of the door is held against what it has said
	asking    paho.Token       // for those again
	ask       backoff          // when that is due
	births    *rate.Limiter    // of answers to Home Assistant's birth
	reborn    <-chan time.Time // when the next is due
	afresh    backoff          // when all is to be said again, because what is retained is in doubt
	proof     <-chan time.Time // when the connection counts as working, if that is in doubt
	announced bool             // states, availability and discovery are out
	parted    bool             // the broker knows that the door goes offline
	shown     map[string]*word // what is retained by this connection, by topic
	migrated  <-chan time.Time // when Home Assistant has let go of what it knew of the door in the other form
	retake    <-chan time.Time // when what is stale may be taken back again
	until     time.Time        // end of the lockout, as published

	quiet int // pings since something was acknowledged
	known int // acks at the last ping

	claimed *rate.Limiter    // of what is said of the door
	flooded chan struct{}    // there is more; holds one
	deaf    <-chan time.Time // when the door listens to it again
	hearing sync.Mutex
	heard   map[string]string // what was said last of the door, by topic, since it was held against what is true

	acks   int      // so far
	flight []flight // published, not acknowledged, oldest first
	events int      // of them from the outbox
	sent   uint64   // highest seq published
	acked  uint64   // highest seq acknowledged, with all before it
	unsaid int      // acknowledged events of which the outbox does not know
	due    bool     // the outbox may hold events that are not sent
	retry  bool     // it has just failed

	better <-chan *session // to a broker of a lower rank, when there is one
	next   *session        // what came of it

	asked  chan replay      // ranges that consumers want again
	replay *replay          // the one at work
	again  int              // events in flight that were asked for again
	pace   <-chan time.Time // when it may go on
}

// flight is a publish on its way.
type flight struct {
	token    paho.Token
	since    time.Time
	retained bool
	seq      uint64 // of an event from the outbox, else 0
	again    bool   // an event that was asked for again
	live     live   // a live message
	then     func() // what follows from the acknowledgement
}

// word is what the door has said on a retained topic.
type word struct {
	payload      string
	acknowledged time.Time // zero: not yet
}

// receive takes what the broker sends. It must not block: the library reads nothing else meanwhile.
func (s *session) receive(_ paho.Client, m paho.Message) {
	switch m.Topic() {
	case s.c.topic("lock/set"):
		if !s.c.intake.take(parseCommand(m.Payload(), m.Retained())) {
			s.c.flood.Do(func() { s.c.o.Log.Warn("mqtt: more commands than the door takes; some are dropped") })
		}
	case s.c.topic("event/replay"):
		if !s.askAgain(parseReplay(m.Payload(), m.Retained())) {
			s.c.flood.Do(func() { s.c.o.Log.Warn("mqtt: events are asked for again too often; some requests are dropped") })
		}
	case s.c.o.Discovery + "/status":
		// One that is retained says nothing new: on a new connection all is published anyway.
		if string(m.Payload()) == "online" && !m.Retained() {
			signal(s.birth)
		}
	default:
		s.hear(m)
	}
}

func signal(holdsOne chan struct{}) {
	select {
	case holdsOne <- struct{}{}:
	default:
	}
}

// serve publishes until the connection or ctx ends, and returns why it did. A flapping connection is believed only when
// it has settled.
func (s *session) serve(ctx context.Context, flapping bool) error {
	defer s.close()
	ping := time.NewTicker(keepAlive)
	defer ping.Stop()
	s.ping = ping.C
	s.c.o.Log.Info("mqtt: connected", "broker", s.host)
	if flapping {
		s.proof = time.After(settled)
	} else {
		s.believe()
	}
	err := s.run(ctx, false)
	if ctx.Err() != nil || s.next != nil {
		s.part(context.WithoutCancel(ctx))
	}
	s.report(context.WithoutCancel(ctx))
	s.keepLive()
	return err
}

// believe says that the broker can be used.
func (s *session) believe() {
	if len(s.refused) > 0 {
		s.ask.arm()
		s.c.raise(fmt.Sprintf("broker %s: the subscription to %s is refused", s.host, strings.Join(s.refused, ", ")),
			"let this user read that topic, in the broker's access list")
		return
	}
	s.c.clear()
}

// part publishes what is still due, and that the door goes offline.
func (s *session) part(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, lastWords)
	defer cancel()
	if s.run(ctx, true) != nil {
		return
	}
	s.compare = nil
	s.publish(s.c.availability(false), flight{retained: true})
	s.parted = s.run(ctx, true) == nil
}

// close ends the connection. Without a farewell it does so in a way that makes the broker publish the will.
func (s *session) close() {
	if !s.parted {
		s.wire.Close()
		s.paho.Disconnect(0) // what it waits for cannot come any more
		return
	}
	s.paho.Disconnect(250)
	s.wire.Close()
}

// run publishes what there is until ctx or the connection ends; with untilIdle, until there is nothing left.
func (s *session) run(ctx context.Context, untilIdle bool) error {
	for {
		s.retry = false
		if err := s.settle(); err != nil {
			return s.wire.cause(err)
		}
		if s.events == 0 || s.unsaid >= window/2 {
			s.report(ctx)
		}
		s.publishStates()
		s.publishLive()
		s.publishOutbox(ctx)
		if !untilIdle {
			s.publishReplay(ctx)
		}
		if untilIdle && len(s.flight) == 0 && (!s.due || s.retry || !s.announced) {
			return nil
		}
		var head <-chan struct{}
		var unanswered, again <-chan time.Time
		if len(s.flight) > 0 {
			head = s.flight[0].token.Done()
			unanswered = time.After(time.Until(s.flight[0].since.Add(ackTimeout)))
		}
		if s.retry {
			again = time.After(retryBox)
		}
		asked := s.asked
		if s.replay != nil {
			asked = nil
		}
		var answered <-chan struct{}
		if s.asking != nil {
			answered = s.asking.Done()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.wire.down:
			return s.wire.why
		case <-unanswered:
			return errNoAck
		case <-s.ping:
			s.wire.ping()
			s.probe()
		case <-s.proof:
			if s.proof = nil; s.acks == 0 || len(s.flight) > 0 && time.Since(s.flight[0].since) > settled/2 {
				s.proof = time.After(settled)
			} else {
				s.believe()
			}
		case <-s.migrated:
			s.migrated = nil
			s.announce(s.c.announcement())
		case <-s.retake:
			s.retake, s.announced = nil, false
		case <-s.pace:
			s.pace = nil
		case <-s.birth:
			if s.reborn == nil {
				s.reborn = time.After(s.births.Reserve().Delay() + s.c.place(s.c.o.Spread))
			}
		case <-s.reborn:
			s.reborn, s.announced, s.shown = nil, false, map[string]*word{}
		case <-s.afresh.due:
			s.afresh.due, s.announced, s.shown = nil, false, map[string]*word{}
		case <-s.told:
			if s.compare == nil && !untilIdle { // at its end the door says itself that it goes offline
				s.compare = time.After(max(hearsay, s.c.rival.wait))
			}
		case <-s.compare:
			s.compare = nil
			s.contradict()
		case <-s.flooded:
			s.deafen()
		case <-s.deaf:
			s.listen()
		case <-s.c.rival.calm:
			s.c.calmed()
		case <-s.ask.due:
			s.askRefused()
		case <-answered:
			if s.asking.Error() == nil { // else the connection is over
				s.granted(s.asking)
				s.believe()
			}
			s.asking = nil
		case r := <-asked:
			s.replay = &r
		case s.next = <-s.better:
			if s.better = nil; s.next != nil {
				return errBetter
			}
		case <-again:
		case <-s.c.wake:
		case <-head:
		}
	}
}

// unsent is the token of a message that no connection took: it is never done.
type unsent struct{ paho.Token }

func (unsent) Done() <-chan struct{} { return nil }

// publish sends one message. Its token is looked at when all before it are acknowledged.
func (s *session) publish(m state, f flight) {
	f.since = time.Now()
	handed := make(chan paho.Token, 1)
	// The library does not notice for handOver that the connection has ended under its hands: the door is not to be late by that.
	go func() { handed <- s.paho.Publish(m.topic, 1, f.retained, m.payload) }()
	select {
	case f.token = <-handed:
	case <-s.wire.down:
		f.token = unsent{}
	}
	s.flight = append(s.flight, f)
}
