package mqtt

import (
	"slices"
	"strings"
	"time"
)

// Memory keeps over restarts which retained topics the door has left at a broker, named by HOST:PORT. A broker that the
// configuration no longer names is never asked about: what was left there stays.
type Memory interface {
	Retained(broker string) []string
	// Retain replaces what is known of the broker, safe on the disk when it returns.
	Retain(broker string, topics []string) error
}

// Home Assistant refuses the one form of an entity while it knows the other, and forgets what its owner has called it when
// the old form just goes away. It lets go of it when told so, and wants a moment for that
// (https://www.home-assistant.io/integrations/mqtt/#migration-from-single-component-to-device-based-discovery).
const (
	migrate     = `{"migrate_discovery": true}`
	migrateTime = 2 * time.Second
)

// A broker that does not let the door write what is stale may end the connection for it. So it is asked again after ever
// longer waits, from the first to the last.
const (
	firstTaking = time.Minute
	lastTaking  = time.Hour
)

// lateWill is how long the will of an earlier connection may take, which the broker believes to be there; that is half as long
// again as keepAlive (MQTT 3.1.1, 3.1.2.10), and longer in a cluster.
const lateWill = 2 * time.Minute

// taking is the last time that a broker was asked to give up what is stale.
type taking struct {
	wait time.Duration
	next time.Time
	done bool // it has; what a late will may leave is still to be taken back
}

// topics returns the topics of all, sorted.
func topics(all []state) (names []string) {
	for _, st := range all {
		names = append(names, st.topic)
	}
	slices.Sort(names)
	return names
}

// remember notes which topics the door will leave at the broker, beside those that it has left there before, and returns
// which of them are not its own any more: door id, prefix, style or sensors have changed, or discovery is off.
func (s *session) remember(now []string) (stale []string) {
	memory := s.c.o.Memory
	if memory == nil {
		return nil
	}
	before := memory.Retained(s.host)
	for _, topic := range before {
		if _, found := slices.BinarySearch(now, topic); !found {
			stale = append(stale, topic)
		}
	}
	if all := slices.Concat(now, stale); !slices.Equal(all, before) {
		s.note(all)
	}
	if wait := time.Until(s.c.takings[s.host].next); len(stale) > 0 && wait > 0 {
		s.retake = time.After(wait)
		return nil
	}
	return stale
}

// takeBack removes from the broker what is stale, and announces the door, after a moment when it changes its form; now is
// what is left.
func (s *session) takeBack(stale, now []string) {
	announcement := s.c.announcement()
	for _, topic := range stale {
		if len(announcement) > 0 && s.c.otherForm(topic) {
			s.publish(state{topic, migrate}, flight{})
			s.migrated = time.After(migrateTime)
		}
	}
	for _, topic := range stale {
		s.publish(state{topic, ""}, flight{retained: true})
	}
	if len(stale) > 0 {
		t := s.c.takings[s.host]
		t.wait = min(max(2*t.wait, firstTaking), lastTaking)
		t.next = time.Now().Add(t.wait)
		s.c.takings[s.host] = t
		s.flight[len(s.flight)-1].then = func() { s.taken(stale, now) }
	}
	if s.migrated == nil {
		s.announce(announcement)
	}
}

// taken notes that the broker has given up what is stale; now is what is left, and the topic of a will that may still come.
func (s *session) taken(stale, now []string) {
	wills := slices.DeleteFunc(stale, func(topic string) bool { return !strings.HasSuffix(topic, "/availability") })
	if s.c.takings[s.host].done || len(wills) == 0 {
		delete(s.c.takings, s.host)
		s.note(now)
		return
	}
	s.c.takings[s.host] = taking{next: time.Now().Add(lateWill), done: true}
	s.retake = time.After(lateWill)
	s.note(slices.Concat(now, wills))
}

func (s *session) announce(announcement []state) {
	for _, st := range announcement {
		s.publish(st, flight{retained: true})
	}
}

func (s *session) note(topics []string) {
	if err := s.c.o.Memory.Retain(s.host, topics); err != nil {
		s.c.boxLog.Do(func() { s.c.o.Log.Warn("mqtt: a later change of names may leave topics at the broker", "error", err) })
	}
}
