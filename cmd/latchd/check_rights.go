package main

import (
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"latchd/configs"
)

// reads looks whether the service can read a file that the door needs; "" needs none. That it is there, others look.
func (r *report) reads(what, file string) {
	if r.service == nil || file == "" {
		return
	}
	path, err := filepath.Abs(file)
	if err != nil {
		r.fail("%s: %v", what, err)
		return
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return
	}
	for _, p := range slices.Compact([]string{path, real}) {
		if hidden := r.service.unit.hides(p); hidden != "" {
			r.fail("%s: the service does not see %s (%s): put the file into %s", what, p, hidden, filepath.Dir(defaultConfig))
			return
		}
	}
	r.mayUse(what, path, toRead)
}

// mayUse looks whether modes and owners let the service's user at a file or folder, and says so when they do not.
func (r *report) mayUse(what, path string, want fs.FileMode) bool {
	a := r.service.user
	by, mode := a.kept(path, want)
	if by == "" {
		return true
	}
	letters, do := "x", "enter"
	if by == path {
		letters, do = "", ""
		for _, right := range []struct {
			bit    fs.FileMode
			letter string
			word   string
		}{{toRead, "r", "read"}, {toWrite, "w", "write"}, {toEnter, "x", "enter"}} {
			if want&right.bit != 0 {
				letters += right.letter
				do = strings.TrimPrefix(do+" and "+right.word, " and ")
			}
		}
	}
	r.fail("%s: the service's user %s cannot %s %s (%s): chgrp %s %s && chmod g+%s %s", what, a.name, do, by, mode, a.name, by, letters, by)
	return false
}

// gets looks whether the service gets the secret that was found there.
func (r *report) gets(what, name, source string) {
	if r.service == nil {
		return
	}
	u := r.service.unit
	for _, given := range slices.Concat(u["LoadCredential"], u["LoadCredentialEncrypted"]) {
		if given == name+":"+source {
			return
		}
	}
	switch {
	case strings.HasPrefix(source, "$"):
		r.fail("%s: the service does not have %s, which is in your environment: put the secret into %s (mode 600)", what, source, configs.SecretPath(name))
	case strings.HasSuffix(source, configs.Sealed):
		r.fail("%s: nothing hands the sealed secret to the service: systemctl edit latchd and add [Service] LoadCredentialEncrypted=%s:%s, "+
			"or let latchd setup do it", what, name, source)
	default:
		r.reads(what, source)
	}
}

// keeps looks whether the service may write into the journal's folder, or make it in what is there, and use the files in it.
func (r *report) keeps(dir, at string) {
	if r.service == nil {
		return
	}
	path, err := filepath.Abs(dir)
	if err != nil {
		r.fail("journal: %v", err)
		return
	}
	u := r.service.unit
	state := ""
	for name := range strings.FieldsSeq(strings.Join(u["StateDirectory"], " ")) {
		if s := filepath.Join("/var/lib", name); within(path, s) {
			state = s
		}
	}
	const mend = "systemctl edit latchd and add [Service] %s"
	if hidden := u.hides(path); hidden != "" {
		r.fail("journal: the service does not see %s (%s): set journal.path to a folder under /var/lib", path, hidden)
		return
	}
	if state == "" && u.last("ProtectSystem") == "strict" && !u.names(path, "ReadWritePaths", "BindPaths") {
		r.fail("journal: to the service %s is read-only (ProtectSystem=strict): "+mend, path, "ReadWritePaths="+path)
		return
	}
	// systemd makes the state folder and gives it to the user.
	if at, err = filepath.Abs(at); err == nil && at != state && (state == "" || within(at, state)) &&
		!r.mayUse("journal", at, toWrite|toEnter) {
		return
	}
	for _, name := range []string{"journal.db", "journal.db-wal", "journal.db-shm", "lock", "seq"} {
		if !r.mayUse("journal", filepath.Join(path, name), toRead|toWrite) {
			return
		}
	}
}

// drives looks whether the service sees the chip's device, and may drive its lines.
func (r *report) drives(device string) {
	if r.service == nil {
		return
	}
	u := r.service.unit
	if isYes(u.last("PrivateDevices")) && !u.names(device, "BindPaths") {
		r.fail("board: the service does not see %s (PrivateDevices=yes): systemctl edit latchd and add [Service] BindPaths=%s", device, device)
		return
	}
	if by, mode := r.service.user.kept(device, toRead|toWrite); by != "" {
		r.fail("board: the service's user %s cannot use %s (%s): give it to a group with the udev rule "+
			`SUBSYSTEM=="gpio", GROUP="gpio", MODE="0660", and the user to that group: usermod -aG gpio %s`, r.service.user.name, by, mode, r.service.user.name)
	}
}
