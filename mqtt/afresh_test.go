package mqtt

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"latchd/lock"
)

// tell sends the client a message as the broker passes it on.
func (f *fake) tell(topic, payload string, retained bool) {
	p := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
	p.TopicName, p.Payload, p.Retain = topic, []byte(payload), retained
	f.say <- p
}

func TestADoorContradictsWhatIsSaidOfItsStates(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, r *rig) {
		var said []string
		r.publish = func(m message) {
			if name, _ := strings.CutPrefix(m.topic, "latchd/front/"); m.retained && (name == "availability" || name == "lock/state") {
				said = append(said, m.payload)
			}
		}
		want := func(want ...string) {
			t.Helper()
			pass(time.Minute)
			r.set(func() {
				if !slices.Equal(said, want) {
					t.Errorf("said %v, want %v", said, want)
				}
				said = nil
			})
		}
		r.start()
		want("LOCKED", "online")
		r.tell("latchd/front/availability", "offline", false)
		want("online")
		r.tell("latchd/front/lock/state", "UNLOCKED", false)
		want("LOCKED")
		r.tell("latchd/front/availability", "offline", true) // from before this connection
		r.tell("latchd/front/lock/state", "UNLOCKED", false) // as it comes back from the broker late
		r.tell("latchd/front/lock/state", "LOCKED", false)
		r.tell("latchd/front/other/state", "UNLOCKED", false)
		want()
		r.Stuck(true)
		want("offline")
		r.tell("latchd/front/availability", "offline", false)
		want()
	})
}

// What the door has said comes back from the broker, and may come late: after the door has changed again, and when it holds what was
// said of it against what it says.
func TestADoorDoesNotContradictItself(t *testing.T) {
	const topic = "latchd/front/lock/state"
	for _, c := range []struct{ acknowledged, back, pulse time.Duration }{
		{0, 100 * time.Millisecond, hearsay}, // the echo of LOCKED, just after the first second
		{0, 400 * time.Millisecond, 900 * time.Millisecond},
		{400 * time.Millisecond, 400 * time.Millisecond, 5 * hearsay},
		{3 * hearsay, 0, 3500 * time.Millisecond},
		{3 * hearsay, hearsay / 2, 3500 * time.Millisecond},
		{0, 9 * hearsay / 10, hearsay / 10}, // it is never the same for long
	} {
		inVirtualTime(t, func(t *testing.T, r *rig) {
			said := 0
			r.publish = func(m message) {
				if m.topic == topic {
					said++
					time.AfterFunc(c.back, func() { r.tell(topic, m.payload, false) })
				}
			}
			r.start()
			pass(time.Minute)
			r.set(func() { r.slow = c.acknowledged })
			open := locked
			open.Strike = lock.Unlocked
			for range 20 {
				for _, s := range []lock.Status{open, locked} {
					r.Show(s)
					pass(c.pulse)
				}
			}
			pass(time.Minute)
			if n := len(r.inputs); n > 0 || said != 1+2*20 {
				t.Errorf("%+v: said %d times; %d inputs", c, said, n)
			}
		})
	}
}

func TestADoorSaysAllAgainForHomeAssistantAtMostOnceInAWhile(t *testing.T) {
	for _, c := range []struct {
		name  string
		every time.Duration
		times int
		want  []time.Duration // when all is said, from the first online on
	}{
		{"one", time.Hour, 1, []time.Duration{0}},
		{"as a person reloads it", 2 * time.Second, 3, []time.Duration{0, 2 * time.Second, 4 * time.Second}},
		{"once too often, and answered later", 2 * time.Second, 4, []time.Duration{0, 2 * time.Second, 4 * time.Second, rebirth}},
		{"for ever in good time", rebirth, 5, []time.Duration{0, rebirth, 2 * rebirth, 3 * rebirth, 4 * rebirth}},
		{"a flood for 25 s", 100 * time.Millisecond, 250, []time.Duration{0, 100 * time.Millisecond, 200 * time.Millisecond, rebirth, 2 * rebirth, 3 * rebirth}},
	} {
		inVirtualTime(t, func(t *testing.T, r *rig) {
			var start time.Time
			said := map[string][]time.Duration{}
			r.publish = func(m message) {
				if m.retained && !start.IsZero() {
					said[m.topic] = append(said[m.topic], time.Since(start).Round(time.Millisecond))
				}
			}
			r.start()
			pass(time.Minute)
			r.set(func() { start = time.Now() })
			for range c.times {
				r.tell("homeassistant/status", "online", false)
				pass(c.every)
			}
			pass(time.Minute)
			r.set(func() {
				for _, topic := range []string{"latchd/front/lock/state", "latchd/front/availability", "homeassistant/device/latchd-front/config"} {
					if !slices.Equal(said[topic], c.want) {
						t.Errorf("%s: %s is said after %v, want %v", c.name, topic, said[topic], c.want)
					}
				}
			})
		})
	}
}

func TestTheDoorsOfAFleetAnswerHomeAssistantOverTheTimeThatTheyAreGiven(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, r *rig) {
		r.o.Spread = 20 * time.Second
		var asked time.Time
		var soon, late, all int // in the first and in the last quarter
		r.publish = func(m message) {
			if m.topic != "latchd/front/availability" || m.payload != "online" || asked.IsZero() {
				return
			}
			switch after := time.Since(asked); {
			case after < r.o.Spread/4:
				soon++
			case after > r.o.Spread:
				t.Errorf("it answers after %v", after)
			case after > 3*r.o.Spread/4:
				late++
			}
			all++
		}
		r.start()
		pass(time.Minute)
		for range 100 {
			r.set(func() { asked = time.Now() })
			r.tell("homeassistant/status", "online", false)
			pass(time.Minute)
		}
		r.set(func() {
			if all != 100 || soon < 5 || late < 5 || soon+late > 80 {
				t.Errorf("of %d answers to 100 questions %d came in the first quarter, %d in the last", all, soon, late)
			}
		})
	})
}

func TestWhatTheDoorRetainsIsWhatItListensTo(t *testing.T) {
	c := client(t, options("tcp://broker:1883"), newBox(), nil)
	var names []string
	for _, st := range append(c.states(locked, time.Time{}), c.availability(true)) {
		names = append(names, strings.TrimPrefix(st.topic, "latchd/front/"))
	}
	slices.Sort(names)
	if want := slices.Sorted(slices.Values(own)); !slices.Equal(names, want) {
		t.Errorf("it retains %v, and listens to %v", names, want)
	}
}

func TestARefusedSubscriptionIsAskedForAgain(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, r *rig) {
		r.unread = "latchd/front/lock/set"
		r.start()
		if f := next[lock.Fault](t, r.inputs); !f.Standing || !strings.Contains(f.Detail, "lock/set is refused") {
			t.Errorf("%+v", f)
		}
		pass(time.Minute)
		if n := len(r.inputs); n > 0 {
			t.Errorf("%d more inputs, while it is refused again", n)
		}
		r.set(func() { r.unread = "" })
		pass(time.Minute)
		if f := next[lock.Fault](t, r.inputs); f.Standing {
			t.Errorf("%+v", f)
		}
		if n := r.dialled(); n != 1 {
			t.Errorf("%d connections", n)
		}
	})
}

func TestADoorMayBeForbiddenToHearWhatIsSaidOfIt(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, r *rig) {
		r.unread = "latchd/front/door/state"
		r.start()
		pass(time.Minute)
		if n := len(r.inputs); n > 0 {
			t.Errorf("%+v", <-r.inputs)
		}
	})
}

func TestWhatIsAcknowledgedSlowlyIsSaidAgain(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, r *rig) {
		said := 0
		r.publish = func(m message) {
			if m.topic == "latchd/front/lock/state" && m.payload == "UNLOCKED" && m.retained {
				said++
			}
		}
		want := func(want int) {
			t.Helper()
			pass(time.Minute)
			r.set(func() {
				if said != want {
					t.Errorf("said %d times, want %d", said, want)
				}
				said = 0
			})
		}
		r.start()
		want(0)
		open := locked
		open.Strike = lock.Unlocked
		r.set(func() { r.slow = 5 * time.Second })
		r.Show(open)
		pass(doubtful)
		r.set(func() { r.slow = 0 })
		want(2)
		want(0)
	})
}

func TestAQuietDoorFindsOutThatItsBrokerKeepsNothing(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, r *rig) {
		said := 0
		r.publish = func(m message) {
			if m.topic == "latchd/front/availability" {
				said++
			}
		}
		r.start()
		pass(time.Hour)
		r.set(func() {
			if said != 1 {
				t.Errorf("with one broker, %d times online in an hour", said)
			}
		})
	})
	inVirtualTime(t, func(t *testing.T, r *rig) {
		second := r.twoBrokers()
		r.start()
		pass(time.Hour)
		if a, b := r.dialled(), second.dialled(); a != 1 || b != 0 {
			t.Errorf("%d and %d connections while all is well", a, b)
		}
		r.set(func() { r.noAck = true })
		pass(probeAfter + ackTimeout + keepAlive)
		if n := second.dialled(); n != 1 {
			t.Errorf("%d connections to the other broker", n)
		}
	})
}
