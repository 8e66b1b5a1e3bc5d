package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"latchd/configs"
)

// store puts secrets and the configuration into their places.
type store struct {
	dir, dropIn string
	seal        bool // the secrets, with systemd-creds
	names       []string
	secrets     map[string]configs.Secret
	unitChanged bool // the drop-in has been written, or taken away
}

func (st *store) add(name string, secret configs.Secret) {
	if st.secrets == nil {
		st.secrets = map[string]configs.Secret{}
	}
	if st.secrets[name] == (configs.Secret{}) {
		st.names = append(st.names, name)
	}
	st.secrets[name] = secret
}

// holds says whether a secret is there already. The error says why what is there is of no use.
func (st *store) holds(name string) (bool, error) {
	_, _, err := configs.Secrets{Dir: st.dir, Unseal: unseal, Getenv: func(string) string { return "" }}.Find(name)
	if errors.Is(err, configs.ErrNoSecret) {
		return false, nil
	}
	return err == nil, err
}

func (st *store) plain(name string) string  { return filepath.Join(st.dir, name) }
func (st *store) sealed(name string) string { return filepath.Join(st.dir, name+configs.Sealed) }

// room says why the files could not be written, if that can be seen.
func (st *store) room(config string) error {
	dirs := []string{filepath.Dir(config), st.dir}
	if st.seal && len(st.names) > 0 {
		dirs = append(dirs, filepath.Dir(st.dropIn))
	}
	for _, dir := range dirs {
		at := dir
		for _, err := os.Stat(at); errors.Is(err, fs.ErrNotExist) && at != filepath.Dir(at); _, err = os.Stat(at) {
			at = filepath.Dir(at)
		}
		if err := unix.Access(at, unix.W_OK|unix.X_OK); err != nil {
			return fmt.Errorf("set up the door: write into %s: %w: run this with sudo", dir, err)
		}
	}
	return nil
}

// plan lists what write will do, but for the configuration.
func (st *store) plan() (lines []string) {
	for _, name := range st.names {
		if st.seal {
			lines = append(lines, fmt.Sprintf("%s: [secret], sealed with systemd-creds for this machine", st.sealed(name)))
		} else {
			lines = append(lines, fmt.Sprintf("%s: [secret], for its owner alone", st.plain(name)))
		}
	}
	if st.newUnit() {
		lines = append(lines, st.dropIn+": where systemd finds it")
	}
	return lines
}

// write puts the secrets, the drop-in that names the sealed ones, and the configuration into their places, or none of them.
// Without a text the configuration stays. What stood there before it is kept beside it. Another form of a secret is
// still there then: dropOld takes it away.
func (st *store) write(ctx context.Context, path, text string) error {
	if err := st.sweep(path); err != nil {
		return err
	}
	var files []file
	for _, name := range st.names {
		f := file{st.plain(name), []byte(st.secrets[name].Reveal() + "\n"), 0o600}
		if ctx.Err() != nil {
			return errBrokenOff
		}
		if st.seal {
			sealed, err := seal(ctx, name, f.data)
			if err != nil {
				return err
			}
			f.path, f.data = st.sealed(name), sealed
		}
		files = append(files, f)
	}
	if st.unitChanged = st.newUnit(); st.unitChanged {
		files = append(files, file{st.dropIn, []byte(st.unit()), 0o644})
	}
	if text != "" {
		old, err := os.ReadFile(path)
		switch {
		case err == nil:
			files = append(files, file{kept(path), old, 0o640})
		case !errors.Is(err, fs.ErrNotExist):
			return fmt.Errorf("keep the old configuration: %w", err)
		}
		files = append(files, file{path, []byte(text), 0o640})
	}
	return put(ctx, files)
}

// kept is where the configuration goes that is replaced: each its own place, so that the first of all stays.
func kept(path string) string {
	to := path + ".old"
	for n := 2; exists(to); n++ {
		to = fmt.Sprintf("%s.old.%d", path, n)
	}
	return to
}

// sweep takes away what a setup left that was killed in the middle of writing: a secret may stand in it.
func (st *store) sweep(config string) error {
	var left []string
	for _, path := range []string{config, kept(config), st.dropIn, st.plain(configs.TwilioAuthToken), st.sealed(configs.TwilioAuthToken),
		st.plain(configs.MQTTPassword), st.sealed(configs.MQTTPassword)} {
		entries, _ := os.ReadDir(filepath.Dir(path)) // what cannot be read there cannot be written either
		for _, e := range entries {
			if end, ok := strings.CutPrefix(e.Name(), "."+filepath.Base(path)); ok && halfWritten.MatchString(end) {
				left = append(left, filepath.Join(filepath.Dir(path), e.Name()))
			}
		}
	}
	for _, path := range left {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove what an earlier setup left: %w", err)
		}
	}
	return nil
}

// unit is the drop-in that names the secrets that are sealed now, or will be; "" where none is.
func (st *store) unit() string {
	var drop strings.Builder
	for _, name := range []string{configs.TwilioAuthToken, configs.MQTTPassword} {
		path, err := filepath.Abs(st.sealed(name))
		is := err == nil && st.seal
		if err == nil && !slices.Contains(st.names, name) {
			_, err = os.Stat(path)
			is = err == nil
		}
		if is {
			fmt.Fprintf(&drop, "LoadCredentialEncrypted=%s:%s\n", name, path)
		}
	}
	if drop.Len() == 0 {
		return ""
	}
	return "# Written by latchd setup: secrets that systemd-creds has sealed for this machine.\n[Service]\n" + drop.String()
}

// newUnit says whether the drop-in has to be written: also where only the secrets came to be there, before a power cut.
func (st *store) newUnit() bool {
	unit := st.unit()
	was, err := os.ReadFile(st.dropIn)
	return unit != "" && (err != nil || string(was) != unit)
}

// dropOld takes away the other form of each secret that was written, and a drop-in that names nothing any more.
func (st *store) dropOld() error {
	var old []string
	for _, name := range st.names {
		if st.seal {
			old = append(old, st.plain(name))
		} else {
			old = append(old, st.sealed(name))
		}
	}
	if len(st.names) > 0 && st.unit() == "" {
		old = append(old, st.dropIn)
	}
	for _, path := range old {
		err := os.Remove(path)
		st.unitChanged = st.unitChanged || path == st.dropIn && err == nil
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove what is replaced: %w", err)
		}
	}
	return nil
}
