package daemon

import (
	"context"
	"time"

	"latchd/lock"
)

// earliest is a moment before which no latchd can have run: a clock that says so has never been set.
var earliest = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// The states of the wall clock, as events tell them.
const (
	synced   = "synced"
	unsynced = "unsynced" // plausible, but no time source says so
	unset    = "unset"
)

func clock(at time.Time, isSynced func() bool) string {
	switch {
	case at.Before(earliest):
		return unset
	case isSynced():
		return synced
	}
	return unsynced
}

// WallClock returns the wall clock's time and whether it has ever been set.
func WallClock() (time.Time, bool) {
	now := time.Now()
	return now, !now.Before(earliest)
}

// WatchClock raises a fault of the part "clock" while the wall clock has never been set, and ends with ctx or as soon as it
// has been: a Pi has no clock of its own and gets the time from the network, some time after the start or never.
func WatchClock(ctx context.Context, sink func(lock.Input)) {
	if _, ok := WallClock(); ok {
		return
	}
	sink(lock.Fault{Part: "clock", Standing: true, Detail: "the wall clock has not been set",
		Hint: "codes and lockouts work; quiet hours, commands and TLS need the time: check the network and timedatectl"})
	look := time.NewTicker(10 * time.Second)
	defer look.Stop()
	for ok := false; !ok; _, ok = WallClock() {
		select {
		case <-look.C:
		case <-ctx.Done():
			return
		}
	}
	sink(lock.Fault{Part: "clock"})
}
