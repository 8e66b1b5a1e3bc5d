package journal

import (
	"encoding/json"
	"fmt"
	"time"

	"latchd/lock"
)

// commit writes a batch of the backlog, the newest state and the acknowledgements, as far as there are any, in one
// transaction, and tells the events.
func (w *writer) commit(now time.Time) error {
	w.backlog.mend()
	items := w.backlog.items[:min(len(w.backlog.items), batch)]
	w.owed.Store(false)
	acked := w.delivered.Load()
	if acked > w.row.delivered && w.ackAt.IsZero() {
		w.ackAt = now.Add(ackWait)
	}
	if len(items) == 0 && !w.dirty && (w.ackAt.IsZero() || now.Before(w.ackAt)) {
		if !w.goodAt.IsZero() {
			w.recover(now)
		}
		return nil
	}
	if err := w.reserve(w.given.Load() + uint64(len(items))); err != nil {
		return fmt.Errorf("raise the ceiling of seq: %w", err)
	}
	r, err := w.insert(items, acked)
	if err != nil {
		return fmt.Errorf("write the journal: %w", err)
	}
	w.row, w.dirty, w.ackAt = r, false, time.Time{}
	w.settle(items, w.given.Load())
	w.recover(now)
	return nil
}

// recover ends the fault once writing has been good for a while: a disk that is all but full takes one write and refuses
// the next, and each word about it is a write.
func (w *writer) recover(now time.Time) {
	switch {
	case w.failing == "":
		w.wait = 0
	case w.goodAt.IsZero():
		w.goodAt = now.Add(goodFor)
	case !now.Before(w.goodAt):
		w.failing, w.wait, w.goodAt = "", 0, time.Time{}
		w.sink(lock.Fault{Part: lock.JournalPart, Kind: Unwritable})
	}
}

// reserve makes sure that seqs up to last may be given.
func (w *writer) reserve(last uint64) error {
	if last <= w.file.top {
		return nil
	}
	if err := writeCeiling(w.opt.Dir, last+spare); err != nil {
		return err
	}
	w.file.top = last + spare
	return nil
}

// insert is the transaction of commit. It returns the row of state as it stands on the disk then.
func (w *writer) insert(items []item, acked uint64) (row, error) {
	r := w.row
	r.delivered = acked
	if w.state != nil {
		body, err := json.Marshal(w.state.State)
		if err != nil {
			return r, err
		}
		r.body, r.boot, r.boottime, r.why = string(body), w.opt.Boot.ID, w.state.at, ""
	}
	tx, err := w.file.w.Begin()
	if err != nil {
		return r, err
	}
	defer tx.Rollback()
	add, err := tx.Prepare(`INSERT INTO events (seq, id, at, type, body) VALUES (?, ?, ?, ?, ?)`)
	if err != nil {
		return r, err
	}
	defer add.Close()
	for i, it := range items {
		e := it.Event
		e.Seq = w.given.Load() + 1 + uint64(i)
		body, err := json.Marshal(e)
		if err != nil {
			return r, err
		}
		if _, err := add.Exec(e.Seq, e.ID, e.At.UnixMilli(), string(e.Type), string(body)); err != nil {
			return r, err
		}
	}
	if r != w.row || w.dirty {
		if err := r.write(tx); err != nil {
			return r, err
		}
	}
	return r, tx.Commit()
}

// settle numbers the first events of the backlog, which are on the disk after the seq last, tells them and forgets them.
func (w *writer) settle(items []item, last uint64) {
	if w.backlog.items = w.backlog.items[len(items):]; len(w.backlog.items) == 0 {
		w.backlog.items = nil
	}
	w.given.Store(last + uint64(len(items)))
	w.file.note(last + uint64(len(items)))
	if w.file.owed > 0 {
		w.file.owe(w.backlog.size())
	}
	for len(items) > 0 {
		again := items[0].told
		var events []lock.Event
		for len(items) > 0 && items[0].told == again {
			last++
			e := items[0].Event
			e.Seq = last
			events = append(events, e)
			items = items[1:]
		}
		w.told(events, again)
	}
}
