package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchd/configs"
)

// What is told is given to a shell, with commands that say how they were called; a space in a word is a _ there.
func TestWhatComesNextIsForTheDoorThatWasSetUp(t *testing.T) {
	bin := t.TempDir()
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	t.Setenv("CREDENTIALS_DIRECTORY", "")
	command := func(name, script string) {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	const says = `printf %s "$by${CREDENTIALS_DIRECTORY:+in $(echo "$CREDENTIALS_DIRECTORY" | tr ' ' _): }${0##*/}"; for a; do printf ' %s' "$(echo "$a" | tr ' ' _)"; done; echo`
	command("sudo", `export by="sudo "; exec env "$@"`)
	command("latchd", says)
	command("systemd-run", says)
	const (
		etc       = "/etc/latchd"
		asService = "sudo systemd-run --pty -p User=latchd -p StateDirectory=latchd -p StateDirectoryMode=0700 -p LoadCredential=latchd.toml:HERE/"
		inside    = " latchd run --config ${CREDENTIALS_DIRECTORY}/latchd.toml"
	)
	for name, c := range map[string]struct {
		config, secrets, driver, socket, include string
		files                                    []string
		root, active, failed                     bool
		want                                     []string
	}{
		"the installed one": {config: defaultConfig, secrets: etc, driver: "linux", root: true,
			want: []string{"sudo latchd wiring", "sudo latchd check --live", "sudo systemctl enable --now latchd"}},
		"one at work": {config: defaultConfig, secrets: etc, driver: "linux", root: true, active: true, failed: true,
			want: []string{"sudo latchd check", "sudo latchd wiring", "sudo latchd check --live", "sudo systemctl restart latchd"}},
		"another file": {config: "d/a.toml", secrets: "d", driver: "linux", active: true, failed: true, files: []string{"twilio-auth-token"},
			want: []string{"in d: latchd check --config d/a.toml", "latchd wiring --config d/a.toml", "in d: latchd check --config d/a.toml --live", "in d: latchd run --config d/a.toml"}},
		"another file, of root": {config: "my door/a.toml", secrets: "d", driver: "linux", root: true, files: []string{"twilio-auth-token"},
			want: []string{"sudo latchd wiring --config my_door/a.toml", "sudo in d: latchd check --config my_door/a.toml --live",
				asService + "my_door/a.toml -p LoadCredential=twilio-auth-token:HERE/d/twilio-auth-token" + inside}},
		"with another that it includes": {config: "d/a.toml", secrets: etc, driver: "linux", include: "site.toml", root: true,
			want: []string{"sudo latchd wiring --config d/a.toml", "sudo latchd check --config d/a.toml --live",
				asService + "d/a.toml -p LoadCredential=site.toml:HERE/d/site.toml" + inside}},
		"a simulated one": {config: "my door/a.toml", secrets: "my door", driver: "sim", socket: "/tmp/a b",
			want: []string{"latchd wiring --config my_door/a.toml", "in my_door: latchd check --config my_door/a.toml --live",
				"in my_door: latchd run --config my_door/a.toml", "latchd sim --socket /tmp/a_b bell"}},
		"the installed one, simulated": {config: defaultConfig, secrets: etc, driver: "sim", root: true,
			want: []string{"sudo latchd wiring", "sudo latchd check --live", "sudo latchd run"}},
		"sealed": {config: "d/a.toml", secrets: "d", driver: "linux", root: true, files: []string{"twilio-auth-token.cred", "mqtt-password"},
			want: []string{"sudo latchd wiring --config d/a.toml",
				"sudo systemd-run --pty --same-dir -p LoadCredentialEncrypted=twilio-auth-token:HERE/d/twilio-auth-token.cred -p LoadCredential=mqtt-password:HERE/d/mqtt-password latchd check --config d/a.toml --live",
				asService + "d/a.toml -p LoadCredentialEncrypted=twilio-auth-token:HERE/d/twilio-auth-token.cred -p LoadCredential=mqtt-password:HERE/d/mqtt-password" + inside}},
	} {
		t.Run(name, func(t *testing.T) {
			here := t.TempDir()
			t.Chdir(here)
			for _, name := range c.files {
				if err := os.MkdirAll("d", 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join("d", name), []byte("x"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			command("systemctl", fmt.Sprintf("[ $1 = is-active ] && { %v; exit; }\n", c.active)+says)
			s := &installer{path: c.config, store: store{dir: c.secrets}}
			s.cfg.Board, s.cfg.Include = configs.Board{Driver: c.driver, Socket: c.socket}, c.include
			told := s.next(c.failed, c.root)
			for line := range strings.Lines(told) {
				if len(line) > 81 && !strings.Contains(line, here) {
					t.Errorf("wider than 80 columns: %s", line)
				}
			}
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			out, err := exec.CommandContext(ctx, "sh", "-ec", told).CombinedOutput()
			if diff := cmp.Diff(strings.Split(strings.ReplaceAll(strings.Join(c.want, "\n"), "HERE", here), "\n"), strings.Split(strings.TrimSpace(string(out)), "\n")); err != nil || diff != "" {
				t.Errorf("%v\n%s\n%s", err, diff, told)
			}
		})
	}
}

func TestSystemdIsToldOfADropInThatComesOrGoes(t *testing.T) {
	seals(t, "")
	bin, dir := t.TempDir(), t.TempDir()
	log := filepath.Join(bin, "log")
	if err := os.WriteFile(filepath.Join(bin, "systemctl"), []byte("#!/bin/sh\necho $* >>"+log+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	for _, c := range []struct {
		seal, add bool
		told      string
	}{{true, true, "daemon-reload\n"}, {true, true, ""}, {true, false, ""}, {false, true, "daemon-reload\n"}, {false, true, ""}} {
		s := &installer{out: io.Discard, store: store{dir: dir, dropIn: filepath.Join(dir, "secrets.conf"), seal: c.seal}}
		if c.add {
			s.store.add(configs.TwilioAuthToken, secretOf(t, "sesame"))
		}
		if err := s.store.write(t.Context(), "", ""); err != nil {
			t.Fatal(err)
		}
		if err := s.store.dropOld(); err != nil {
			t.Fatal(err)
		}
		s.reload()
		if b, _ := os.ReadFile(log); string(b) != c.told {
			t.Errorf("%+v: systemctl %q", c, b)
		}
		os.Remove(log)
	}
	var out strings.Builder
	t.Setenv("PATH", dir)
	s := &installer{out: &out, store: store{unitChanged: true}}
	if s.reload(); !strings.Contains(out.String(), "Do it before the door is started") {
		t.Errorf("told %q", out.String())
	}
}
