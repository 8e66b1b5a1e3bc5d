package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"latchd/configs"
	"latchd/lock"
	"latchd/otp"
	"latchd/systemd"
)

// clockSynced says whether the wall clock is known to be right; tests, whose machine may not be asked, put in their own.
var clockSynced = systemd.ClockSynced

// rules are the door's rules as the configuration has them, with the offline code's secret where codes of it are taken. A
// door that lacks the secret works, but for them.
func (h *house) rules(c *configs.Config) lock.Config {
	r, fault := rules(c), lock.Fault{Part: "offline"}
	if c.Offline.On() {
		key, _, err := offlineKey(h.secrets)
		if err != nil {
			fault.Standing, fault.Detail = true, "no offline code opens: "+err.Error()
			fault.Hint = "make one with latchd offline enroll, and restart"
		}
		r.Offline = lock.Offline{When: lock.OfflineWhen(c.Offline.Code), Key: key}
	}
	h.post(fault)
	return r
}

// offlineKey returns the secret shared with the owner's authenticator app, and where it was found.
func offlineKey(secrets configs.Secrets) (key otp.TOTP, source string, err error) {
	secret, source, err := secrets.Find(configs.OfflineCode)
	if err != nil {
		return key, source, err
	}
	if key, err = otp.ParseTOTP(secret.Reveal()); err != nil {
		return key, source, fmt.Errorf("read the secret %s: %w", source, err)
	}
	return key, source, nil
}

// offline looks whether offline codes, if they are to be taken, can be.
func (r *report) offline(cfg *configs.Config, secrets configs.Secrets) {
	if !cfg.Offline.On() {
		return
	}
	if _, source, err := offlineKey(secrets); err != nil {
		r.fail("offline code: %v; sudo latchd offline enroll makes one", err)
	} else {
		r.ok("offline code: secret found in %s", source)
		r.gets("offline code", configs.OfflineCode, source)
	}
}

// writeSecret makes a file that only its owner can read, whole or not at all.
func writeSecret(path, secret string, replace bool) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(secret)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	put := os.Link // refuses to replace
	if replace {
		put = os.Rename
	}
	if err := put(f.Name(), path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
