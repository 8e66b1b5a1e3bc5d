package lock_test

import (
	"testing"

	. "latchd/lock"
)

// BenchmarkRightCode is the step that opens: the comparison, and all effects made.
func BenchmarkRightCode(b *testing.B) {
	cfg := rules()
	cfg.MinGap, cfg.PerHour, cfg.PerDay = 0, 1<<30, 1<<30
	d := newDoor(b, cfg)
	for b.Loop() {
		b.StopTimer()
		d.start(State{})
		d.bell()
		for _, k := range d.code {
			d.m.Step(d.now, Key{k})
		}
		b.StartTimer()
		d.m.Step(d.now, Key{'#'})
	}
}

// BenchmarkDigit is the step of any other key.
func BenchmarkDigit(b *testing.B) {
	d := newDoor(b, rules())
	for b.Loop() {
		d.m.Step(d.now, Key{'5'})
	}
}
