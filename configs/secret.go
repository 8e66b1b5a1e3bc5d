package configs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// The names of the secrets.
const (
	TwilioAuthToken = "twilio-auth-token" // or the API key's secret
	MQTTPassword    = "mqtt-password"
	OfflineCode     = "offline-code" // in base32, shared with the owner's authenticator app
)

const secretDir = "/etc/latchd"

// SecretPath returns the file of that secret on an installed latchd.
func SecretPath(name string) string { return filepath.Join(secretDir, name) }

// variables are where the environment holds the secrets.
var variables = map[string]string{TwilioAuthToken: "TWILIO_AUTH_TOKEN", MQTTPassword: "LATCHD_MQTT_PASSWORD",
	OfflineCode: "LATCHD_OFFLINE_CODE"}

// ErrNoSecret says that a secret is in none of its places. The error that wraps it lists them.
var ErrNoSecret = errors.New("not found")

var errEmpty = errors.New("it is empty")

// Secret is a token or password. Every way of printing it shows "[secret]"; only Reveal gives it away.
type Secret struct{ value string }

// Reveal returns the secret itself.
func (s Secret) Reveal() string { return s.value }

// Format implements fmt.Formatter: every verb prints "[secret]".
func (s Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[secret]") }

// MarshalText implements encoding.TextMarshaler, for JSON and slog.
func (s Secret) MarshalText() ([]byte, error) { return []byte("[secret]"), nil }

// Secrets is where secrets are looked for, in this order. An empty place is passed over.
type Secrets struct {
	Credentials string // the folder of systemd's credentials (systemd.exec(5))
	Dir         string // the folder of files that others may not read
	Getenv      func(string) string
	// Unseal opens what systemd-creds has sealed: the file NAME.cred in Dir, which then goes before the file NAME. Optional:
	// the service has no use for it, since systemd hands it the credential.
	Unseal func(name, path string) (string, error)
}

// Sealed ends the name of a secret's file that systemd-creds has sealed.
const Sealed = ".cred"

// SystemSecrets returns the places of an installed latchd.
func SystemSecrets() Secrets {
	return Secrets{Credentials: os.Getenv("CREDENTIALS_DIRECTORY"), Dir: secretDir, Getenv: os.Getenv}
}

// Find returns the secret of that name and where it was found. The first place that has it decides: one that is
// unreadable, empty or open to others is an error, not passed over. But an empty credential is none: it is what the service
// falls back to, since systemd would not start a service whose credential is missing. The error is ErrNoSecret when no
// place has it.
func (s Secrets) Find(name string) (secret Secret, source string, err error) {
	if s.Credentials != "" {
		source = filepath.Join(s.Credentials, name)
		if secret, err = readSecret(source, false); !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, errEmpty) {
			return secret, source, err
		}
	}
	if s.Dir != "" && s.Unseal != nil {
		source = filepath.Join(s.Dir, name+Sealed)
		if _, err := os.Stat(source); err == nil {
			value, err := s.Unseal(name, source)
			if err != nil {
				return Secret{}, source, fmt.Errorf("unseal the secret: %w", err)
			}
			secret, err = newSecret(source, value)
			return secret, source, err
		}
	}
	if s.Dir != "" {
		source = filepath.Join(s.Dir, name)
		if secret, err = readSecret(source, true); !errors.Is(err, fs.ErrNotExist) {
			return secret, source, err
		}
	}
	variable := variables[name]
	if v := s.Getenv(variable); v != "" {
		secret, err = newSecret("$"+variable, v)
		return secret, "$" + variable, err
	}
	return Secret{}, "", fmt.Errorf("secret %s: %w: put it into %s (mode 600), $CREDENTIALS_DIRECTORY/%s or $%s",
		name, ErrNoSecret, filepath.Join(s.Dir, name), name, variable)
}

// longestSecret bounds a secret's file, in bytes.
const longestSecret = 4096

// readSecret reads a secret's file. With guarded, one that others can read or write is refused.
func readSecret(path string, guarded bool) (Secret, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrPermission) {
		return Secret{}, fmt.Errorf("read the secret: %w: let the user of latchd read it, as in chgrp latchd %s", err, path)
	}
	if err != nil {
		return Secret{}, fmt.Errorf("read the secret: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return Secret{}, fmt.Errorf("read the secret: %w", err)
	}
	if mode := info.Mode().Perm(); guarded && mode&0o006 != 0 {
		return Secret{}, fmt.Errorf("read the secret %s: its mode %#o opens it to everybody: chmod o= %s", path, mode, path)
	}
	b, err := io.ReadAll(io.LimitReader(f, longestSecret+1))
	if err != nil {
		return Secret{}, fmt.Errorf("read the secret: %w", err)
	}
	return newSecret(path, string(b))
}

// newSecret takes the line's end off, and refuses what can be no token: it would fail far from here, in a header.
func newSecret(source, s string) (Secret, error) {
	s = strings.TrimRight(s, "\r\n")
	switch {
	case s == "":
		return Secret{}, fmt.Errorf("read the secret %s: %w", source, errEmpty)
	case len(s) > longestSecret:
		return Secret{}, fmt.Errorf("read the secret %s: longer than %d bytes", source, longestSecret)
	case !printable(s):
		return Secret{}, fmt.Errorf("read the secret %s: more than one line of printable text", source)
	}
	return Secret{s}, nil
}
