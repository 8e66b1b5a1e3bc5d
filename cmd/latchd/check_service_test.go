package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"latchd/configs"
)

func TestAModeLetsItsOwnerThenItsGroupThenOthersIn(t *testing.T) {
	a := account{uid: 990, gids: []uint32{990, 997}}
	for name, c := range map[string]struct {
		mode     fs.FileMode
		uid, gid uint32
		want     fs.FileMode
		may      bool
	}{
		"its own":                               {0o600, 990, 0, toRead | toWrite, true},
		"its own, without the right":            {0o066, 990, 997, toRead, false},
		"its group's":                           {0o640, 0, 990, toRead, true},
		"its other group's, a device":           {0o660, 0, 997, toRead | toWrite, true},
		"its group's, to write":                 {0o640, 0, 990, toWrite, false},
		"its group's, which others have":        {0o604, 0, 990, toRead, false},
		"root's":                                {0o600, 0, 0, toRead, false},
		"another group's":                       {0o640, 0, 42, toRead, false},
		"everybody's":                           {0o644, 0, 0, toRead, true},
		"a folder to pass":                      {0o711, 0, 0, toEnter, true},
		"a folder to pass, not to write":        {0o755, 0, 0, toEnter | toWrite, false},
		"a folder of its group's, to be passed": {0o750, 0, 990, toEnter, true},
	} {
		if got := a.may(c.want, c.mode, c.uid, c.gid); got != c.may {
			t.Errorf("%s: %v", name, got)
		}
	}
	if root := (account{}); !root.may(toRead|toWrite, 0, 1, 1) {
		t.Error("root may not")
	}
}

func TestAUnitIsReadWithItsDropInsInSystemdsOrder(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"usr/lib/systemd/system/latchd.service":               "[Service]\nUser=latchd\n# User=root\nBindPaths=-/dev/gpiochip0 \\\n -/dev/gpiochip4\nProtectHome=yes\n",
		"usr/lib/systemd/system/latchd.service.d/20-own.conf": "[Service]\nUser=vendor\n",
		"etc/systemd/system/latchd.service.d/20-own.conf":     "[Service]\nUser=door\n", // in the place of the one above
		"etc/systemd/system/latchd.service.d/10-more.conf":    "[Service]\nUser=early\nProtectHome=\nBindPaths=/dev/gpiochip7\n",
		"etc/systemd/system/latchd.service.d/notes.txt":       "[Service]\nUser=nobody\n",
	} {
		putText(t, filepath.Join(root, name), text)
	}
	u := readUnit(root, "latchd.service")
	if u.last("User") != "door" || u.last("ProtectHome") != "" || len(u["User"]) != 3 {
		t.Errorf("%v", u)
	}
	for device, want := range map[string]bool{"/dev/gpiochip0": true, "/dev/gpiochip4": true, "/dev/gpiochip7": true, "/dev/gpiochip1": false,
		"/dev/gpiochip": false, "/dev/gpiochip70": false} {
		if u.names(device, "BindPaths") != want {
			t.Errorf("%s is bound: %v", device, !want)
		}
	}
	if u := readUnit(t.TempDir(), "latchd.service"); len(u) != 0 {
		t.Errorf("a unit that is not there: %v", u)
	}
}

// installed is the service of the package's unit with more settings.
func installed(t *testing.T, more string) *service {
	t.Helper()
	text, err := os.ReadFile("../../systemd/latchd.service")
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	putText(t, filepath.Join(root, "lib/systemd/system/latchd.service"), string(text))
	putText(t, filepath.Join(root, "etc/systemd/system/latchd.service.d/more.conf"), "[Service]\n"+more)
	return &service{unit: readUnit(root, "latchd.service"), user: account{"latchd", 54321, []uint32{54321}}}
}

func putText(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// open is a folder that every user may enter.
func open(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if by, _ := (account{uid: 54321}).kept(dir, toEnter); by != "" {
		t.Skipf("here no other user may enter %s", by)
	}
	return dir
}

func TestWhatKeepsTheServiceFromAFileIsNamed(t *testing.T) {
	dir := open(t)
	for name, mode := range map[string]fs.FileMode{"closed": 0o600, "open": 0o644, "vault/open": 0o644} {
		putText(t, filepath.Join(dir, name), "x")
		if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(dir, "vault"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("vault/open", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"open":       "",
		"missing":    "", // others tell
		"closed":     "user latchd cannot read " + dir + "/closed (",
		"vault/open": "user latchd cannot enter " + dir + "/vault (",
		"link":       "user latchd cannot enter " + dir + "/vault (",
	} {
		var out strings.Builder
		r := &report{out: &out, service: installed(t, "PrivateTmp=no\n")}
		r.reads("pages", filepath.Join(dir, name))
		if want == "" && out.Len() > 0 || !strings.Contains(out.String(), want) || r.failed != (want != "") {
			t.Errorf("%s: %q, want %q", name, out.String(), want)
		}
		if want != "" && !strings.Contains(out.String(), "chgrp latchd "+dir) {
			t.Errorf("%s: %q does not say what to do", name, out.String())
		}
	}
}

func TestWhatTheUnitKeepsFromTheServiceIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		more string
		look func(*report)
		want string // "": nothing is said
	}{
		"a chip that is bound":           {"", func(r *report) { r.drives("/dev/gpiochip0") }, ""},
		"a chip that is not":             {"", func(r *report) { r.drives("/dev/gpiochip2") }, "BindPaths=/dev/gpiochip2"},
		"a chip that a drop-in binds":    {"BindPaths=/dev/gpiochip2\n", func(r *report) { r.drives("/dev/gpiochip2") }, ""},
		"a secret that is loaded":        {"", func(r *report) { r.gets("secret", configs.MQTTPassword, "/etc/latchd/mqtt-password") }, ""},
		"a secret of root's environment": {"", func(r *report) { r.gets("secret", configs.MQTTPassword, "$LATCHD_MQTT_PASSWORD") }, "put the secret into /etc/latchd/mqtt-password"},
		"a sealed secret nobody loads":   {"", func(r *report) { r.gets("secret", configs.MQTTPassword, "/etc/latchd/mqtt-password.cred") }, "LoadCredentialEncrypted=mqtt-password:/etc/latchd/mqtt-password.cred"},
		"a sealed secret that is loaded": {"LoadCredentialEncrypted=mqtt-password:/etc/latchd/mqtt-password.cred\n", func(r *report) { r.gets("secret", configs.MQTTPassword, "/etc/latchd/mqtt-password.cred") }, ""},
		"the state folder":               {"", func(r *report) { r.keeps("/var/lib/latchd", "/var/lib") }, ""},
		"a folder elsewhere":             {"", func(r *report) { r.keeps("/srv/door", "/") }, "read-only (ProtectSystem=strict): systemctl edit latchd and add [Service] ReadWritePaths=/srv/door"},
		"a folder elsewhere, let in":     {"ReadWritePaths=/srv/door\n", func(r *report) { r.keeps("/srv/door", "/") }, "cannot write and enter / ("},
		"a folder at home":               {"", func(r *report) { r.keeps("/home/pi/door", "/home") }, "does not see /home/pi/door (ProtectHome=yes)"},
		"a low port":                     {"", func(r *report) { r.address(listeningAt("127.0.0.1:1")) }, "may not open port 1:"},
	} {
		if name == "a low port" && firstFreePort() <= 1 {
			t.Log("not tried: here every port is free to take")
			continue
		}
		var out strings.Builder
		c.look(&report{out: &out, service: installed(t, c.more)})
		if c.want == "" && out.Len() > 0 || !strings.Contains(out.String(), c.want) {
			t.Errorf("%s: %q, want %q", name, out.String(), c.want)
		}
	}
}

func TestAFileAtHomeOrAmongTheTemporaryOnesIsHiddenFromTheService(t *testing.T) {
	u := installed(t, "BindReadOnlyPaths=/home/pi/certs\n").unit
	for path, want := range map[string]string{
		"/home/pi/key.pem": "ProtectHome=yes", "/root/key.pem": "ProtectHome=yes", "/tmp/key.pem": "PrivateTmp=yes", "/var/tmp/key.pem": "PrivateTmp=yes",
		"/home/pi/certs/key.pem": "", "/etc/latchd/key.pem": "", "/homely/key.pem": "",
	} {
		if got := u.hides(path); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}

func TestCheckLooksWithTheServicesEyes(t *testing.T) {
	dir := open(t)
	path := filepath.Join(dir, "latchd.toml")
	putText(t, filepath.Join(dir, "site.toml"), "")
	putText(t, path, `include = "site.toml"
door = { id = "front", name = "Front door" }
board = { driver = "sim" }
twilio = { account_sid = "`+testSID+`", from = "+15005550006" }
owner = [{ name = "Ada", phone = "`+ownersPhone+`" }]
mqtt = { brokers = ["tcp://127.0.0.1:1883"] }
journal = { path = "`+dir+`/journal" }
`)
	var out strings.Builder
	r := &report{out: &out, service: installed(t, "PrivateTmp=no\n")}
	r.check(path, configs.Secrets{Getenv: func(string) string { return testToken }})
	for _, want := range []string{
		"fail  configuration: the service's user latchd cannot read " + path,
		"fail  configuration: the service's user latchd cannot read " + dir + "/site.toml",
		"fail  journal: to the service " + dir + "/journal is read-only",
		"fail  secret of Twilio: the service does not have $TWILIO_AUTH_TOKEN",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in:\n%s", want, &out)
		}
	}
	if serviceOf(path) != nil {
		t.Error("a file that is not the service's has one")
	}
}
