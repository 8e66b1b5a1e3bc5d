package mqtt

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchd/lock"
)

// rig is a client on a fake broker, in virtual time.
type rig struct {
	*Client
	*fake
	box    *box
	inputs inputs
	start  func() // starts Run
	stop   func() // ends Run and waits for it
}

func inVirtualTime(t *testing.T, test func(t *testing.T, r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &rig{fake: newFake(), box: newBox(), inputs: make(inputs, 100)}
		r.Client = client(t, options("tcp://broker:1883"), r.box, r.inputs.take)
		r.Client.dial = r.fake.dial
		r.Show(locked)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		r.start = func() { go func() { r.Run(ctx); close(done) }() }
		r.stop = func() { cancel(); <-done }
		test(t, r)
		r.stop()
	})
}

// pass lets virtual time go by.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// The heart of the contract: wherever a connection breaks, a consumer that drops repeated ids sees every seq, in order.
func TestNoEventIsLostWhereverTheConnectionBreaks(t *testing.T) {
	const n = 3000
	for seed := range uint64(4) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			inVirtualTime(t, func(t *testing.T, r *rig) {
				rng, seen, all := rand.New(rand.NewPCG(seed, 0)), new(consumer), make(chan struct{})
				r.budget = func() int { return 100 + rng.IntN(60_000) }
				r.publish = func(m message) {
					if m.topic != "latchd/front/event" {
						return
					}
					before := seen.last
					if seen.take(t, m.payload); seen.last == n && before < n {
						close(all)
					}
				}
				r.start()
				for range n {
					r.Tell(r.box.store(lock.Event{Type: lock.BellRung, Detail: "an event of some length"}))
				}
				<-all
				r.set(func() { r.budget = nil })
				pass(time.Hour)
				if r.box.left() != 0 {
					t.Errorf("%d events are undelivered", r.box.left())
				}
				if r.dialled() < 10 || seen.repeated == 0 {
					t.Errorf("%d connections and %d repeated events: that was too easy", r.dialled(), seen.repeated)
				}
			})
		})
	}
}

func TestAHalfOpenConnectionIsNoticedWithin45Seconds(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, r *rig) {
		r.start()
		pass(10 * time.Minute)
		if r.dialled() != 1 {
			t.Fatalf("%d connections to a broker that answers", r.dialled())
		}
		for offset := range 7 { // wherever the keep-alive's round is
			before := r.dialled()
			r.set(func() { r.mute = true })
			pass(45 * time.Second)
			if r.dialled() == before {
				t.Errorf("not noticed, %d s into the round", offset)
			}
			r.set(func() { r.mute = false })
			pass(2*time.Minute + time.Duration(offset)*time.Second)
		}
	})
}

func TestTheBrokerIsPromisedASignOfLifeAndGetsItAndNoMore(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, r *rig) {
		r.start()
		pass(10*time.Minute + time.Second)
		r.set(func() {
			if want := []uint16{uint16(keepAlive / time.Second)}; !slices.Equal(r.alive, want) {
				t.Errorf("the connections promised a packet every %v s, want %v", r.alive, want)
			}
			if want := int(10 * time.Minute / keepAlive); r.pings != want {
				t.Errorf("%d pings in 10 minutes, want %d", r.pings, want)
			}
		})
	})
}

func TestABrokerThatAcknowledgesNothingIsLeft(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, r *rig) {
		r.noAck = true
		r.start()
		pass(31 * time.Second)
		if r.dialled() != 2 {
			t.Errorf("%d connections after 31 s", r.dialled())
		}
		pass(time.Hour)
		if len(r.inputs) != 1 {
			t.Fatalf("%d inputs in an hour", len(r.inputs))
		}
		if fault := (<-r.inputs).(lock.Fault); !fault.Standing || !strings.Contains(fault.Hint, "disk full") {
			t.Errorf("%+v", fault)
		}
		r.set(func() { r.noAck = false })
		pass(2 * time.Minute)
		if len(r.inputs) != 1 || (<-r.inputs).(lock.Fault).Standing {
			t.Error("the fault is not cleared")
		}
	})
}

func TestTheWaitsBetweenRoundsGrowToHalfAMinuteAtTheMost(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, r *rig) {
		r.refuse = syscall.EHOSTUNREACH
		r.start()
		pass(10 * time.Second)
		if r.dialled() < 4 || r.dialled() > 8 {
			t.Errorf("%d rounds in the first 10 s", r.dialled())
		}
		pass(5 * time.Minute)
		before := r.dialled()
		pass(time.Hour)
		if rounds := r.dialled() - before; rounds < 3600/30 || rounds > 3600/15 {
			t.Errorf("%d rounds in an hour", rounds)
		}
	})
}

func TestAFaultIsRaisedOnceForEachCauseAndClearedWhenConnected(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, r *rig) {
		r.refuse = syscall.ECONNREFUSED
		r.start()
		pass(time.Hour)
		r.set(func() { r.refuse = syscall.EHOSTUNREACH })
		pass(time.Hour)
		r.set(func() { r.refuse = nil })
		pass(time.Hour)
		var got []string
		for range len(r.inputs) {
			fault := (<-r.inputs).(lock.Fault)
			got = append(got, fmt.Sprint(fault.Standing, " ", fault.Detail))
		}
		want := []string{"true broker broker:1883: connection refused", "true broker broker:1883: no way to the broker", "false "}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	})
}

func TestAConnectionThatNeverLastsIsAFaultUntilItDoes(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, r *rig) {
		r.kick = true // as a broker does with two clients of one id
		r.start()
		pass(time.Hour)
		if len(r.inputs) != 1 {
			t.Fatalf("%d inputs in an hour", len(r.inputs))
		}
		if fault := (<-r.inputs).(lock.Fault); !fault.Standing || !strings.Contains(fault.Hint, "same id") {
			t.Errorf("%+v", fault)
		}
		if r.dialled() > 300 {
			t.Errorf("%d connections in an hour", r.dialled())
		}
		r.set(func() { r.kick = false })
		pass(time.Minute)
		if len(r.inputs) != 1 || (<-r.inputs).(lock.Fault).Standing {
			t.Error("the fault is not cleared")
		}
	})
}

func TestALiveMessageOlderThanTenSecondsIsDropped(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, r *rig) {
		heard := map[string]int{}
		r.publish = func(m message) { heard[m.topic]++ }
		r.Tell(r.box.store(lock.Event{Type: lock.BellRung}))
		pass(11 * time.Second)
		r.Tell(r.box.store(lock.Event{Type: lock.AccessGranted}))
		pass(9 * time.Second)
		r.start()
		pass(time.Second)
		r.set(func() {
			if heard["latchd/front/bell"] != 0 || heard["latchd/front/access"] != 1 || heard["latchd/front/event"] != 2 {
				t.Errorf("heard %v", heard)
			}
		})
	})
}

func TestNothingGrowsWhileTheBrokerIsAway(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, r *rig) {
		r.refuse = errors.New("away")
		r.start()
		for range 10_000 {
			r.Tell([]lock.Event{{Type: lock.BellRung}})
			r.Show(locked)
		}
		if n := cap(r.live); n > 4*liveDepth {
			t.Errorf("room for %d live messages", n)
		}
	})
}

func TestABrokenOutboxIsTriedAgain(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, r *rig) {
		events := 0
		r.publish = func(m message) {
			if m.topic == "latchd/front/event" {
				events++
			}
		}
		r.box.broken = errors.New("disk I/O error")
		r.start()
		r.Tell(r.box.store(lock.Event{Type: lock.BellRung}))
		pass(time.Minute)
		if n := len(r.box.failed); n < 10 || n > 30 {
			t.Errorf("%d tries in a minute", n)
		}
		r.box.set(nil)
		pass(10 * time.Second)
		r.set(func() {
			if r.box.left() != 0 || events != 1 {
				t.Errorf("%d undelivered, %d published", r.box.left(), events)
			}
		})
	})
}

func TestAnAcknowledgementThatCouldNotBeNotedIsNotedLater(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, r *rig) {
		r.publish = func(m message) {
			if m.topic == "latchd/front/event" {
				r.box.set(errors.New("disk I/O error")) // from the first event on
			}
		}
		r.start()
		r.Tell(r.box.store(lock.Event{Type: lock.BellRung}))
		pass(time.Minute)
		if r.box.left() != 1 {
			t.Fatal("the outbox was not broken")
		}
		r.box.set(nil)
		pass(10 * time.Second)
		if r.box.left() != 0 {
			t.Error("the event is still undelivered")
		}
	})
}

func TestOnlyAWindowOfEventsIsEverOnItsWay(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, r *rig) {
		events := 0
		r.publish = func(m message) {
			if m.topic == "latchd/front/event" {
				r.noAck = true // from the first event on
				events++
			}
		}
		r.start()
		for range 200 {
			r.Tell(r.box.store(lock.Event{Type: lock.DoorOpened}))
		}
		pass(time.Second)
		r.set(func() {
			if events < window/2 || events > window || r.box.left() != 200 {
				t.Errorf("%d published, %d undelivered", events, r.box.left())
			}
			r.noAck, r.publish = false, func(message) {}
		})
		pass(time.Minute) // the connection without acknowledgements is left meanwhile
		if r.box.left() != 0 {
			t.Errorf("%d undelivered", r.box.left())
		}
	})
}
