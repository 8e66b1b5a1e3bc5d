package mqtt

import (
	"context"
	"net"
	"net/url"
	"sync"
	"syscall"
	"testing"
	"time"

	"latchd/lock"
)

// restart lets the broker be away for so long.
func (r *rig) restart(away time.Duration) {
	r.set(func() { r.refuse, r.kick = syscall.ECONNREFUSED, true })
	r.Tell(r.box.store(lock.Event{Type: lock.BellRung})) // the connection ends at this
	pass(away)
	r.set(func() { r.refuse, r.kick = nil, false })
}

func TestTheDoorIsBackSoonAfterABrokerThatWasOnlyRestarted(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, r *rig) {
		r.start()
		for _, away := range []time.Duration{time.Millisecond, 300 * time.Millisecond, 2 * time.Second, 30 * time.Second, time.Hour} {
			pass(time.Minute)
			r.restart(away)
			pass(min(max(refusedWait, away/100), lastWait))
			if r.box.left() != 0 {
				t.Errorf("away for %v, and the door is not back", away)
			}
		}
	})
}

// A thousand doors come at once: some are turned away, and are not to wait as if the broker had never come.
func TestADoorThatARestartedBrokerTurnsAwayTriesAgainSoon(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, r *rig) {
		r.start()
		pass(time.Minute)
		r.restart(10 * time.Minute)
		before := r.dialled()
		for r.set(func() { r.kick = true }); r.dialled() == before; {
			pass(time.Millisecond)
		}
		r.set(func() { r.kick = false })
		if pass(handOver + firstWait); r.box.left() != 0 {
			t.Error("the door is not back")
		}
	})
}

// Of the 30 s within which a door is back, connecting needs some.
func TestHoweverLongABrokerIsAwayNoWaitIsLongerThan25Seconds(t *testing.T) {
	for range 1000 {
		if wait := max(retryWait(1000), askWait(24*time.Hour)); wait > 25*time.Second {
			t.Fatal(wait)
		}
	}
}

func TestABrokerThatStaysAwayIsAskedLessAndLess(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, r *rig) {
		r.start()
		pass(time.Minute)
		for _, c := range []struct {
			span time.Duration
			most int
		}{{10 * time.Second, 200}, {time.Hour, 1200}, {time.Hour, 240}, {24 * time.Hour, 24 * 240}} {
			before := r.dialled()
			r.restart(c.span)
			r.set(func() { r.refuse = syscall.ECONNREFUSED })
			if tries := r.dialled() - before; tries > c.most {
				t.Errorf("%d tries in %v", tries, c.span)
			}
		}
	})
}

// swallowing is a connection into which one can speak in vain.
type swallowing struct {
	net.Conn
	mu      sync.Mutex
	swallow bool
}

func (s *swallowing) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.swallow {
		return len(p), nil
	}
	return s.Conn.Write(p)
}

func TestABellThatADyingConnectionSwallowedRingsOnTheNext(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, r *rig) {
		bells := 0
		r.publish = func(m message) {
			if m.topic == "latchd/front/bell" {
				bells++
			}
		}
		var last *swallowing
		r.Client.dial = func(ctx context.Context, u *url.URL) (net.Conn, error) {
			c, err := r.fake.dial(ctx, u)
			last = &swallowing{Conn: c}
			return last, err
		}
		ring := func(deadFor time.Duration) {
			pass(time.Minute)
			last.mu.Lock()
			last.swallow = true
			last.mu.Unlock()
			r.Tell(r.box.store(lock.Event{Type: lock.BellRung}))
			pass(deadFor)
			last.Close()
			pass(time.Minute)
		}
		r.start()
		ring(time.Second)
		r.set(func() {
			if bells != 1 {
				t.Errorf("%d bells", bells)
			}
		})
		ring(liveFor + time.Second)
		r.set(func() {
			if bells != 1 || r.box.left() != 0 {
				t.Errorf("%d bells after one that was too late; %d events undelivered", bells, r.box.left())
			}
		})
	})
}

func TestTheDoorsOfAFleetComeBackOverTheTimeThatTheyAreGiven(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, r *rig) {
		r.o.Spread = 20 * time.Second
		r.start()
		soon, late := 0, 0 // in the first and in the last quarter
		for range 100 {
			pass(time.Minute)
			r.restart(time.Millisecond)
			pass(r.o.Spread / 4)
			if r.box.left() == 0 {
				soon++
			}
			pass(r.o.Spread / 2)
			if r.box.left() > 0 {
				late++
			}
			if pass(r.o.Spread / 4); r.box.left() > 0 {
				t.Fatal("the door is not back")
			}
		}
		if soon < 5 || late < 5 || soon+late > 80 {
			t.Errorf("%d of 100 came in the first quarter, %d in the last", soon, late)
		}
	})
}

func TestTheDoorsOfAFleetFirstComeOverTheTimeThatTheyAreGiven(t *testing.T) {
	soon, late := 0, 0 // in the first and in the last quarter
	for range 100 {
		inVirtualTime(t, func(t *testing.T, r *rig) {
			r.o.Spread = 20 * time.Second
			r.start()
			pass(r.o.Spread / 4)
			soon += r.dialled()
			pass(r.o.Spread / 2)
			late += 1 - r.dialled()
			if pass(r.o.Spread / 4); r.dialled() != 1 {
				t.Fatal("the door has not come")
			}
		})
	}
	if soon < 5 || late < 5 || soon+late > 80 {
		t.Errorf("%d of 100 came in the first quarter, %d in the last", soon, late)
	}
}

func TestTheDoorsOfAFleetAskForTheirFirstBrokerOverTheTimeThatTheyAreGiven(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, r *rig) {
		r.o.Spread = 2 * time.Minute
		r.twoBrokers()
		r.refuse = syscall.ECONNREFUSED
		r.start()
		pass(r.o.Spread)
		before := r.dialled()
		pass(10 * time.Hour)
		if n := r.dialled() - before; n < 250 || n > 350 {
			t.Errorf("asked %d times in 10 h: 300 are to be expected", n)
		}
	})
}

func TestABrokerThatIsAwayIsNotAskedMoreOftenThanAFleetMay(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, r *rig) {
		r.o.Spread = 20 * time.Second
		r.start()
		pass(time.Minute)
		before := r.dialled()
		r.restart(10 * time.Minute)
		if n := r.dialled() - before; n < 10 || n > 120 {
			t.Errorf("asked %d times in 10 min: 60 are to be expected", n)
		}
	})
}

func TestADoorOfAFleetFleesToItsOtherBrokerWithinSeconds(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, r *rig) {
		r.o.Spread = 2 * time.Minute
		second := r.twoBrokers()
		r.start()
		pass(r.o.Spread)
		for range 10 {
			pass(time.Minute + 3*r.o.Spread) // it is back on the first
			before := second.dialled()
			r.set(func() { r.refuse, r.kick = syscall.ECONNREFUSED, true })
			r.Tell(r.box.store(lock.Event{Type: lock.BellRung}))
			if pass(fleeing); second.dialled() == before || r.box.left() != 0 {
				t.Fatal("the door is on neither")
			}
			r.set(func() { r.refuse, r.kick = nil, false })
		}
	})
}
