package configs

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// places makes the two folders of secrets and an environment.
func places(t *testing.T, env map[string]string) Secrets {
	t.Helper()
	dir := t.TempDir()
	s := Secrets{Credentials: filepath.Join(dir, "credentials"), Dir: filepath.Join(dir, "etc"),
		Getenv: func(name string) string { return env[name] }}
	for _, d := range []string{s.Credentials, s.Dir} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func put(t *testing.T, dir, name, text string, mode os.FileMode) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // the umask has a say in WriteFile
		t.Fatal(err)
	}
}

func TestSecretsAreLookedForInOrder(t *testing.T) {
	s := places(t, map[string]string{"TWILIO_AUTH_TOKEN": "from-env", "LATCHD_MQTT_PASSWORD": "other"})
	find := func(want, source string) {
		t.Helper()
		got, from, err := s.Find(TwilioAuthToken)
		if err != nil || got.Reveal() != want || from != source {
			t.Errorf("got %q from %s, %v; want %q from %s", got.Reveal(), from, err, want, source)
		}
	}
	find("from-env", "$TWILIO_AUTH_TOKEN")
	put(t, s.Dir, TwilioAuthToken, "from-etc\n", 0o640)
	find("from-etc", filepath.Join(s.Dir, TwilioAuthToken))
	put(t, s.Credentials, TwilioAuthToken, "from-systemd\r\n", 0o444)
	find("from-systemd", filepath.Join(s.Credentials, TwilioAuthToken))
	s.Credentials = ""
	find("from-etc", filepath.Join(s.Dir, TwilioAuthToken))
}

func TestASealedSecretIsOpenedWhereItCanBe(t *testing.T) {
	s := places(t, nil)
	put(t, s.Dir, TwilioAuthToken, "plain", 0o600)
	put(t, s.Dir, TwilioAuthToken+Sealed, "sealed", 0o600)
	find := func(want, source string) {
		t.Helper()
		if got, from, err := s.Find(TwilioAuthToken); err != nil || got.Reveal() != want || filepath.Base(from) != source {
			t.Errorf("got %q from %s, %v; want %q from %s", got.Reveal(), from, err, want, source)
		}
	}
	find("plain", TwilioAuthToken)
	s.Unseal = func(name, path string) (string, error) {
		b, err := os.ReadFile(path)
		return name + ": un" + string(b) + "\n", err
	}
	find("twilio-auth-token: unsealed", TwilioAuthToken+Sealed)
	s.Unseal = func(string, string) (string, error) { return "", errors.New("no key") }
	if _, _, err := s.Find(TwilioAuthToken); err == nil || !strings.Contains(err.Error(), "no key") {
		t.Errorf("a secret that cannot be opened is passed over: %v", err)
	}
}

func TestAnEmptyCredentialIsNone(t *testing.T) {
	s := places(t, nil)
	put(t, s.Credentials, TwilioAuthToken, "\n", 0o400)
	if _, _, err := s.Find(TwilioAuthToken); !errors.Is(err, ErrNoSecret) {
		t.Errorf("got %v", err)
	}
	put(t, s.Dir, TwilioAuthToken, "from-etc", 0o600)
	if secret, _, err := s.Find(TwilioAuthToken); err != nil || secret.Reveal() != "from-etc" {
		t.Errorf("got %v, %v", secret.Reveal(), err)
	}
}

func TestAMissingSecretNamesItsPlaces(t *testing.T) {
	s := places(t, nil)
	_, _, err := s.Find(MQTTPassword)
	if !errors.Is(err, ErrNoSecret) {
		t.Fatalf("got %v", err)
	}
	for _, place := range []string{s.Dir + "/mqtt-password", "$CREDENTIALS_DIRECTORY/mqtt-password", "$LATCHD_MQTT_PASSWORD"} {
		if !strings.Contains(err.Error(), place) {
			t.Errorf("%v does not name %s", err, place)
		}
	}
}

func TestABadSecretIsRefusedAndNotPassedOver(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		mode os.FileMode
		want string
	}{
		"readable by others": {"hunter2", 0o644, "its mode 0644 opens it to everybody: chmod o= "},
		"writable by others": {"hunter2", 0o602, "its mode 0602 opens it to everybody: chmod o= "},
		"empty":              {"\n", 0o600, "it is empty"},
		"of two lines":       {"hunter2\nhunter3\n", 0o600, "more than one line of printable text"},
		"binary":             {"hunter2\x00", 0o600, "more than one line of printable text"},
		"too long":           {strings.Repeat("hunter2", 1000), 0o600, "longer than 4096 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			s := places(t, map[string]string{"TWILIO_AUTH_TOKEN": "from-env"})
			put(t, s.Dir, TwilioAuthToken, tt.text, tt.mode)
			got, _, err := s.Find(TwilioAuthToken)
			if err == nil || errors.Is(err, ErrNoSecret) || !strings.Contains(err.Error(), tt.want) || got != (Secret{}) {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), "hunter") {
				t.Errorf("the error holds the secret: %v", err)
			}
		})
	}
}

func TestASecretPrintsAsNone(t *testing.T) {
	s := Secret{"hunter2"}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("found", "secret", s, "nested", []Secret{s})
	slog.New(slog.NewJSONHandler(&log, nil)).Info("found", "secret", s, "nested", struct{ S Secret }{s})
	js, err := json.Marshal(map[string]Secret{"s": s})
	if err != nil {
		t.Fatal(err)
	}
	for _, shown := range []string{fmt.Sprint(s), fmt.Sprintf("%v %+v %#v %s %q %x %d", s, s, s, s, s, s, s),
		fmt.Sprintf("%+v", struct{ S Secret }{s}), log.String(), string(js)} {
		if strings.Contains(shown, "hunter2") || strings.Contains(shown, fmt.Sprintf("%x", "hunter2")) || !strings.Contains(shown, "[secret]") {
			t.Errorf("printed as %s", shown)
		}
	}
}

func TestTheSystemsPlacesAreThoseOfTheContract(t *testing.T) {
	t.Setenv("CREDENTIALS_DIRECTORY", "/run/credentials/latchd.service")
	s := SystemSecrets()
	if s.Credentials != "/run/credentials/latchd.service" || s.Dir != "/etc/latchd" {
		t.Errorf("looked for in %s and %s", s.Credentials, s.Dir)
	}
}
