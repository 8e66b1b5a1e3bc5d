package journal

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"latchd/lock"
)

// files are the open files of a journal; w and r are nil while it cannot be used.
type files struct {
	mu   sync.RWMutex // held for reading by who uses r; for writing by who closes or opens
	w, r *sql.DB
	lock *os.File
	top  uint64 // the ceiling on the disk
	owed int    // events that are not written, as the file lock says
	left int    // of these, by the run before, and not told of yet
}

// suffixes of the files that make up one SQLite database.
var suffixes = []string{"", "-wal", "-shm", "-journal"}

// claim takes the lock that only one writing process can hold. The kernel lets go of it when the process dies.
func (f *files) claim(dir string) error {
	if f.lock != nil {
		return nil
	}
	l, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := unix.Flock(int(l.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		l.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return ErrInUse
		}
		return fmt.Errorf("lock %s: %w", l.Name(), err)
	}
	f.lock = l
	f.owed = int(f.number(owedAt))
	f.left = f.owed
	return nil
}

// shut closes the database. The writing connection goes last: it folds the log back into the file.
func (f *files) shut() error {
	if f.w == nil {
		return nil
	}
	err := errors.Join(f.r.Close(), f.w.Close())
	f.w, f.r = nil, nil
	return err
}

// found is what a journal on the disk holds.
type found struct {
	row
	state lock.State
	known bool   // a state has been saved
	last  uint64 // the highest seq
}

// inspect reads what a start needs to know, without changing anything: a connection that may not write neither repairs
// nor removes what may have to be set aside.
func inspect(path string, now Boot) (was found, err error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return was, err
	case !info.Mode().IsRegular():
		return was, damage{errors.New("it is not a file")}
	case info.Size() == 0:
		return was, damage{errors.New("it is empty")}
	}
	db, err := open(path, "ro")
	if err != nil {
		return was, err
	}
	defer db.Close()
	if err := checkVersion(db); err != nil {
		return was, err
	}
	if wal, err := os.Stat(path + "-wal"); err != nil || wal.Size() == 0 { // else the log may hold what the file lacks
		var size int64
		if err := db.QueryRow(`SELECT page_count * page_size FROM pragma_page_count, pragma_page_size`).Scan(&size); err != nil {
			return was, err
		}
		if info.Size() < size {
			return was, damage{errors.New("it was cut short")}
		}
	}
	if was.row, err = readRow(db); err != nil {
		return was, err
	}
	if was.state, was.known, err = was.decode(now); err != nil {
		return was, err
	}
	var id, typ, body string
	var at int64
	err = db.QueryRow(`SELECT seq, id, at, type, body FROM events ORDER BY seq DESC LIMIT 1`).Scan(&was.last, &id, &at, &typ, &body)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return was, err
	}
	was.last = max(was.last, was.delivered) // a fresh journal starts above what was lost
	if was.last >= lastSeq {
		return was, damage{fmt.Errorf("its last seq is %d", was.last)}
	}
	return was, nil
}

func checkVersion(db *sql.DB) error {
	var app, v int
	if err := db.QueryRow(`PRAGMA application_id`).Scan(&app); err != nil {
		return err
	}
	if err := db.QueryRow(`PRAGMA user_version`).Scan(&v); err != nil {
		return err
	}
	if app != mark {
		return damage{errors.New("it is another program's database")}
	}
	if v != version {
		return damage{fmt.Errorf("its tables have version %d, this latchd knows version %d", v, version)}
	}
	return nil
}

// setAside renames the database at path, and returns its new path. Nothing is ever overwritten or deleted.
func setAside(path string, now time.Time) (string, error) {
	aside := path + ".damaged-" + now.UTC().Format("20060102T150405Z")
	for n, stem := 2, aside; taken(aside); n++ {
		aside = fmt.Sprintf("%s-%d", stem, n)
	}
	for _, s := range suffixes {
		if err := os.Rename(path+s, aside+s); err != nil && !missing(err) {
			return "", fmt.Errorf("set the damaged journal aside: %w", err)
		}
	}
	return aside, nil
}

func taken(path string) bool {
	for _, s := range suffixes {
		if _, err := os.Lstat(path + s); !missing(err) {
			return true
		}
	}
	return false
}

// create makes a new database at path, complete before it gets its name, so that one found at path was once whole.
func create(path string, r row) error {
	draft := path + ".new"
	for _, s := range suffixes {
		if err := os.Remove(draft + s); err != nil && !missing(err) {
			return err
		}
	}
	f, err := os.OpenFile(draft, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) // -wal and -shm get the same mode
	if err != nil {
		return err
	}
	f.Close()
	db, err := open(draft, "rw")
	if err != nil {
		return err
	}
	if err := errors.Join(fill(db, r), db.Close()); err != nil {
		return err
	}
	if err := os.Rename(draft, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func fill(db *sql.DB, r row) error {
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.Exec(schema + fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d;", mark, version)); err != nil {
		return err
	}
	if err := r.write(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	// Closing would do the same, but say nothing when it fails.
	_, err = db.Exec(`PRAGMA wal_checkpoint(TRUNCATE)`)
	return err
}
