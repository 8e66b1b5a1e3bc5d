package mqtt

import (
	"slices"
	"time"

	"golang.org/x/time/rate"

	"latchd/lock"
)

// Whoever else may speak on the door's own topics could keep it busy without end, by contradicting it each time or by a flood
// behind which no acknowledgement gets through.
const (
	claimRate  = 100         // messages a second on those topics; the door itself says some ten at a time
	deafFor    = time.Minute // after more of them
	manyTimes  = 5           // contradictions within a minute
	lastChance = time.Minute // the longest wait before the next one, after so many
	calmAfter  = 3 * time.Minute
)

// rival is somebody else who speaks on the door's own topics. Run's goroutine only.
type rival struct {
	fault lock.Fault
	since time.Time        // start of the minute in which contradictions are counted
	times int              // in it
	wait  time.Duration    // before the next one; 0: no longer than usual
	calm  <-chan time.Time // when the rival counts as gone
	log   rate.Sometimes
}

// accuse tells the door of the rival, and that it is still there.
func (c *Client) accuse(detail, hint string) {
	c.rival.calm = time.After(calmAfter)
	f := lock.Fault{Part: faultPart, Kind: "rival", Standing: true, Detail: detail, Hint: hint}
	if f == c.rival.fault {
		return
	}
	c.rival.fault = f
	c.o.Log.Warn("mqtt: "+detail, "hint", hint)
	c.sink(f)
}

// calmed is for when nothing has been heard of the rival for calmAfter.
func (c *Client) calmed() {
	c.rival.calm, c.rival.wait, c.rival.fault = nil, 0, lock.Fault{}
	c.sink(lock.Fault{Part: faultPart, Kind: "rival"})
}

// contradicted notes that the door says again what somebody has said otherwise on those topics: after many times it does so
// less and less often.
func (c *Client) contradicted(topics []string) {
	r, topic := &c.rival, slices.Min(topics)
	r.log.Do(func() { c.o.Log.Warn("mqtt: contradicted what somebody else says of this door", "topic", topic) })
	if time.Since(r.since) >= time.Minute {
		r.since, r.times = time.Now(), 0
	}
	r.times++
	detail, hint := r.fault.Detail, r.fault.Hint
	if !r.fault.Standing {
		if r.times < manyTimes {
			return
		}
		detail = "somebody else speaks for this door on " + topic
		hint = "let nobody but the door write there, in the broker's access list; has another door the same id?"
	}
	r.wait = min(max(2*r.wait, 2*hearsay), lastChance)
	c.accuse(detail, hint)
}

// deafen stops listening to what is said of the door, until deafFor after the last that comes of a flood.
func (s *session) deafen() {
	if s.deaf == nil && s.paho.Unsubscribe(s.c.claims()...).Error() != nil {
		return // the flood's next message tries again
	}
	s.deaf = time.After(deafFor)
	s.c.accuse("somebody floods the door's topics: it does not listen to them for a while",
		"give the broker an access list by which nobody but the door writes them")
}

// listen undoes that, and says again what may have been overwritten meanwhile.
func (s *session) listen() {
	s.deaf, s.shown = nil, map[string]*word{}
	claims := map[string]byte{}
	for _, topic := range s.c.claims() {
		claims[topic] = 0
	}
	if s.paho.SubscribeMultiple(claims, nil).Error() != nil { // it could not be sent
		s.deaf = time.After(deafFor)
	}
}
