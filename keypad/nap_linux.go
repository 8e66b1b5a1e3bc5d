package keypad

import (
	"errors"
	"syscall"
	"time"
)

// nap sleeps for less than a millisecond. The runtime's timers round such a sleep up to a whole one (it waits in
// epoll_wait, whose unit that is), which is the larger part of the time from the end of the debounce to the strike.
func nap(d time.Duration) {
	t := syscall.NsecToTimespec(int64(d))
	for errors.Is(syscall.Nanosleep(&t, &t), syscall.EINTR) {
	}
}
