package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"latchd/configs"
)

func TestWhatComesNextIsForTheDoorThatWasSetUp(t *testing.T) {
	dir := t.TempDir()
	active := func(status string) {
		if err := os.WriteFile(filepath.Join(dir, "systemctl"), []byte("#!/bin/sh\nexit "+status+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	const etc = "/etc/latchd"
	for name, c := range map[string]struct {
		config, secrets, driver, socket, active string
		files                                   []string
		failed                                  bool
		want                                    []string // of each line the beginning, without sudo
	}{
		"the installed one": {defaultConfig, etc, "linux", "", "3", nil, false, []string{"latchd wiring ", "systemctl enable --now latchd "}},
		"one at work":       {defaultConfig, etc, "linux", "", "0", nil, true, []string{"latchd check ", "latchd wiring ", "systemctl restart latchd "}},
		"another file": {"d/a.toml", "d", "linux", "", "0", []string{"twilio-auth-token"}, true,
			[]string{"CREDENTIALS_DIRECTORY=d latchd check --config d/a.toml ", "latchd wiring --config d/a.toml ", "CREDENTIALS_DIRECTORY=d latchd run --config d/a.toml "}},
		"a simulated one": {"my door/a.toml", "my door", "sim", "/tmp/a b", "0", nil, false,
			[]string{"latchd wiring --config 'my door/a.toml' ", "CREDENTIALS_DIRECTORY='my door' latchd run --config 'my door/a.toml' ", "latchd sim --socket '/tmp/a b' bell "}},
		"the installed one, simulated": {defaultConfig, etc, "sim", "", "0", nil, false, []string{"latchd wiring ", "latchd run "}},
		"sealed": {"d/a.toml", "d", "linux", "", "3", []string{"twilio-auth-token.cred", "mqtt-password"}, false, []string{"latchd wiring --config d/a.toml ",
			"systemd-run --pty --same-dir -p LoadCredentialEncrypted=twilio-auth-token:HERE/d/twilio-auth-token.cred -p LoadCredential=mqtt-password:HERE/d/mqtt-password latchd run --config d/a.toml "}},
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
			active(c.active)
			s := &installer{path: c.config, store: store{dir: c.secrets}}
			s.cfg.Board = configs.Board{Driver: c.driver, Socket: c.socket}
			got := strings.Split(strings.TrimSuffix(s.next(c.failed), "\n"), "\n")
			if len(got) != len(c.want) {
				t.Fatalf("%q", got)
			}
			for i, line := range got {
				if want := strings.ReplaceAll(c.want[i], "HERE", here); !strings.HasPrefix(strings.TrimPrefix(strings.TrimSpace(line), "sudo "), want) {
					t.Errorf("told %q, want %q", line, want)
				}
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
