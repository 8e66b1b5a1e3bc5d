package journal

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"latchd/lock"
)

// fail lets go of the files and says why. They are opened anew after a wait that doubles, or at once, the first time,
// when they only have to be set aside.
func (w *writer) fail(err error) {
	w.unask()
	w.file.mu.Lock()
	w.file.shut() // what it could say has been said by err
	w.file.mu.Unlock()
	now := time.Now()
	if broken(err) {
		w.hurt = err
		if w.wait == 0 {
			w.wait, w.retryAt = firstWait, now
			return
		}
	}
	w.wait, w.goodAt = min(max(2*w.wait, firstWait), maxWait), time.Time{}
	w.retryAt = now.Add(w.wait)
	w.tellUnwritten()
	detail, hint := explain(err)
	if detail != w.failing {
		w.failing = detail
		w.sink(lock.Fault{Part: lock.JournalPart, Kind: Unwritable, Standing: true, Detail: detail, Hint: hint})
	}
}

// reattach opens the files again.
func (w *writer) reattach() error {
	err := w.attach(w.hurt)
	w.inherit()
	if err != nil {
		return err
	}
	w.hurt = nil
	select {
	case <-w.suspect: // of the files before
	default:
	}
	w.dirty = true // the fault is over when something could be written, not before
	if err := w.recognise(); err != nil {
		return err
	}
	w.tellDamage()
	if w.unsure {
		w.ask()
	}
	return nil
}

// recognise finds the events of a transaction that failed and was on the disk all the same.
func (w *writer) recognise() error {
	rows, err := w.file.w.Query(`SELECT seq, id FROM events ORDER BY seq DESC LIMIT ?`, batch)
	if err != nil {
		return err
	}
	defer rows.Close()
	written := map[string]bool{}
	for rows.Next() {
		var seq uint64
		var id string
		if err := rows.Scan(&seq, &id); err != nil {
			return err
		}
		written[id] = true
	}
	n := 0
	for n < len(w.backlog.items) && written[w.backlog.items[n].ID] {
		n++
	}
	if err := rows.Err(); err != nil || n == 0 {
		return err
	}
	w.settle(w.backlog.items[:n], w.given.Load()-uint64(n))
	return nil
}

// tellDamage raises the fault of a journal that was begun afresh.
func (w *writer) tellDamage() {
	if w.opened.Why == "" {
		return
	}
	detail, hint := w.opened.Why, "a card that loses or garbles files is worn out: replace it"
	if w.opened.Aside != "" {
		detail += "; it lies in " + filepath.Base(w.opened.Aside)
		hint = "the events in it are not in this journal: read them with sqlite3; " + hint
	}
	w.asideAt = time.Now().Add(asideFor)
	w.sink(lock.Fault{Part: lock.JournalPart, Kind: Damaged, Standing: true, Detail: detail, Hint: hint})
}

// checkAfter lets a start be over before the inside of the file is read.
const checkAfter = 5 * time.Second

// ask has the inside of the file checked while the journal works: after a power cut, where it takes as long as reading the
// whole file does.
func (w *writer) ask() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		select {
		case <-ctx.Done():
			return
		case <-time.After(checkAfter):
		}
		if err := check(ctx, w.path); ctx.Err() == nil {
			w.doubt(err)
		}
	}()
	w.unask = func() {
		cancel()
		<-done
	}
}

func check(ctx context.Context, path string) error {
	db, err := open(path, "ro")
	if err != nil {
		return err
	}
	defer db.Close()
	var said string
	if err := db.QueryRowContext(ctx, `PRAGMA quick_check(1)`).Scan(&said); err != nil {
		return err
	}
	if said != "ok" {
		return damage{errors.New(said)}
	}
	return nil
}

// doubt hands the writer what a reader has found: damage, or nil after a check that found none.
func (j *Journal) doubt(err error) {
	select {
	case j.suspect <- err:
	default: // it has one to look at
	}
}

func (w *writer) verdict(err error) {
	switch {
	case err == nil:
		w.unsure = false
	case broken(err) && w.file.w != nil:
		w.fail(fmt.Errorf("read the journal: %w", err))
	}
}
