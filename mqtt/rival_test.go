package mqtt

import (
	"strings"
	"testing"
	"time"

	"latchd/lock"
)

func TestAFloodOnTheDoorsTopicsIsNotListenedTo(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, r *rig) {
		const topic = "latchd/front/lock/state"
		said := 0
		r.publish = func(m message) {
			if m.topic == topic {
				said++
			}
		}
		listens := func() (yes bool) {
			r.set(func() { yes = r.read[topic] })
			return yes
		}
		r.start()
		pass(time.Minute)
		if n := len(r.inputs); n > 0 || !listens() {
			t.Fatalf("%d inputs, and listens: %v", n, listens())
		}
		for range 5 { // as long as it is at it, whenever the door listens
			for range 10 * claimRate {
				r.tell(topic, "UNLOCKED", false)
			}
			pass(time.Second)
			if listens() {
				t.Fatal("it listens to a flood")
			}
			if pass(deafFor); !listens() {
				t.Fatal("it does not listen again")
			}
		}
		if f := next[lock.Fault](t, r.inputs); !f.Standing || f.Kind == "" || !strings.Contains(f.Detail, "floods") || !strings.Contains(f.Hint, "access list") {
			t.Errorf("%+v", f)
		}
		r.set(func() {
			if said < 1+2*5 || said > 1+3*5 { // once against what was heard, once when it listens again
				t.Errorf("said %d times", said)
			}
		})
		pass(calmAfter)
		if f := next[lock.Fault](t, r.inputs); f.Standing || len(r.inputs) > 0 {
			t.Errorf("%+v, and %d more", f, len(r.inputs))
		}
		if n := r.dialled(); n != 1 || !listens() {
			t.Errorf("%d connections; listens: %v", n, listens())
		}
	})
}

func TestADoorThatIsContradictedWithoutEndSaysSoAndIsPatient(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, r *rig) {
		const topic = "latchd/front/lock/state"
		said := 0
		r.publish = func(m message) {
			if m.topic == topic {
				said++
			}
		}
		contradict := func(span time.Duration) (times int) {
			r.set(func() { said = 0 })
			for start := time.Now(); time.Since(start) < span; pass(time.Second / 2) {
				r.tell(topic, "UNLOCKED", false)
			}
			r.set(func() { times = said })
			return times
		}
		r.start()
		pass(time.Minute)
		if n := contradict(4 * time.Second); n < 2 || len(r.inputs) > 0 {
			t.Errorf("said %d times; %d inputs", n, len(r.inputs))
		}
		if n := contradict(10 * time.Minute); n > 20 {
			t.Errorf("said %d times in ten minutes", n)
		}
		if f := next[lock.Fault](t, r.inputs); !f.Standing || f.Detail != "somebody else speaks for this door on "+topic || len(r.inputs) > 0 {
			t.Errorf("%+v, and %d more", f, len(r.inputs))
		}
		pass(calmAfter + lastChance)
		if f := next[lock.Fault](t, r.inputs); f.Standing || f.Kind == "" {
			t.Errorf("%+v", f)
		}
		if n := contradict(4 * time.Second); n < 2 {
			t.Errorf("said %d times, as if the rival were still there", n)
		}
	})
}

// The fault is published over the very connection that it is about.
func TestARivalsFaultIsShownWhileConnected(t *testing.T) {
	c := client(t, options("tcp://broker:1883"), newBox(), nil)
	with := locked
	with.Faults = []lock.Fault{{Part: faultPart, Kind: "rival", Standing: true}}
	for _, st := range c.states(with, time.Time{}) {
		if st.topic == "latchd/front/problem/state" && st.payload != "ON" {
			t.Error(st.payload)
		}
	}
}
