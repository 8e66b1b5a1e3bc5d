package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"latchd/configs"
)

// store puts secrets and the configuration into their places.
type store struct {
	dir, dropIn string
	seal        bool // the secrets, with systemd-creds
	names       []string
	secrets     map[string]configs.Secret
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

// holds says whether a secret is there already.
func (st *store) holds(name string) bool {
	for _, path := range []string{st.plain(name), st.sealed(name)} {
		if info, err := os.Stat(path); err == nil && info.Size() > 0 {
			return true
		}
	}
	return false
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

// plan lists what writeSecrets will do.
func (st *store) plan() (lines []string) {
	for _, name := range st.names {
		if st.seal {
			lines = append(lines, fmt.Sprintf("%s: [secret], sealed with systemd-creds for this machine", st.sealed(name)))
		} else {
			lines = append(lines, fmt.Sprintf("%s: [secret], for its owner alone", st.plain(name)))
		}
	}
	if st.seal && len(st.names) > 0 {
		lines = append(lines, st.dropIn+": where systemd finds it")
	}
	return lines
}

// writeSecrets writes each secret in one step, and then the drop-in that names the sealed ones. What stood before is still
// there: dropOld takes it away when all the rest is written.
func (st *store) writeSecrets() error {
	for _, name := range st.names {
		path, data := st.plain(name), []byte(st.secrets[name].Reveal()+"\n")
		if st.seal {
			sealed, err := seal(name, data)
			if err != nil {
				return err
			}
			path, data = st.sealed(name), sealed
		}
		if err := putFile(path, data, 0o600); err != nil {
			return err
		}
	}
	if drop := st.drop(); drop != "" && len(st.names) > 0 {
		return putFile(st.dropIn, []byte("# Written by latchd setup: secrets that systemd-creds has sealed for this machine.\n[Service]\n"+drop), 0o644)
	}
	return nil
}

// drop names the secrets that are sealed now.
func (st *store) drop() string {
	var drop strings.Builder
	for _, name := range []string{configs.TwilioAuthToken, configs.MQTTPassword} {
		path, err := filepath.Abs(st.sealed(name))
		if err == nil {
			_, err = os.Stat(path)
		}
		if err == nil && (st.seal || !slices.Contains(st.names, name)) {
			fmt.Fprintf(&drop, "LoadCredentialEncrypted=%s:%s\n", name, path)
		}
	}
	return drop.String()
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
	if len(st.names) > 0 && st.drop() == "" {
		old = append(old, st.dropIn)
	}
	for _, path := range old {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove what is replaced: %w", err)
		}
	}
	return nil
}

// writeConfig replaces the configuration in one step. The old one is kept beside it, with .old behind its name.
func (st *store) writeConfig(path, text string) error {
	old, err := os.ReadFile(path)
	switch {
	case err == nil:
		if err := putFile(path+".old", old, 0o640); err != nil {
			return err
		}
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("keep the old configuration: %w", err)
	}
	return putFile(path, []byte(text), 0o640)
}

// putFile writes a file in one step: it has its old content or the new one, whatever happens. What others than its owner may
// read gets the folder's group, which on an installed door is the daemon's.
func putFile(path string, data []byte, mode fs.FileMode) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("write %s: %w", path, err)
		}
	}()
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, "."+filepath.Base(path)+"-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if info, err := os.Stat(dir); err == nil && mode != 0o600 {
		_ = f.Chown(-1, int(info.Sys().(*syscall.Stat_t).Gid)) // only root may; then it is the right one
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

const sealer = "systemd-creds"

// canSeal says whether secrets can be sealed for this machine, by sealing something: it takes root and systemd 250.
func canSeal() bool {
	if os.Geteuid() != 0 {
		return false
	}
	_, err := seal("latchd-setup", []byte("a trial"))
	return err == nil
}

// seal encrypts a secret with the machine's key, and proves that it can be had back (systemd-creds(1)).
func seal(name string, secret []byte) ([]byte, error) {
	sealed, err := creds(secret, "encrypt", name, "-")
	if err != nil {
		return nil, err
	}
	back, err := creds(sealed, "decrypt", name, "-")
	if err == nil && !bytes.Equal(back, secret) {
		err = errors.New("what was sealed does not come back")
	}
	return sealed, err
}

// unseal reads a sealed secret. It takes root.
func unseal(name, path string) (string, error) {
	secret, err := creds(nil, "decrypt", name, path)
	return string(secret), err
}

func creds(in []byte, verb, name, path string) ([]byte, error) {
	cmd := exec.Command(sealer, verb, "--name="+name, path, "-")
	var out, complaint bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(in), &out, &complaint
	if err := cmd.Run(); err != nil {
		why := strings.TrimSpace(complaint.String())
		return nil, fmt.Errorf("%s %s %s: %w: %s (--plain-secrets does without it)", sealer, verb, name, err, why)
	}
	return out.Bytes(), nil
}

// readable are the places of an installed latchd's secrets for a person who looks after it: sealed ones are opened.
func readable(dir string) configs.Secrets {
	s := configs.SystemSecrets()
	s.Dir, s.Unseal = dir, unseal
	return s
}
