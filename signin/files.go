package signin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	sessionsFile = "sessions.json"
	clientsFile  = "clients.json"
	usersFile    = "users.json"

	format   = 1 // of all three
	maxBytes = 1 << 20
)

// damage is what is wrong with a file that could be read, but makes no sense.
type damage struct{ error }

// readFile decodes a file of the folder. Missing, it leaves v alone.
func readFile(path string, v any) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	body, err := io.ReadAll(io.LimitReader(f, maxBytes))
	if err != nil {
		return err
	}
	var head struct{ Version int }
	if err := json.Unmarshal(body, &head); err != nil || head.Version != format {
		return damage{fmt.Errorf("read %s: it is torn, or another program's", filepath.Base(path))}
	}
	if err := json.Unmarshal(body, v); err != nil {
		return damage{fmt.Errorf("read %s: it is torn, or another program's", filepath.Base(path))}
	}
	return nil
}

// writeFile replaces a file in one step, so that a power cut leaves the old text or the new one. It belongs to the folder's owner.
func writeFile(path string, body []byte) error {
	dir, draft := filepath.Dir(path), path+".new"
	if err := os.Remove(draft); err != nil && !errors.Is(err, fs.ErrNotExist) { // what a power cut has left may be root's
		return err
	}
	f, err := os.OpenFile(draft, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(body)
	if os.Geteuid() == 0 {
		err = errors.Join(err, giveTo(f, dir))
	}
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(draft, path); err != nil {
		return err
	}
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// giveTo lets the daemon read what root has made for it.
func giveTo(f *os.File, dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return f.Chown(int(s.Uid), int(s.Gid))
	}
	return nil
}

// encode gives a file's text.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "\t")
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic("signin: " + err.Error()) // the types here can all be encoded
	}
	return b.Bytes()
}

// setAside renames a file that cannot be trusted; it is never deleted.
func setAside(path string) {
	aside := path + ".damaged-" + time.Now().UTC().Format("20060102T150405Z")
	for n, stem := 2, aside; ; n++ {
		if _, err := os.Lstat(aside); errors.Is(err, fs.ErrNotExist) {
			break
		}
		aside = fmt.Sprintf("%s-%d", stem, n)
	}
	os.Rename(path, aside) // where this fails, writing will fail too, and is told
}

// hold keeps other processes from changing clients.json until free is called. It waits no longer than patience.
func hold(dir string, patience time.Duration) (free func(), err error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	for start := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return func() { f.Close() }, nil
		}
		if time.Since(start) >= patience {
			f.Close()
			return nil, fmt.Errorf("wait for another latchd that changes the clients: %w", err)
		}
	}
}
