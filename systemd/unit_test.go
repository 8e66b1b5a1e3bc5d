package systemd

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// exposureLimit is what the README promises of `systemd-analyze security`: 10 is naked, 0 unreachable.
const exposureLimit = 1.1

func TestUnitExposureIsWithinTheLimit(t *testing.T) {
	out := run(t, "systemd-analyze", "security", "--no-pager", "--offline=true", "latchd.service")
	found := regexp.MustCompile(`Overall exposure level for latchd\.service: ([0-9.]+)`).FindStringSubmatch(out)
	if found == nil {
		t.Fatalf("no exposure level in:\n%s", out)
	}
	level, err := strconv.ParseFloat(found[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	if level > exposureLimit {
		t.Errorf("exposure level %v, want %v at the most:\n%s", level, exposureLimit, out)
	}
}

func TestUnitVerifies(t *testing.T) {
	root := t.TempDir()
	for _, program := range []string{"usr/bin/latchd", "bin/kill"} {
		write(t, filepath.Join(root, program), "#!/bin/sh\n", 0o755)
	}
	unit, err := os.ReadFile("latchd.service")
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(root, "etc/systemd/system/latchd.service"), string(unit), 0o644)
	// The root has none of the targets that a unit hangs on, so only errors of this unit count.
	out := run(t, "systemd-analyze", "verify", "--man=no", "--recursive-errors=no", "--root="+root, "latchd.service")
	if strings.TrimSpace(out) != "" {
		t.Errorf("systemd-analyze verify: %s", out)
	}
}

func TestUserIsInTheGroupThatOwnsTheChip(t *testing.T) {
	root := newRoot(t)
	group := read(t, filepath.Join(root, "etc/group"))
	if !regexp.MustCompile(`(?m)^gpio:x:\d+:latchd$`).MatchString(group) {
		t.Errorf("latchd is not in the group gpio:\n%s", group)
	}
	passwd := read(t, filepath.Join(root, "etc/passwd"))
	if !regexp.MustCompile(`(?m)^latchd:x:\d+:\d+:.*/nologin$`).MatchString(passwd) {
		t.Errorf("no user latchd without a shell:\n%s", passwd)
	}
}

func TestOnlyRootReadsTheSecretsAndTheDaemonItsConfiguration(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("systemd-tmpfiles can give files away only as root")
	}
	root := newRoot(t)
	for _, name := range []string{"latchd.toml", "twilio-auth-token", "mqtt-password", "offline-code"} {
		write(t, filepath.Join(root, "etc/latchd", name), "", 0o666)
	}
	run(t, "systemd-tmpfiles", "--root="+root, "--create", conf(t, "latchd.tmpfiles.conf"))

	group := regexp.MustCompile(`(?m)^latchd:x:(\d+):$`).FindStringSubmatch(read(t, filepath.Join(root, "etc/group")))
	if group == nil {
		t.Fatal("no group latchd")
	}
	for name, want := range map[string]string{
		".":                 "drwxr-x--- 0:" + group[1],
		"latchd.toml":       "-rw-r----- 0:" + group[1],
		"twilio-auth-token": "-rw------- 0:0",
		"mqtt-password":     "-rw------- 0:0",
		"offline-code":      "-rw------- 0:0",
	} {
		info, err := os.Stat(filepath.Join(root, "etc/latchd", name))
		if err != nil {
			t.Fatal(err)
		}
		owner := info.Sys().(*syscall.Stat_t)
		if got := fmt.Sprintf("%v %d:%d", info.Mode(), owner.Uid, owner.Gid); got != want {
			t.Errorf("/etc/latchd/%s is %s, want %s", name, got, want)
		}
	}
}

// newRoot is an empty system on which latchd.sysusers.conf has been run.
func newRoot(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	write(t, filepath.Join(root, "etc/passwd"), "", 0o644)
	write(t, filepath.Join(root, "etc/group"), "", 0o644)
	run(t, "systemd-sysusers", "--root="+root, conf(t, "latchd.sysusers.conf"))
	return root
}

// conf is the absolute path of a file in this folder: a relative one would be looked up in the other root.
func conf(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(name)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("%s is not installed here", name)
	}
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func write(t *testing.T, path, content string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
}
