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

func TestABrokerThatIsRestartedHasTheDoorBackAtOnce(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, r *rig) {
		r.start()
		for _, away := range []time.Duration{time.Millisecond, 300 * time.Millisecond, 2 * time.Second, 4 * time.Second} {
			pass(time.Minute)
			before := r.dialled()
			r.restart(away)
			if tries := r.dialled() - before; tries > int(away/(restartWait/2))+2 {
				t.Errorf("%d tries in %v", tries, away)
			}
			pass(restartWait)
			if r.box.left() != 0 {
				t.Errorf("away for %v, and the door is not back %v later", away, restartWait)
			}
		}
	})
}

func TestOnlyARestartIsWaitedForImpatiently(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, r *rig) {
		r.start()
		pass(time.Minute)
		r.restart(time.Hour)
		if r.dialled() > 300 {
			t.Errorf("%d tries in an hour", r.dialled())
		}
	})
}
