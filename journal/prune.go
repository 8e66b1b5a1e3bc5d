package journal

import (
	"fmt"
	"time"
)

// pruning is how far the daily round has come. It goes through the events from the oldest on, a few at a time, and ends at
// the first that is young. An event whose clock was not set, or ran ahead, has no age: it goes with the next one that has.
type pruning struct {
	at    time.Time // when to go on
	after uint64    // looked at so far
	cut   uint64    // delete up to here; 0: nothing
	last  bool      // the round ends with this cut
}

// few is how many events are looked at or deleted in one go, between which new events are written.
const few = 500

// prune does the next bit of the round when it is due. It spares the newest event, and those that were not delivered:
// they are owed to home automation however old they are.
func (w *writer) prune(now time.Time) error {
	p := &w.pruning
	if w.opt.Keep <= 0 {
		p.at = now.Add(day)
	}
	if now.Before(p.at) {
		return nil
	}
	if p.cut > 0 {
		return w.cut()
	}
	if p.last {
		*p = pruning{at: now.Add(day)}
		return nil
	}
	wall, believed := w.opt.Now()
	if !believed {
		p.at = now.Add(time.Hour)
		return nil
	}
	return w.look(wall)
}

func (w *writer) cut() error {
	p := &w.pruning
	res, err := w.file.w.Exec(`DELETE FROM events WHERE seq IN (SELECT seq FROM events WHERE seq <= ? ORDER BY seq LIMIT ?)`, p.cut, few)
	if err != nil {
		return fmt.Errorf("prune the journal: %w", err)
	}
	n, err := res.RowsAffected()
	if n < few {
		p.cut = 0
	}
	return err
}

func (w *writer) look(wall time.Time) error {
	p := &w.pruning
	top := min(w.delivered.Load(), max(w.given.Load(), 1)-1)
	rows, err := w.file.w.Query(`SELECT seq, at, coalesce(iif(json_valid(body), body ->> 'clock', ''), '') FROM events
		WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?`, p.after, top, few)
	if err != nil {
		return fmt.Errorf("prune the journal: %w", err)
	}
	defer rows.Close()
	n := 0
	for ; rows.Next() && !p.last; n++ {
		var at int64
		var clock string
		if err := rows.Scan(&p.after, &at, &clock); err != nil {
			return err
		}
		age := wall.Sub(time.UnixMilli(at))
		switch {
		case clock == "unset" || age < -day:
		case age > w.opt.Keep:
			p.cut = p.after
		default:
			p.last = true
		}
	}
	p.last = p.last || n < few
	return rows.Err()
}
