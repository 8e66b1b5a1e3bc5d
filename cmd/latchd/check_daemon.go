package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// daemon looks whether the installed service is at work, with what is on the disk now, and starts at boot.
func (r *report) daemon(ctx context.Context, config string) {
	if r.service == nil {
		return
	}
	s, ok := show(ctx, "latchd.service")
	if !ok {
		return
	}
	ails := s.ails(r.service.drops)
	if old := s.old(r, config); len(old) > 0 {
		first := ""
		if r.failed {
			first = "mend what failed, then "
		}
		ails = append(ails, "changed since the door read it: "+strings.Join(old, ", ")+": "+first+"systemctl restart latchd")
	}
	for _, a := range ails {
		r.warn("service: %s", a)
	}
	if len(ails) == 0 {
		r.ok("service: at work, and starts at boot")
	}
}

// properties are a unit's, as systemctl show has them (org.freedesktop.systemd1(5)).
type properties map[string]string

// show asks systemd. It is not ok where systemd does not run, or has no such unit.
func show(ctx context.Context, unit string) (s properties, ok bool) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, "systemctl", "show", unit, "--property=LoadState,UnitFileState,ActiveState,SubState,Result,"+
		"NeedDaemonReload,DropInPaths,ExecMainStartTimestampMonotonic,StateChangeTimestampMonotonic").Output()
	s = properties{}
	for line := range strings.Lines(string(out)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		s[key] = value
	}
	return s, err == nil && s["ActiveState"] != "" && s["LoadState"] != "not-found"
}

// ails says what is wrong with the service, which has these drop-ins on the disk, and what to do.
func (s properties) ails(drops []string) (ails []string) {
	boot := s["UnitFileState"] == "enabled"
	switch state := s["ActiveState"]; {
	case s["LoadState"] == "masked":
		return []string{"it is masked, and cannot start: systemctl unmask latchd && systemctl enable --now latchd"}
	case s["LoadState"] != "loaded":
		ails = append(ails, "systemd does not take its unit ("+s["LoadState"]+"): systemctl status latchd says why")
	case state == "failed", s["SubState"] == "auto-restart":
		ails = append(ails, "it does not stay up ("+s["Result"]+"): journalctl -u latchd -n 20 says why")
	case state == "inactive" && boot:
		ails = append(ails, "it is stopped: systemctl start latchd")
	case state == "inactive":
		ails = append(ails, "it is stopped, and does not start at boot: systemctl enable --now latchd")
	case state != "active" && state != "reloading":
		ails = append(ails, "it is "+state+": see again in a moment")
	}
	if !boot && s["ActiveState"] != "inactive" {
		ails = append(ails, "it does not start at boot: systemctl enable latchd")
	}
	if s["NeedDaemonReload"] == "yes" || s.lacks(drops) {
		ails = append(ails, "its unit or a drop-in has changed: systemctl daemon-reload && systemctl restart latchd")
	}
	return ails
}

// lacks says whether systemd has not read one of these drop-ins. It says so itself only of those in a folder that was there
// when it last looked.
func (s properties) lacks(drops []string) bool {
	real := func(file string) string {
		path, _ := filepath.EvalSymlinks(file) // "" for one that is gone
		return path
	}
	var read []string
	for _, file := range strings.Fields(s["DropInPaths"]) {
		read = append(read, real(file))
	}
	return slices.ContainsFunc(drops, func(drop string) bool { return !slices.Contains(read, real(drop)) })
}

// old returns the files that have changed since a running door read them: the configuration at its start or a reload, the
// secrets, of which systemd makes it copies, at its start.
func (s properties) old(r *report, config string) (old []string) {
	if s["ActiveState"] != "active" {
		return nil
	}
	read := []string{config}
	if r.cfg != nil && r.cfg.Include != "" {
		read = append(read, beside(config, r.cfg.Include))
	}
	for _, file := range read {
		if newer(file, s["StateChangeTimestampMonotonic"]) {
			old = append(old, file)
		}
	}
	u := r.service.unit
	for _, credential := range slices.Concat(u["LoadCredential"], u["LoadCredentialEncrypted"]) {
		if _, file, _ := strings.Cut(credential, ":"); newer(file, s["ExecMainStartTimestampMonotonic"]) {
			old = append(old, file)
		}
	}
	return old
}

// newer says whether a file has changed since that moment, in µs of the monotonic clock: the wall clock of a Pi is often set
// only after the door's start. One that is not there has not.
func newer(file, moment string) bool {
	info, err := os.Stat(file)
	at, notNumber := strconv.ParseInt(moment, 10, 64)
	var now unix.Timespec
	if err != nil || notNumber != nil || unix.ClockGettime(unix.CLOCK_MONOTONIC, &now) != nil {
		return false
	}
	return time.Since(info.ModTime()) < time.Duration(now.Nano()-at*int64(time.Microsecond))
}
