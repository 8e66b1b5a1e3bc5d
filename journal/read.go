package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
	sqlite "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"

	"latchd/lock"
)

// Query chooses events.
type Query struct {
	Since  time.Time // at this wall time or later; zero: all
	Until  time.Time // before this wall time; zero: all
	Types  string    // patterns of path.Match on the type, with commas between them, such as "access.*,bell.rung"; empty: all
	Words  string    // each of these stands in the event's JSON, in capitals or not; empty: all
	After  uint64    // of a higher seq than this
	Before uint64    // of a lower seq than this; 0: all
	Newest bool      // those of the highest seq first; for Look
	Limit  int       // at the most so many, the first ones; 0: all, for Look 500
}

// pageSize is how many events are read at a time, so that a slow reader does not keep the log from being folded back.
const pageSize = 500

// page reads the first events that q lets through, whatever its limit. SQLite's GLOB is path.Match for what has no slash.
func page(ctx context.Context, db *sql.DB, q Query, limit int) ([]lock.Event, error) {
	since, until, before, order := int64(math.MinInt64), int64(math.MaxInt64), uint64(math.MaxInt64), "ASC"
	if !q.Since.IsZero() {
		since = q.Since.UnixMilli()
	}
	if !q.Until.IsZero() {
		until = q.Until.UnixMilli()
	}
	if q.Before != 0 {
		before = min(q.Before, before)
	}
	if q.Newest {
		order = "DESC"
	}
	where, args := "seq > ? AND seq < ? AND at >= ? AND at < ?", []any{min(q.After, math.MaxInt64), before, since, until}
	if q.Types != "" {
		var any []string
		for pattern := range strings.SplitSeq(q.Types, ",") {
			any, args = append(any, "type GLOB ?"), append(args, pattern)
		}
		where += " AND (" + strings.Join(any, " OR ") + ")"
	}
	for word := range strings.FieldsSeq(q.Words) {
		where, args = where+" AND instr(lower(type || ' ' || body), lower(?)) > 0", append(args, word)
	}
	rows, err := db.QueryContext(ctx, "SELECT seq, id, at, type, body FROM events WHERE "+where+" ORDER BY seq "+order+" LIMIT ?", append(args, limit)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var events []lock.Event
	for rows.Next() {
		var seq uint64
		var at int64
		var id, typ, body string
		if err := rows.Scan(&seq, &id, &at, &typ, &body); err != nil {
			return nil, err
		}
		events = append(events, decodeEvent(seq, id, at, typ, body))
	}
	return events, rows.Err()
}

// Read calls each with the events in dir that q chooses, in the order of seq, until it returns an error, which Read
// returns. It may run beside the daemon, in this process or another: it changes no event. It needs to read journal.db and
// the files -wal and -shm beside it, and to make those while no daemon runs (root makes them the daemon's), so it is for
// root and for the daemon's own user: the journal's files are open to nobody else.
func Read(ctx context.Context, dir string, q Query, each func(lock.Event) error) error {
	r, err := openReader(dir, q, each)
	if err != nil {
		return err
	}
	defer r.db.Close()
	return r.read(ctx)
}

// followEvery is how often Follow looks for new events.
const followEvery = 500 * time.Millisecond

// Follow is Read that goes on with the events to come, until ctx ends; then it returns nil. It goes on over a restart of
// the daemon and over a journal that was set aside.
func Follow(ctx context.Context, dir string, q Query, each func(lock.Event) error) error {
	r, err := openReader(dir, q, each)
	if err != nil {
		return err
	}
	defer func() { r.db.Close() }()
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for {
		if err := r.read(ctx); err != nil || r.done() {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		for changed := false; !changed; {
			select {
			case <-ctx.Done():
				return nil
			case <-tick.C:
			}
			if changed, err = r.changed(ctx); err != nil {
				if ctx.Err() != nil {
					return nil
				}
				return err
			}
		}
	}
}

// reader is a journal opened by one who only looks.
type reader struct {
	dir  string
	db   *sql.DB
	file os.FileInfo
	data int // PRAGMA data_version: another one means that someone has written
	q    Query
	each func(lock.Event) error
	n    int
}

// mostTerms bounds a query's patterns and words.
const mostTerms = 32

func (q Query) check() error {
	for pattern := range strings.SplitSeq(q.Types, ",") {
		if _, err := path.Match(pattern, ""); err != nil {
			return fmt.Errorf("read the journal: type %q: %w", pattern, err)
		}
	}
	if strings.Count(q.Types, ",")+len(strings.Fields(q.Words)) >= mostTerms {
		return fmt.Errorf("read the journal: more than %d patterns and words", mostTerms)
	}
	return nil
}

func openReader(dir string, q Query, each func(lock.Event) error) (*reader, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	r := &reader{dir: dir, q: q, each: each}
	if err := r.open(); err != nil {
		return nil, fmt.Errorf("read the journal in %s: %w", dir, err)
	}
	return r, nil
}

func (r *reader) open() error {
	name, err := filepath.Abs(filepath.Join(r.dir, "journal.db"))
	if err != nil {
		return err
	}
	// For a plain error; SQLite's own says neither which file nor why. Not by opening it: closing it again would take away
	// the locks of a writer in the same process (fcntl(2)).
	if r.file, err = os.Stat(name); err == nil {
		err = unix.Access(name, unix.R_OK)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: no latchd has run with this folder", err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w: try with sudo", err)
	case err != nil:
		return err
	}
	if r.db, err = open(name, "ro"); err != nil {
		return err
	}
	if err = checkVersion(r.db); err != nil {
		r.db.Close()
	}
	if e := (*sqlite.Error)(nil); errors.As(err, &e) && e.Code()&0xff == codes.SQLITE_CANTOPEN {
		err = fmt.Errorf("%w: -wal and -shm cannot be made beside it; if the disk is read-only, copy the folder and read the copy", err)
	}
	return err
}

// read goes through what is there now.
func (r *reader) read(ctx context.Context) error {
	for {
		events, err := page(ctx, r.db, r.q, pageSize)
		if err != nil {
			return fmt.Errorf("read the journal in %s: %w", r.dir, err)
		}
		for _, e := range events {
			r.q.After = e.Seq
			if err := r.each(e); err != nil {
				return err
			}
			if r.n++; r.done() {
				return nil
			}
		}
		if len(events) < pageSize {
			return nil
		}
	}
}

func (r *reader) done() bool { return r.q.Limit > 0 && r.n >= r.q.Limit }

// changed says whether there may be new events.
func (r *reader) changed(ctx context.Context) (bool, error) {
	now, err := os.Stat(filepath.Join(r.dir, "journal.db"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	if err == nil && !os.SameFile(now, r.file) {
		r.db.Close()
		return true, r.open()
	}
	var data int
	if err := r.db.QueryRowContext(ctx, `PRAGMA data_version`).Scan(&data); err != nil {
		return false, err
	}
	changed := data != r.data
	r.data = data
	return changed, nil
}
