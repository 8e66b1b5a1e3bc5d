package journal

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"latchd/lock"
)

// aged returns n events that were told days ago.
func aged(now time.Time, days, n int) []lock.Event {
	events := bells(1, n)
	for i := range events {
		events[i].At = now.Add(-time.Duration(days) * day)
	}
	return events
}

func TestOldEventsArePruned(t *testing.T) {
	unset := func(events []lock.Event) []lock.Event {
		for i := range events {
			events[i].At, events[i].Clock = time.Unix(60, 0), "unset"
		}
		return events
	}
	now := noon
	for name, c := range map[string]struct {
		events      []lock.Event
		undelivered int
		keep        time.Duration
		unbelieved  bool
		want        []uint64
	}{
		"the old go, the young stay": {
			events: slices.Concat(aged(now, 12, 1300), aged(now, 8, 3)), keep: 10 * day, want: span(1301, 1303)},
		"the newest stays however old, so that seq goes on": {
			events: aged(now, 100, 600), keep: 10 * day, want: span(600, 600)},
		"the undelivered stay however old": {
			events: aged(now, 100, 50), undelivered: 20, keep: 10 * day, want: span(31, 50)},
		"nothing goes while the clock cannot be believed": {
			events: aged(now, 100, 5), keep: 10 * day, unbelieved: true, want: span(1, 5)},
		"nothing goes when all is to be kept": {
			events: aged(now, 100, 5), want: span(1, 5)},
		"an event whose clock was unset goes with the next old one": {
			events: slices.Concat(unset(aged(now, 0, 700)), aged(now, 12, 2), aged(now, 1, 2)), keep: 10 * day, want: span(703, 704)},
		"an event whose clock was unset stays before a young one": {
			events: slices.Concat(unset(aged(now, 0, 700)), aged(now, 1, 2)), keep: 10 * day, want: span(1, 702)},
		"an event from the future holds nothing up": {
			events: slices.Concat(aged(now, -300, 1), aged(now, 12, 2), aged(now, 1, 2)), keep: 10 * day, want: span(4, 5)},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := options(t.TempDir())
				o.Keep, o.Now = c.keep, func() (time.Time, bool) { return now, !c.unbelieved }
				d, _ := begin(t, o)
				d.add(c.events...)
				d.hear(len(c.events))
				if err := d.Delivered(t.Context(), uint64(len(c.events)-c.undelivered)); err != nil {
					t.Fatal(err)
				}
				<-time.After(25 * time.Hour)
				synctest.Wait()
				equal(t, "left", seqs(all(t, o.Dir, Query{})), c.want)
				d.add(bell(1))
				if events, _ := d.hear(1); events[0].Seq != uint64(len(c.events)+1) {
					t.Errorf("the next seq is %d", events[0].Seq)
				}
			})
		})
	}
}
