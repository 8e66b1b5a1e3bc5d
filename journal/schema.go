package journal

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"net/url"
	"strings"
	"time"

	"golang.org/x/sys/unix"
	sqlite "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"

	"latchd/lock"
)

const (
	version = 1          // PRAGMA user_version: of the tables
	mark    = 0x6c746368 // PRAGMA application_id: "ltch"
)

// The one row of state carries a checksum, since SQLite has none and a count of lockouts must not be taken on trust.
const schema = `
CREATE TABLE events (seq INTEGER PRIMARY KEY, id TEXT NOT NULL, at INTEGER NOT NULL, type TEXT NOT NULL, body TEXT NOT NULL) STRICT;
CREATE TABLE state (one INTEGER PRIMARY KEY CHECK (one = 1), delivered INTEGER NOT NULL, body TEXT NOT NULL, boot TEXT NOT NULL,
	boottime INTEGER NOT NULL, why TEXT NOT NULL, crc INTEGER NOT NULL) STRICT;`

// row is the one row of state.
type row struct {
	delivered uint64        // the broker has acknowledged all events up to this seq
	body      string        // lock.State as JSON; empty: none was saved yet
	boot      string        // Boot.ID when it was saved
	boottime  time.Duration // Boot.Clock then
	why       string        // while body is empty: why there is none though this is no first start
}

func (r row) crc() uint32 {
	return crc32.ChecksumIEEE(fmt.Appendf(nil, "%d\n%s\n%s\n%d\n%s", r.delivered, r.body, r.boot, r.boottime, r.why))
}

type execer interface {
	Exec(query string, args ...any) (sql.Result, error)
}

func (r row) write(to execer) error {
	_, err := to.Exec(`INSERT OR REPLACE INTO state (one, delivered, body, boot, boottime, why, crc) VALUES (1, ?, ?, ?, ?, ?, ?)`,
		r.delivered, r.body, r.boot, r.boottime, r.why, r.crc())
	return err
}

func readRow(db *sql.DB) (r row, err error) {
	var crc uint32
	err = db.QueryRow(`SELECT delivered, body, boot, boottime, why, crc FROM state WHERE one = 1`).
		Scan(&r.delivered, &r.body, &r.boot, &r.boottime, &r.why, &crc)
	if err == nil && crc != r.crc() {
		err = damage{errors.New("the saved state fails its checksum")}
	}
	return r, err
}

// decode returns the saved state as of now, and whether there is one.
func (r row) decode(now Boot) (s lock.State, known bool, err error) {
	if r.body == "" {
		return s, false, nil
	}
	if err := json.Unmarshal([]byte(r.body), &s); err != nil {
		return s, false, damage{errors.New("the saved state cannot be read")}
	}
	if now.ID != "" && now.ID == r.boot {
		s = later(s, now.Clock()-r.boottime)
	}
	return s, true, nil
}

// open opens the file at path with one connection. A page cache of 256 KiB, no mapping and a log that is folded back
// each MiB keep memory and start flat however long the journal grows.
func open(path, mode string) (*sql.DB, error) {
	pragmas := []string{"busy_timeout(1000)", "cache_size(-256)", "mmap_size(0)", "trusted_schema(0)", "cell_size_check(1)"}
	if mode != "ro" {
		pragmas = append(pragmas, "journal_mode(WAL)", "synchronous(FULL)", "wal_autocheckpoint(256)", "journal_size_limit(1048576)")
	}
	q := url.Values{"mode": {mode}, "_txlock": {"immediate"}, "_pragma": pragmas}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return db, nil
}

// damage is a journal that cannot be trusted and has to be set aside.
type damage struct{ error }

func (d damage) Unwrap() error { return d.error }

// broken says whether err comes from what is in the file, and not from the disk, its room or its permissions.
func broken(err error) bool {
	if errors.As(err, &damage{}) || errors.Is(err, sql.ErrNoRows) {
		return true
	}
	var e *sqlite.Error
	if !errors.As(err, &e) { // a column holds what its table forbids; database/sql has no type for it
		return strings.Contains(err.Error(), "sql: Scan error")
	}
	switch e.Code() {
	case codes.SQLITE_IOERR_READ, codes.SQLITE_IOERR_SHORT_READ, codes.SQLITE_IOERR_DATA, codes.SQLITE_IOERR_CORRUPTFS:
		return true
	}
	switch e.Code() & 0xff {
	case codes.SQLITE_ERROR, codes.SQLITE_CORRUPT, codes.SQLITE_NOTADB:
		return true
	}
	return false
}

// explain puts err into words for people, with what they can do about it.
func explain(err error) (detail, hint string) {
	extended := codes.SQLITE_OK
	if e := (*sqlite.Error)(nil); errors.As(err, &e) {
		extended = e.Code()
	}
	code := extended & 0xff
	switch {
	// SQLITE_IOERR_SHMSIZE: no room for the log's index, https://sqlite.org/rescode.html#ioerr_shmsize
	case code == codes.SQLITE_FULL, extended == codes.SQLITE_IOERR_SHMSIZE, errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EDQUOT):
		hint = "make room on the disk"
	case code == codes.SQLITE_READONLY, errors.Is(err, unix.EROFS):
		hint = "mount it for writing; a card that turns read-only by itself is worn out: replace it"
	case code == codes.SQLITE_IOERR, errors.Is(err, unix.EIO), errors.Is(err, unix.EFBIG):
		hint = "see the kernel's log (dmesg); a card with such errors is worn out: replace it"
	case code == codes.SQLITE_BUSY:
		hint = "another program holds a lock on the file: end it"
	case errors.Is(err, ErrInUse):
		hint = "stop the other one, or give this one a folder of its own"
	default:
		hint = "check that the folder can be made and belongs to the user that latchd runs as"
	}
	return err.Error(), hint
}
