package mqtt

import (
	"slices"
	"testing"
	"time"
)

func TestADoorWhoseLoopHangsIsOfflineHoweverOftenItConnects(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, r *rig) {
		var said []string
		r.publish = func(m message) {
			if m.topic == "latchd/front/availability" && m.retained {
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
		want("online")
		r.Stuck(true)
		want("offline")
		r.restart(time.Second)
		want("offline")
		r.Stuck(false)
		want("online")
		r.restart(time.Second)
		want("online")
	})
}
