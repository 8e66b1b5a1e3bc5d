package keypad

import (
	"errors"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// nap sleeps for less than a millisecond. The runtime's timers round such a sleep up to a whole one (it waits in
// epoll_wait, whose unit that is), and the kernel adds 50 µs to be woken for several timers at once, unless told otherwise
// (PR_SET_TIMERSLACK(2const)): together the larger part of the time from the end of the debounce to the strike.
func nap(d time.Duration) {
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0) // of this thread, whichever it is; refused, the nap is a little longer
	t := syscall.NsecToTimespec(int64(d))
	for errors.Is(syscall.Nanosleep(&t, &t), syscall.EINTR) {
	}
}
