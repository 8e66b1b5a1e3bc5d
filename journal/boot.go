package journal

import (
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"latchd/lock"
)

// Boot tells one boot of the machine from another, and how long this one has lasted. The wall clock has no part in it: it
// may be wrong, missing or moved.
type Boot struct {
	ID    string               // empty when unknown: then every start counts as another boot
	Clock func() time.Duration // since the boot, suspended time included
}

// ThisBoot is the kernel's own answer: /proc/sys/kernel/random/boot_id (random(4)) and CLOCK_BOOTTIME (clock_gettime(2)).
func ThisBoot() Boot {
	id, _ := os.ReadFile("/proc/sys/kernel/random/boot_id") // unread: empty, which means unknown
	return Boot{ID: strings.TrimSpace(string(id)), Clock: func() time.Duration {
		var ts unix.Timespec
		if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
			return 0
		}
		return time.Duration(ts.Nano())
	}}
}

const day = 24 * time.Hour

// later returns the state s as it is when the daemon has been away for gone, within one boot. A lockout that ran out
// meanwhile leaves its level, and the whole day before that falls is still to be served.
func later(s lock.State, gone time.Duration) lock.State {
	if gone <= 0 {
		return s
	}
	var texts []time.Duration
	for _, age := range s.Texts {
		if age+gone < day {
			texts = append(texts, age+gone)
		}
	}
	s.Texts = texts
	if s.Remaining > gone {
		s.Remaining -= gone
		return s
	}
	switch {
	case s.Remaining > 0:
		s.Remaining, s.Failures, s.Decay = 0, 0, day
	case s.Decay <= 0:
		s.Decay = day // the day had not begun
	default:
		s.Decay -= gone
	}
	for s.Level > 0 && s.Decay <= 0 {
		s.Level, s.Decay = s.Level-1, s.Decay+day
	}
	if s.Level <= 0 {
		s.Decay = 0
	}
	return s
}
