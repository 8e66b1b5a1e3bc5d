package mqtt

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"latchd/lock"
)

// publishStates brings the retained topics up to date, of this connection first all of them, then what changed. After
// them the door is online, and announced: nobody is to see it with the states of an earlier run.
func (s *session) publishStates() {
	status, stuck, ok := s.c.current()
	if !ok || len(s.flight) >= 2*window {
		return
	}
	s.until = steady(s.until, status.Until)
	states := append(s.c.states(status, s.until), s.c.availability(!stuck))
	var stale, now []string
	if !s.announced {
		now = topics(slices.Concat(states, s.c.announcement()))
		stale = s.remember(now) // before they are there: a kill in between must not make orphans of them
	}
	for _, st := range states {
		if before := s.shown[st.topic]; before == nil || before.payload != st.payload {
			w := &word{payload: st.payload}
			s.shown[st.topic] = w
			s.publish(st, flight{retained: true, then: func() { w.acknowledged = time.Now() }})
		}
	}
	if !s.announced {
		s.announced = true
		s.takeBack(stale, now)
	}
}

// publishLive publishes what is for those who listen now, if it is still fresh.
func (s *session) publishLive() {
	if !s.announced {
		return
	}
	for _, m := range s.c.takeLive(2*window - len(s.flight)) {
		if time.Since(m.since) <= liveFor {
			s.publish(m.state, flight{live: m})
		}
	}
}

// keepLive gives back the live messages that the connection's end has left in doubt: whoever hears one twice knows it by its
// id.
func (s *session) keepLive() {
	var left []live
	for _, f := range s.flight {
		if f.live.topic != "" {
			left = append(left, f.live)
		}
	}
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	s.c.live = append(left, s.c.live...)
}

// publishOutbox refills the window once half of it is acknowledged.
func (s *session) publishOutbox(ctx context.Context) {
	if s.c.takeDue() {
		s.due = true
	}
	if !s.announced || !s.due || s.events > window/2 {
		return
	}
	if s.report(ctx); s.retry {
		return
	}
	list, err := s.c.box.Pending(context.WithoutCancel(ctx), window) // at the end, too, what is due is sent
	if err != nil {
		s.boxFailed("reading", err)
		return
	}
	s.due = len(list) == window
	for _, e := range list {
		if e.Seq <= s.sent {
			continue // on its way
		}
		s.publish(state{s.c.topic("event"), eventPayload(e)}, flight{seq: e.Seq})
		s.sent = e.Seq
		s.events++
	}
}

func eventPayload(e lock.Event) string {
	b, _ := json.Marshal(e) // nothing in an event can fail to marshal
	return string(b)
}

// settle takes what is acknowledged off the front of the flight. The first publish that failed ends the connection: what
// follows it counts as undelivered, for the broker may have it without its predecessor.
func (s *session) settle() error {
	for len(s.flight) > 0 {
		first := s.flight[0]
		select {
		case <-first.token.Done():
		default:
			return nil
		}
		if err := first.token.Error(); err != nil {
			return err
		}
		s.flight = s.flight[1:]
		s.acks++
		if first.retained && s.afresh.due == nil && time.Since(first.since) > doubtful {
			s.afresh.arm()
		}
		switch {
		case first.seq > 0:
			s.acked = first.seq
			s.events--
			s.unsaid++
		case first.again:
			s.again--
		case first.then != nil:
			first.then()
		}
	}
	return nil
}

// report tells the outbox how far the broker has acknowledged the events.
func (s *session) report(ctx context.Context) {
	if s.unsaid == 0 || s.retry {
		return
	}
	if err := s.c.box.Delivered(ctx, s.acked); err != nil {
		s.boxFailed("writing", err)
		return
	}
	s.unsaid = 0
}

func (s *session) boxFailed(what string, err error) {
	s.retry = true
	s.c.boxLog.Do(func() { s.c.o.Log.Warn("mqtt: "+what+" the outbox", "error", err) })
}
