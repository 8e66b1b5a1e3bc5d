package journal

import (
	"testing"
)

// A single event, from Add until it is told.
func BenchmarkSingleEvent(b *testing.B) {
	d, _ := begin(b, options(b.TempDir()))
	for b.Loop() {
		d.Add(bell(1))
		d.hear(1)
	}
}

// 10,000 events at once, from the first Add until the last is told.
func BenchmarkBurstOf10000(b *testing.B) {
	d, _ := begin(b, options(b.TempDir()))
	events := bells(1, 10_000)
	for b.Loop() {
		d.add(events...)
		d.hear(len(events))
	}
	b.ReportMetric(float64(b.N*len(events))/b.Elapsed().Seconds(), "events/s")
}

// A start on a journal with 100,000 events.
func BenchmarkOpen(b *testing.B) {
	for name, cut := range map[string]bool{"after a clean end": false, "after a power cut": true} {
		b.Run(name, func(b *testing.B) {
			o := options(b.TempDir())
			d, _ := begin(b, o)
			for range 10 {
				d.add(bells(1, 10_000)...)
				d.hear(10_000)
			}
			d.end()
			if cut {
				if err := writeCeiling(o.Dir, 100_500); err != nil {
					b.Fatal(err)
				}
			}
			for b.Loop() {
				j, was, err := Open(o)
				if err != nil || was.Why != "" {
					b.Fatal(was.Why, err)
				}
				if cut {
					j.unsure = true
				}
				if err := j.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
