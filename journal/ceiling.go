package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// The file DIR/seq holds one decimal number, the ceiling: no event has ever been given a higher seq. It is raised, and
// safe on the disk, before a seq above it is given, so that seq does not go back even when journal.db is lost: a fresh
// journal goes on above the ceiling. The hole that this leaves in seq shows that events were lost.
//
// A clean end lowers it to the last seq given. A ceiling above the last seq therefore means that the last run was cut
// short, and one that is further above than any run puts it, that journal.db is an old copy. A nearer witness is the file
// lock: the last seq told is noted there, without waiting for the disk, so that a lost log (-wal) shows after a crash.
const (
	batch = 1000 // events in one transaction
	spare = 1000 // seqs reserved beyond what is needed
)

// lastSeq is the highest seq that every reader of JSON can hold exactly.
const lastSeq = 1 << 53

func readCeiling(dir string) (uint64, error) {
	b, err := os.ReadFile(filepath.Join(dir, "seq"))
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseUint(strings.TrimSpace(string(b)), 10, 64)
	if err != nil || n >= lastSeq {
		return 0, fmt.Errorf("read the ceiling of seq in %s: not a number below 2^53", dir)
	}
	return n, nil
}

func writeCeiling(dir string, n uint64) error {
	return replaceFile(dir, "seq", fmt.Appendln(nil, n))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// guessCeiling is for a journal that was lost together with its ceiling: Unix seconds, which a door that has counted from
// one stays below unless it tells more than one event a second for years. The damaged file's own time helps where the
// clock is not set.
func guessCeiling(path string, now time.Time) uint64 {
	guess := max(now.Unix(), 0)
	if info, err := os.Stat(path); err == nil {
		guess = max(guess, info.ModTime().Unix())
	}
	return uint64(guess)
}

// The lock's file holds two numbers, a line each. Writing them anew takes no room on the disk.
const (
	noteAt = 0  // the last seq told
	owedAt = 21 // how many events are not written
)

// note writes the last seq told into the lock's file. It may fail: it is a second witness.
func (f *files) note(last uint64) { f.lock.WriteAt(fmt.Appendf(nil, "%020d\n", last), noteAt) }

// noted returns what note wrote; 0 when it cannot be read.
func (f *files) noted() uint64 { return f.number(noteAt) }

// owe writes into the lock's file how many events wait for a disk that cannot be written, for the run after this one: if this
// one ends before they are written, nobody else knows of them. It may fail, as the disk does.
func (f *files) owe(n int) {
	if f.lock != nil && n != f.owed {
		f.owed = n
		f.lock.WriteAt(fmt.Appendf(nil, "%020d\n", n), owedAt)
		f.lock.Sync()
	}
}

// number reads one from the lock's file; 0 when it cannot be read.
func (f *files) number(at int64) uint64 {
	var b [20]byte
	if _, err := f.lock.ReadAt(b[:], at); err != nil {
		return 0
	}
	n, err := strconv.ParseUint(string(b[:]), 10, 64)
	if err != nil || n >= lastSeq {
		return 0
	}
	return n
}

// missing says whether err means that there is no such file.
func missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
