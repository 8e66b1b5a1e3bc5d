package journal

import (
	"errors"
	"fmt"
	"os"
)

// attach opens the files, at the start and again after each failure. When they are damaged, which hurt says when it is
// known already, they are set aside and a fresh journal is begun.
func (j *Journal) attach(hurt error) error {
	if err := os.MkdirAll(j.opt.Dir, 0o700); err != nil {
		return fmt.Errorf("make the journal's folder: %w", err)
	}
	if err := j.file.claim(j.opt.Dir); err != nil {
		return err
	}
	top, topErr := readCeiling(j.opt.Dir)
	var was found
	err := hurt
	if err == nil {
		was, err = inspect(j.path, j.opt.Boot)
	}
	told := max(j.given.Load(), j.file.noted())
	if err == nil && (was.last < told || topErr == nil && was.last+batch+spare < top) {
		err = damage{fmt.Errorf("it ends at seq %d, though higher ones were given: it is an old copy, or its log is lost", was.last)}
	}
	j.opened = Opened{}
	switch {
	case err == nil:
		j.unsure = topErr != nil && was.last > 0 || topErr == nil && top != was.last
	case missing(err) && missing(topErr) && !taken(j.path):
		if err := create(j.path, row{}); err != nil {
			return fmt.Errorf("begin a journal: %w", err)
		}
	case missing(err), broken(err):
		if was, top, err = j.beginAfresh(err, top, topErr); err != nil {
			return err
		}
	default:
		return fmt.Errorf("read the journal: %w", err)
	}
	return j.use(was, top)
}

// beginAfresh sets aside what is there, if anything, and makes a journal that goes on above every seq given before.
func (j *Journal) beginAfresh(why error, top uint64, topErr error) (found, uint64, error) {
	now, _ := j.opt.Now()
	given := j.given.Load()
	if topErr != nil {
		top = max(given, guessCeiling(j.path, now))
		if err := writeCeiling(j.opt.Dir, top); err != nil { // first, lest a cut from here on look like a first start
			return found{}, 0, err
		}
	}
	last := max(top, j.file.noted())
	if given > 0 {
		last = given // of this run it is known, so no hole is needed
	}
	j.opened.Why = fmt.Sprintf("the journal was damaged: %v", why)
	if missing(why) {
		j.opened.Why = "the journal is missing"
	}
	if taken(j.path) {
		aside, err := setAside(j.path, now)
		if err != nil {
			return found{}, 0, err
		}
		j.opened.Aside = aside
	}
	was := found{row: row{delivered: last, why: j.opened.Why}, last: last}
	if err := create(j.path, was.row); err != nil {
		return found{}, 0, fmt.Errorf("begin a fresh journal: %w", err)
	}
	j.unsure = false
	j.opt.Log.Error("journal begun afresh", "why", j.opened.Why, "aside", j.opened.Aside, "next_seq", last+1)
	return was, top, nil
}

// use opens the connections to a database that was found whole.
func (j *Journal) use(was found, top uint64) error {
	j.opened.State, j.opened.Known = was.state, was.known
	if j.opened.Why == "" {
		j.opened.Why = was.why
	}
	w, err := open(j.path, "rw")
	if err != nil {
		return err
	}
	r, err := open(j.path, "ro")
	if err != nil {
		return errors.Join(err, w.Close())
	}
	// A transaction that only begins asks for the right to write, and writes nothing.
	tx, err := w.Begin()
	if err == nil {
		err = tx.Rollback()
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write the journal: %w", err), r.Close(), w.Close())
	}
	j.file.mu.Lock()
	defer j.file.mu.Unlock()
	j.file.w, j.file.r, j.file.top = w, r, top
	j.row = was.row
	j.given.Store(was.last)
	j.delivered.Store(max(was.delivered, j.delivered.Load()))
	return nil
}
