package mqtt

import (
	"context"
	"net"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"latchd/lock"
)

// twoBrokers gives the rig a second broker, named after its first.
func (r *rig) twoBrokers() (second *fake) {
	second = newFake()
	u, _ := parseBroker("tcp://second:1883")
	r.brokers = append(r.brokers, candidate{URL: u})
	r.Client.dial = func(ctx context.Context, broker *url.URL) (net.Conn, error) {
		if broker == u {
			return second.dial(ctx, broker)
		}
		return r.fake.dial(ctx, broker)
	}
	return second
}

func TestTheFirstBrokerIsPreferredAgainOnceItIsBack(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, r *rig) {
		second := r.twoBrokers()
		var said []string
		r.publish = func(m message) {
			if topic, ours := strings.CutPrefix(m.topic, "latchd/front/"); ours {
				said = append(said, "1 "+topic+" "+m.payload)
			}
		}
		second.publish = func(m message) {
			if m.topic == "latchd/front/availability" {
				r.fake.set(func() { said = append(said, "2 availability "+m.payload) })
			}
		}
		last := func(n int) (l []string) {
			r.set(func() { l = slices.Clone(said[max(0, len(said)-n):]); said = nil })
			return l
		}
		r.refuse = syscall.ECONNREFUSED
		r.start()
		pass(10*time.Minute + time.Second)
		if got := last(1); !slices.Equal(got, []string{"2 availability online"}) {
			t.Errorf("the second broker heard %v", got)
		}
		if second.dialled() != 1 || r.dialled() != 11 {
			t.Errorf("%d connections to the second broker, %d tries of the first in ten minutes", second.dialled(), r.dialled())
		}
		r.set(func() { r.refuse = nil })
		pass(betterWait)
		got := last(100)
		if !slices.Contains(got, "2 availability offline") || got[len(got)-1] != "1 availability online" {
			t.Errorf("the brokers heard %v", got)
		}
		r.Tell(r.box.store(lock.Event{Type: lock.BellRung}))
		pass(time.Minute)
		if got := last(2); r.box.left() != 0 || len(got) != 2 || got[0][:6] != "1 bell" {
			t.Errorf("after the move they heard %v", got)
		}
		if second.dialled() != 1 || r.dialled() != 12 {
			t.Errorf("%d connections to the second broker, %d tries of the first in all", second.dialled(), r.dialled())
		}
	})
}

func TestTheEndWhileABetterBrokerIsLookedForLeavesNothingBehind(t *testing.T) {
	for _, after := range []time.Duration{time.Millisecond, betterWait - time.Millisecond, betterWait, betterWait + time.Millisecond} {
		inVirtualTime(t, func(t *testing.T, r *rig) {
			r.twoBrokers()
			r.refuse = syscall.ECONNREFUSED
			r.start()
			pass(time.Millisecond)
			r.set(func() { r.refuse = nil })
			pass(after) // inVirtualTime stops it here, and waits for its goroutines
		})
	}
}

func TestABrokerThatIsOfNoUseDoesNotKeepTheDoorFromTheNext(t *testing.T) {
	for name, sick := range map[string]func(f *fake){
		"it ends every connection": func(f *fake) { f.kick = true },
		"it acknowledges nothing":  func(f *fake) { f.noAck = true },
	} {
		t.Run(name, func(t *testing.T) {
			inVirtualTime(t, func(t *testing.T, r *rig) {
				second := r.twoBrokers()
				r.set(func() { sick(r.fake) })
				delivered := func(within time.Duration) {
					t.Helper()
					r.Tell(r.box.store(lock.Event{Type: lock.BellRung}))
					pass(within)
					if r.box.left() != 0 {
						t.Errorf("%d undelivered; %d connections to the first broker, %d to the second", r.box.left(), r.dialled(), second.dialled())
					}
				}
				r.start()
				delivered(time.Minute)
				for range 24 { // it looks well from afar, and the door comes back to it less and less
					delivered(time.Hour)
				}
				if r.dialled() > 40 {
					t.Errorf("%d connections in a day to a broker of no use", r.dialled())
				}
				r.set(func() { r.kick, r.noAck = false, false })
				before := second.dialled()
				pass(shunMost + time.Minute)
				if delivered(time.Hour); second.dialled() > before {
					t.Error("the first broker is well, and the door is not back")
				}
			})
		})
	}
}
