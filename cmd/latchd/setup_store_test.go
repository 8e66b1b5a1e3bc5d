package main

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"latchd/configs"
)

// seals puts a systemd-creds into the PATH that turns letters about, and runs this line of shell first.
func seals(t *testing.T, first string) {
	t.Helper()
	script := "#!/bin/sh\n" + first + "\nexec tr 'a-zA-Z' 'n-za-mN-ZA-M' <\"$( [ \"$3\" = - ] && echo /dev/stdin || echo \"$3\" )\"\n"
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, sealer), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

func secretOf(t *testing.T, value string) configs.Secret {
	t.Helper()
	s, _, err := configs.Secrets{Getenv: func(string) string { return value }}.Find(configs.TwilioAuthToken)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSecretsAreSealedOrForTheirOwnerAlone(t *testing.T) {
	seals(t, "")
	dir := t.TempDir()
	dropIn := filepath.Join(dir, "unit", "secrets.conf")
	exists := func(path string, want os.FileMode) {
		t.Helper()
		info, err := os.Stat(path)
		if want == 0 && err == nil {
			t.Errorf("%s is there", path)
		} else if want != 0 && (err != nil || info.Mode() != want) {
			t.Errorf("%s: %v, want mode %v", path, err, want)
		}
	}
	for _, c := range []struct {
		seal               bool
		plain, sealed, dir os.FileMode
	}{{false, 0o600, 0, 0}, {true, 0, 0o600, 0o644}, {true, 0, 0o600, 0o644}, {false, 0o600, 0, 0}} {
		st := store{dir: dir, dropIn: dropIn, seal: c.seal}
		value := fmt.Sprintf("sesame-%v", c.seal)
		st.add(configs.TwilioAuthToken, secretOf(t, value))
		if plan := strings.Join(st.plan(), "\n"); strings.Contains(plan, "sesame") || !strings.Contains(plan, st.dir) {
			t.Errorf("planned: %s", plan)
		}
		if err := errors.Join(st.write(t.Context(), "", ""), st.dropOld()); err != nil {
			t.Fatal(err)
		}
		exists(st.plain(configs.TwilioAuthToken), c.plain)
		exists(st.sealed(configs.TwilioAuthToken), c.sealed)
		exists(dropIn, c.dir)
		if b, err := os.ReadFile(st.sealed(configs.TwilioAuthToken)); err == nil && strings.Contains(string(b), "sesame") {
			t.Error("what is sealed can be read")
		}
		found, source, err := readable(dir).Find(configs.TwilioAuthToken)
		if err != nil || found.Reveal() != value || strings.HasSuffix(source, ".cred") != c.seal {
			t.Errorf("found in %s: %v", source, err)
		}
		for name, want := range map[string]bool{configs.TwilioAuthToken: true, configs.MQTTPassword: false} {
			if held, err := st.holds(name); held != want || err != nil {
				t.Errorf("%s: held %v, %v", name, held, err)
			}
		}
	}
	st := store{dir: dir, dropIn: dropIn, seal: true}
	st.add(configs.MQTTPassword, secretOf(t, "pw"))
	if err := st.write(t.Context(), "", ""); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(dropIn)
	want := "[Service]\nLoadCredentialEncrypted=mqtt-password:" + filepath.Join(dir, "mqtt-password.cred") + "\n"
	if err != nil || !strings.HasSuffix(string(b), want) {
		t.Errorf("the drop-in, %v:\n%s", err, b)
	}
}

func TestAWritingThatIsCutShortLeavesTheOldSecret(t *testing.T) {
	seals(t, "")
	dir := t.TempDir()
	st := store{dir: dir, dropIn: filepath.Join(dir, "no", "secrets.conf"), seal: true}
	for name, text := range map[string]string{st.plain(configs.TwilioAuthToken): "old", filepath.Join(dir, "no"): "a file where a folder is wanted"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	st.add(configs.TwilioAuthToken, secretOf(t, "new"))
	if err := st.write(t.Context(), "", ""); err == nil {
		t.Error("a drop-in that cannot be written was written")
	}
	if b, err := os.ReadFile(st.plain(configs.TwilioAuthToken)); err != nil || string(b) != "old" {
		t.Errorf("the old secret: %q, %v", b, err)
	}
}

// What was there before the second secret could not be had, or something else came between, is there afterwards, and no more.
func TestAllIsWrittenOrNothing(t *testing.T) {
	stop := `case "$*" in "encrypt --name=mqtt-password "*) `
	for name, c := range map[string]struct {
		first string // of the sealer
		block string // a folder where a file is wanted
		want  string
	}{
		"a seal fails":                      {stop + "echo no key >&2; exit 1;; esac", "", "no key"},
		"Ctrl-C between the seals":          {`case "$*" in "encrypt --name=twilio"*) kill -USR1 $PPID; sleep .2;; esac`, "", "broken off: nothing"},
		"Ctrl-C in mid-seal":                {stop + "kill -USR1 $PPID; exec sleep 60;; esac", "", "broken off: nothing"},
		"Ctrl-C after the last seal":        {`case "$*" in "decrypt --name=mqtt"*) kill -USR1 $PPID; sleep .2;; esac`, "", "broken off: nothing"},
		"the configuration cannot be moved": {"", "new.toml", "new.toml"},
		"the drop-in cannot be moved":       {"", "unit/secrets.conf", "secrets.conf"},
	} {
		t.Run(name, func(t *testing.T) {
			seals(t, c.first)
			ctx, stop := signal.NotifyContext(t.Context(), syscall.SIGUSR1)
			defer stop()
			dir := t.TempDir()
			st := store{dir: dir, dropIn: filepath.Join(dir, "unit", "secrets.conf"), seal: true}
			if err := os.MkdirAll(filepath.Join(dir, "unit", filepath.Base(c.block)), 0o755); err != nil {
				t.Fatal(err)
			}
			config := filepath.Join(dir, "latchd.toml")
			if c.block == "new.toml" {
				config = filepath.Join(dir, "unit", "new.toml")
			}
			for _, path := range []string{filepath.Join(dir, "latchd.toml"), st.sealed(configs.MQTTPassword)} {
				if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			st.add(configs.TwilioAuthToken, secretOf(t, "new"))
			st.add(configs.MQTTPassword, secretOf(t, "new"))
			if err := st.write(ctx, config, "new"); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("it ends with %v", err)
			}
			var found []string
			err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
				if err == nil && e.Type().IsRegular() {
					b, err := os.ReadFile(path)
					found = append(found, e.Name()+" "+string(b))
					return err
				}
				return err
			})
			if want := []string{"latchd.toml old", "mqtt-password.cred old"}; err != nil || !slices.Equal(found, want) {
				t.Errorf("%v: there is %v, want %v", err, found, want)
			}
		})
	}
}

// A power cut may leave a sealed secret that the drop-in does not name yet.
func TestASealedSecretThatNothingNamesIsNamedTheNextTime(t *testing.T) {
	dir := t.TempDir()
	st := store{dir: dir, dropIn: filepath.Join(dir, "secrets.conf"), seal: true}
	if err := os.WriteFile(st.sealed(configs.TwilioAuthToken), []byte("sealed"), 0o600); err != nil {
		t.Fatal(err)
	}
	if plan := strings.Join(st.plan(), "\n"); !strings.Contains(plan, st.dropIn) {
		t.Errorf("planned: %s", plan)
	}
	if err := st.write(t.Context(), "", ""); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(st.dropIn); err != nil || !strings.Contains(string(b), "twilio-auth-token.cred") || len(st.plan()) > 0 {
		t.Errorf("%v: %s", err, b)
	}
}

func TestASealThatFailsLeavesTheOldSecret(t *testing.T) {
	seals(t, "echo no key >&2; exit 1")
	dir := t.TempDir()
	st := store{dir: dir, dropIn: filepath.Join(dir, "secrets.conf"), seal: true}
	if err := os.WriteFile(st.plain(configs.TwilioAuthToken), []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if canSeal(t.Context()) {
		t.Error("a systemd-creds that fails is taken for one that works")
	}
	st.add(configs.TwilioAuthToken, secretOf(t, "new"))
	if err := st.write(t.Context(), "", ""); err == nil || !strings.Contains(err.Error(), "no key") || !strings.Contains(err.Error(), "--plain-secrets") {
		t.Error(err)
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("%v", files)
	}
}

// A card whose key is another one now: the remedy is a new secret, which setup asks for as if there were none.
func TestASealedSecretThatCannotBeOpenedIsGivenAgain(t *testing.T) {
	seals(t, `[ $1 = decrypt ] && [ "$3" != - ] && { echo no key >&2; exit 1; }`)
	dir := t.TempDir()
	set := func(args ...string) (string, error) {
		t.Helper()
		file := filepath.Join(dir, "latchd.toml")
		if err := os.WriteFile(file, []byte(copper), 0o640); err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		cmd := newSetup()
		cmd.SetIn(endless("\n"))
		cmd.SetOut(&out)
		cmd.SilenceErrors, cmd.SilenceUsage = true, true
		cmd.SetArgs(slices.Concat(args, []string{"--config", file, "--secrets", dir, "--drop-in", filepath.Join(dir, "drop.conf"), "--plain-secrets"}))
		err := cmd.ExecuteContext(t.Context())
		return out.String(), err
	}
	st := store{dir: dir}
	dead := st.sealed(configs.TwilioAuthToken)
	if err := os.WriteFile(dead, []byte("of another card"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := readable(dir).Find(configs.TwilioAuthToken); err == nil || !strings.HasSuffix(err.Error(), "no key: run latchd setup and give the secret again") {
		t.Errorf("check says %v", err)
	}
	if _, err := set("--yes"); err == nil || !strings.Contains(err.Error(), "--twilio-secret-file: missing, and what is there cannot be opened: ") ||
		strings.Contains(err.Error(), "again") || strings.Contains(err.Error(), "--plain-secrets") {
		t.Errorf("with --yes: %v", err)
	}
	out, err := set(slices.Concat(switchFlags, []string{"--account-sid", "AC0123456789abcdef0123456789abcdef", "--api-key-sid", "none", "--from", "+15005550006"})...)
	if err == nil || !strings.Contains(out, "cannot be opened") || strings.Contains(out, "keeps what is there") {
		t.Errorf("asked: %v\n%s", err, out)
	}
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("sesame0secret0token"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := set("--yes", "--twilio-secret-file", token); err != nil && !errors.Is(err, errTold) || exists(dead) {
		t.Errorf("given again: %v, the dead one is there: %v\n%s", err, exists(dead), out)
	}
}

func TestAFileThatCannotBeWrittenKeepsItsOldContent(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "latchd.toml"), 0o755); err != nil { // no file takes a folder's place
		t.Fatal(err)
	}
	if err := put(t.Context(), []file{{filepath.Join(dir, "latchd.toml"), []byte("x"), 0o640}}); err == nil || !strings.Contains(err.Error(), "latchd.toml") {
		t.Error(err)
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("left behind: %v", files)
	}
}

// A secret is typed on a terminal that does not show it, and shows again what is typed afterwards, however that ends.
func TestATypedSecretIsNotShown(t *testing.T) {
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no terminal can be made here: %v", err)
	}
	defer master.Close()
	fd := int(master.Fd())
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	tty, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no terminal can be made here: %v", err)
	}
	defer tty.Close()
	shows := func() bool {
		state, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
		if err != nil {
			t.Fatal(err)
		}
		return state.Lflag&unix.ECHO != 0
	}
	for _, typed := range []bool{true, false} {
		lines := make(chan string)
		asked := make(chan bool)
		s := &installer{in: tty, lines: lines, out: writerFunc(func(p []byte) {
			if strings.Contains(string(p), "token") {
				asked <- shows()
			}
		})}
		answer := make(chan error)
		go func() {
			line, err := s.unseen(t.Context(), "The token")
			if typed != (line == "sesame") {
				t.Errorf("read %d letters, %v", len(line), err)
			}
			answer <- err
		}()
		if <-asked {
			t.Error("what is typed is shown")
		}
		if typed {
			lines <- "sesame"
		} else {
			close(lines)
		}
		if err := <-answer; (err == nil) != typed {
			t.Error(err)
		}
		if !shows() {
			t.Error("what is typed afterwards is not shown")
		}
	}
}

type writerFunc func([]byte)

func (f writerFunc) Write(p []byte) (int, error) { f(p); return len(p), nil }
