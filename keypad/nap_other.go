//go:build !linux

package keypad

import "time"

// nap sleeps for less than a millisecond, or for a whole one where the runtime cannot do better.
func nap(d time.Duration) { time.Sleep(d) }
