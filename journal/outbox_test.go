package journal

import (
	"testing"
	"testing/synctest"
	"time"

	"latchd/lock"
)

func (d *desk) pending(limit int) []lock.Event {
	d.t.Helper()
	events, err := d.Pending(d.t.Context(), limit)
	if err != nil {
		d.t.Fatal(err)
	}
	return events
}

func TestTheOutboxHoldsWhatWasNotDelivered(t *testing.T) {
	d, _ := begin(t, options(t.TempDir()))
	equal(t, "at first", len(d.pending(10)), 0)
	d.add(bells(1, 10)...)
	told, _ := d.hear(10)
	equal(t, "limited", d.pending(4), told[:4])
	for _, c := range []struct{ seq, next uint64 }{{3, 4}, {3, 4}, {1, 4}, {9, 10}} {
		if err := d.Delivered(t.Context(), c.seq); err != nil {
			t.Fatal(err)
		}
		equal(t, "left", seqs(d.pending(100)), span(c.next, 10))
		equal(t, "waiting", d.Waiting(), 11-c.next)
	}
	if err := d.Delivered(t.Context(), 11); err == nil {
		t.Error("a seq that was never given counts as delivered")
	}
	d.end()
	d, _ = begin(t, d.opt)
	equal(t, "left after a restart", seqs(d.pending(100)), span(10, 10))
	equal(t, "waiting after a restart", d.Waiting(), 1)
}

func TestARangeIsReadAgainWhetherDeliveredOrNot(t *testing.T) {
	d, _ := begin(t, options(t.TempDir()))
	d.add(bells(1, 10)...)
	d.hear(10)
	if err := d.Delivered(t.Context(), 5); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		from, to uint64
		limit    int
		want     []uint64
	}{{3, 8, 100, span(3, 8)}, {3, 8, 2, span(3, 4)}, {9, 99, 100, span(9, 10)}, {10, 10, 1, span(10, 10)}, {11, 12, 9, nil}, {0, 1, 9, span(1, 1)}} {
		events, err := d.Range(t.Context(), c.from, c.to, c.limit)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "in the range", seqs(events), c.want)
	}
	d.end()
	if _, err := d.Range(t.Context(), 1, 9, 9); err == nil {
		t.Error("a journal that is closed is read")
	}
}

func TestAnAcknowledgementIsWrittenByItselfAfterAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, _ := begin(t, options(t.TempDir()))
		d.add(bells(1, 10)...)
		d.hear(10)
		if err := d.Delivered(t.Context(), 4); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		cut := copyDir(t, d.opt.Dir)
		<-time.After(ackWait + time.Millisecond)
		synctest.Wait()
		later := copyDir(t, d.opt.Dir)
		for _, c := range []struct {
			dir string
			len int
		}{{cut, 10}, {later, 6}} {
			d, _ := begin(t, options(c.dir))
			equal(t, "left", len(d.pending(100)), c.len)
			d.end()
		}
	})
}

func TestAnAcknowledgementIsWrittenWithTheNextEvent(t *testing.T) {
	d, _ := begin(t, options(t.TempDir()))
	d.add(bells(1, 3)...)
	d.hear(3)
	if err := d.Delivered(t.Context(), 3); err != nil {
		t.Fatal(err)
	}
	d.add(bell(4))
	d.hear(1)
	cut, _ := begin(t, options(copyDir(t, d.opt.Dir)))
	equal(t, "left", seqs(cut.pending(10)), span(4, 4))
}

func TestAnEventWithADamagedBodyKeepsItsPlaceInTheOutbox(t *testing.T) {
	d, _ := begin(t, options(t.TempDir()))
	d.add(bells(1, 3)...)
	told, _ := d.hear(3)
	d.end()
	execute(t, d.path, "UPDATE events SET body = '{' WHERE seq = 2")
	d, _ = begin(t, d.opt)
	got := d.pending(10)
	equal(t, "seq", seqs(got), span(1, 3))
	if e := got[1]; e.ID != told[1].ID || !e.At.Equal(told[1].At) || e.Type != told[1].Type || e.Detail == "" {
		t.Errorf("the damaged one is %+v", e)
	}
}
