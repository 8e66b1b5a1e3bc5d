package journal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"latchd/lock"
)

const (
	firstWait = 250 * time.Millisecond // before the second attempt to write; doubles with each
	maxWait   = 30 * time.Second
	ackWait   = 10 * time.Second // how long an acknowledgement waits for an event to be written along with
	goodFor   = 5 * time.Second  // how long writing must work before the fault is over
	asideFor  = day              // how long the fault of a journal that was set aside stands
)

// The kinds of the journal's faults. Both stand by themselves.
const (
	Unwritable = "unwritable" // the disk cannot be written
	Damaged    = "damaged"    // the journal was set aside or is missing: stands for a day, so that someone sees it
)

// writer is the one that writes: Run's own goroutine.
type writer struct {
	*Journal
	told func(events []lock.Event, again bool)
	sink func(lock.Input)

	backlog *backlog
	state   *saved // the newest; nil: none yet
	dirty   bool   // state, or the row at all, has to be written

	failing string // what is wrong, in words; empty while all is well
	hurt    error  // the damage for which the files are to be set aside
	retryAt time.Time
	wait    time.Duration // the last wait between attempts; 0 while all is well

	goodAt  time.Time // when the fault is over if all goes well until then; zero: nothing has been written since it was raised
	ackAt   time.Time // when acknowledgements are written alone; zero: none wait
	asideAt time.Time // when the fault of a damaged journal ends; zero: none stands
	pruning pruning
	unask   func() // ends the check of the file's inside
}

// Run writes what Add and Save queue until ctx ends, then writes what is left, closes the journal and returns. An error
// means that something could not be written or closed. A broken disk does not end it. The end takes as long as the disk
// does, and no more than a second where another program holds a lock. Let the broker's side end first: what is delivered
// after Run has ended is delivered again.
//
// told gets every event with ID and Seq set, in order, once it is safe on the disk; again is false. While the disk cannot
// be written told gets it at once with Seq 0, so that those who only need to hear of it do; once it is safe, told gets it
// a second time, with the same ID, its Seq, and again set. sink gets the journal's own faults. Both are called from Run's
// goroutine, which writes nothing until they return; they must not wait for Run.
func (j *Journal) Run(ctx context.Context, told func(events []lock.Event, again bool), sink func(lock.Input)) error {
	w := &writer{Journal: j, told: told, sink: sink, backlog: newBacklog(j.opt.Door), unask: func() {}}
	w.start()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return w.end()
		case <-j.wake:
		case <-timer.C:
		case err := <-j.suspect:
			w.verdict(err)
		}
		w.take(false)
		w.work()
		timer.Reset(w.rest())
	}
}

// start tells what Open found.
func (w *writer) start() {
	w.inherit()
	if w.file.w == nil {
		w.fail(w.openErr)
		return
	}
	w.tellDamage()
	if w.unsure {
		w.ask()
	}
}

// inherit takes up what the run before could not write: it is lost, and a hole says so.
func (w *writer) inherit() {
	w.backlog.lost += w.file.left
	w.file.left = 0
}

// take moves what is queued into the backlog. The last time, it closes the queue.
func (w *writer) take(last bool) {
	w.mu.Lock()
	events, lost, state := w.queue, w.lost, w.unsaved
	w.queue, w.lost, w.unsaved, w.closed = nil, 0, nil, last
	w.mu.Unlock()
	w.backlog.take(events, lost)
	if state != nil {
		w.state, w.dirty = state, true
	}
}

// work writes one batch, or tries to be able to again.
func (w *writer) work() {
	now := time.Now()
	if !w.asideAt.IsZero() && !now.Before(w.asideAt) {
		w.asideAt = time.Time{}
		w.sink(lock.Fault{Part: lock.JournalPart, Kind: Damaged})
	}
	var err error
	if w.file.w == nil {
		if now.Before(w.retryAt) {
			w.tellUnwritten()
			return
		}
		err = w.reattach()
	}
	if err == nil {
		err = w.commit(now)
	}
	if err == nil {
		err = w.prune(now)
	}
	if err != nil {
		w.fail(err)
	}
}

// rest returns how long the writer may sleep.
func (w *writer) rest() time.Duration {
	due := w.pruning.at
	switch {
	case w.file.w == nil:
		due = w.retryAt
	case len(w.backlog.items) > 0:
		return 0
	case !w.ackAt.IsZero() && w.ackAt.Before(due):
		due = w.ackAt
	}
	for _, at := range []time.Time{w.asideAt, w.goodAt} {
		if !at.IsZero() && at.Before(due) {
			due = at
		}
	}
	return time.Until(due)
}

// tellUnwritten tells what cannot be written for now, once.
func (w *writer) tellUnwritten() {
	var events []lock.Event
	for i := range w.backlog.items {
		if it := &w.backlog.items[i]; !it.told {
			it.told = true
			events = append(events, it.Event)
		}
	}
	if len(events) > 0 {
		w.told(events, false)
	}
	w.file.owe(w.backlog.size())
}

// end writes what is left and closes the journal. It tries once more when writing has failed before.
func (w *writer) end() error {
	w.take(true)
	now := time.Now()
	w.retryAt, w.ackAt, w.pruning.at = now, now, now.Add(day)
	for {
		w.work()
		if w.file.w == nil && time.Now().Before(w.retryAt) || len(w.backlog.items) == 0 && !w.dirty {
			break
		}
	}
	w.unask()
	err := w.release()
	if w.dirty && w.state != nil {
		err = errors.Join(fmt.Errorf("end the journal: the newest state was never written: %s", w.failing), err)
	}
	if n := w.backlog.size(); n > 0 {
		err = errors.Join(fmt.Errorf("end the journal: %d events were never written: %s", n, w.failing), err)
	}
	return err
}
