package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"syscall"
)

// file is what will be in one place.
type file struct {
	path string
	data []byte
	mode fs.FileMode
}

// put writes each file beside its place, and then moves all of them there, one right after the other; what was moved before one
// that cannot be is taken back. The end of ctx counts until the first is moved.
func put(ctx context.Context, files []file) (err error) {
	moves := make([]move, len(files))
	defer func() {
		for _, m := range moves {
			m.clean()
		}
	}()
	for i, f := range files {
		if moves[i], err = f.write(); err != nil {
			return fmt.Errorf("write %s: %w", f.path, err)
		}
	}
	if ctx.Err() != nil {
		return errBrokenOff
	}
	for i, m := range moves {
		if err := os.Rename(m.from, m.to); err != nil {
			err = fmt.Errorf("write %s: %w", m.to, err)
			for _, m := range slices.Backward(moves[:i]) {
				err = errors.Join(err, m.undo())
			}
			return err
		}
	}
	for _, m := range moves {
		err = errors.Join(err, syncFolder(filepath.Dir(m.to)))
	}
	return err
}

// move is a file that was written beside its place.
type move struct {
	from, to string
	isNew    bool // nothing was there before
}

// before is where the file that was there before is kept meanwhile, on file systems that have links.
func (m move) before() string { return m.from + "~" }

// halfWritten is how the names of files end that are written beside their places.
var halfWritten = regexp.MustCompile(`^-[0-9]+~?$`)

// write writes the file beside its place. What others than its owner may read gets the folder's group, which on an installed
// door is the daemon's.
func (f file) write() (m move, err error) {
	dir := filepath.Dir(f.path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return m, err
	}
	w, err := os.CreateTemp(dir, "."+filepath.Base(f.path)+"-*") // mode 0600
	if err != nil {
		return m, err
	}
	m = move{from: w.Name(), to: f.path}
	if info, err := os.Stat(dir); err == nil && f.mode != 0o600 {
		_ = w.Chown(-1, int(info.Sys().(*syscall.Stat_t).Gid)) // only root may; then it is the right one
	}
	_, err = w.Write(f.data)
	m.isNew = errors.Is(os.Link(m.to, m.before()), fs.ErrNotExist)
	return m, errors.Join(err, w.Chmod(f.mode), w.Sync(), w.Close())
}

func (m move) undo() error {
	if m.isNew {
		return os.Remove(m.to)
	}
	return os.Rename(m.before(), m.to)
}

func (m move) clean() {
	if m.from != "" {
		_, _ = os.Remove(m.from), os.Remove(m.before()) // mostly they are gone
	}
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
