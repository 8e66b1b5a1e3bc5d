package mqtt

import (
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
			pass(max(refusedWait, away/100))
			if r.box.left() != 0 {
				t.Errorf("away for %v, and the door is not back", away)
			}
		}
	})
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
