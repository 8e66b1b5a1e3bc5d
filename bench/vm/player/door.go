package main

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pelletier/go-toml/v2"

	"latchd/sms/standin"
)

const (
	configFile = "/etc/latchd/latchd.toml"
	stateDir   = "/var/lib/latchd"
	account    = "AC0123456789abcdef0123456789abcdef"
	token      = "sesame0secret0token"
	from       = "+15005550006"
	phone      = "+15557654321"
	twilio     = "127.0.0.1:8081"
)

// door is everything around the daemon: its lines, the phone, the broker, its files.
type door struct {
	load    string // the folder with what is tried
	h       header
	copper  *copper
	witness *witness
	ears    *ears
	texts   chan standin.Message
	asked   chan time.Time // when a request's first bytes came
	twilio  *standin.Twilio

	mu      sync.Mutex
	secrets []string // that must not be found anywhere
}

func openDoor(load string) (*door, error) {
	d := &door{load: load, texts: make(chan standin.Message, 1000), asked: make(chan time.Time, 1000), secrets: []string{token, phone[1:]}}
	var err error
	if d.h, err = findHeader(); err != nil {
		return nil, err
	}
	if d.copper, err = startCopper(d.h); err != nil {
		return nil, err
	}
	if d.witness, err = startWitness(d.h); err != nil {
		return nil, err
	}
	d.twilio = standin.New(standin.Options{AccountSID: account, Secret: token, Numbers: []string{from},
		OnRequest: func(at time.Time) {
			select {
			case d.asked <- at:
			default:
			}
		},
		OnText: d.takeText})
	failed := make(chan error, 1)
	go func() { failed <- http.ListenAndServe(twilio, d.twilio) }()
	if d.ears, err = startEars(); err != nil {
		return nil, err
	}
	select {
	case err := <-failed:
		return nil, err
	default:
		return d, nil
	}
}

var inText = regexp.MustCompile(`\b\d{4,10}\b`)

func (d *door) takeText(m standin.Message) {
	d.mu.Lock()
	d.secrets = append(d.secrets, inText.FindString(m.Body))
	d.mu.Unlock()
	select {
	case d.texts <- m:
	default: // nobody reads them
	}
}

// text waits for a text and returns its code.
func (d *door) text(atMost time.Duration) (code string, ok bool) {
	select {
	case m := <-d.texts:
		return inText.FindString(m.Body), true
	case <-time.After(atMost):
		return "", false
	}
}

// install does what the README tells the owner of a Pi to do, by hand or with the package, line by line, in a folder with what was copied there.
// It returns how long the package, latchd setup and the rest took. Twilio's token is pasted where one is asked for, the lines marked EDIT are edited, and what latchd setup asks is answered by its flags.
func (d *door) install(byHand bool) (transcript string, took [3]time.Duration, err error) {
	readme, err := os.ReadFile(filepath.Join(d.load, "README.md"))
	if err != nil {
		return "", took, err
	}
	rest, hand, _ := strings.Cut(string(readme), "\n### By hand\n")
	if byHand {
		rest = hand
	}
	_, rest, found := strings.Cut(rest, "\nOn the Pi:\n\n```sh\n")
	block, _, closed := strings.Cut(rest, "```")
	if !found || !closed {
		return "", took, fmt.Errorf("find the installation in README.md: no block of commands after \"On the Pi:\", before and after \"By hand\"")
	}
	var did strings.Builder
	for lines := bufio.NewScanner(strings.NewReader(block)); lines.Scan(); {
		line := lines.Text()
		fmt.Fprintf(&did, "$ %s\n", line)
		if strings.Contains(line, "only with mqtt.username") {
			continue
		}
		// Whoever reads the README has sudo, an editor and answers; this machine's root is its editor.
		c := exec.Command("bash", "-e", "-c", "sudo() { case $1$2 in nano*) edit \"$2\";; latchdsetup) setup;; *) \"$@\";; esac; }\n"+edit+line)
		c.Dir, c.Stdin = d.load, strings.NewReader(token+"\n")
		began := monotonic()
		out, err := c.CombinedOutput()
		did.Write(out)
		if err != nil {
			return did.String(), took, fmt.Errorf("%s: %w", line, err)
		}
		stage := 2
		switch {
		case strings.Contains(line, "apt install"):
			stage = 0
		case strings.Contains(line, "latchd setup"):
			stage = 1
		}
		took[stage] += time.Duration(monotonic() - began)
	}
	// As the next scenarios find it.
	return did.String(), took, os.WriteFile(configFile+".installed", must(os.ReadFile(configFile)), 0o600)
}

const edit = `edit() { sed -i -e '/EDIT: your Account SID/s|.*|account_sid = "` + account + `"\napi = "http://` + twilio + `"|' \
	-e '/EDIT: your Twilio number/s|+1...|` + from + `|' -e '/EDIT: on which phone/s|+1...|` + phone + `|' "$1"; }
setup() { sed -i '/^\[twilio\]/a api = "http://` + twilio + `"' ` + configFile + `
	latchd setup --yes --account-sid ` + account + ` --from ` + from + ` --owner Ada=` + phone + ` --twilio-secret-file -; }
`

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// configure writes the installed configuration with settings such as strike.pulse=1s changed; values are TOML, or text.
func (d *door) configure(settings []string) error {
	b, err := os.ReadFile(configFile + ".installed")
	if err != nil {
		return err
	}
	config := map[string]any{}
	if err := toml.Unmarshal(b, &config); err != nil {
		return err
	}
	activeLow := false
	for _, s := range settings {
		key, value, ok := strings.Cut(s, "=")
		table, name, dotted := strings.Cut(key, ".")
		if !ok || !dotted {
			return fmt.Errorf("want TABLE.KEY=VALUE, not %q", s)
		}
		var v struct{ V any }
		if toml.Unmarshal([]byte("V = "+value), &v) != nil {
			v.V = value
		}
		t, ok := config[table].(map[string]any)
		if !ok {
			t = map[string]any{}
			config[table] = t
		}
		t[name] = v.V
		activeLow = activeLow || s == "strike.active=low"
	}
	out, err := toml.Marshal(config)
	if err != nil {
		return err
	}
	if err := os.WriteFile(configFile, out, 0o640); err != nil {
		return err
	}
	// A line that nothing drives shows the level at which the strike would be open.
	pull := "pull-up"
	if activeLow {
		pull = "pull-down"
	}
	return os.WriteFile(d.h.file(strikeLine, "pull"), []byte(pull), 0o644)
}

// fresh makes a door that has never been at work, without starting it: no journal, no finger on it, the door closed.
func (d *door) fresh(settings []string) error {
	command("systemctl", "stop", "latchd")
	command("systemctl", "reset-failed", "latchd")
	d.removeDisk()
	if err := firstError(
		func() error { return os.RemoveAll(stateDir) },
		func() error { return os.RemoveAll("/var/lib/private/latchd") },
		d.copper.lift,
		func() error { _, err := d.copper.turn("contact", true); return err },
		func() error { return d.configure(settings) }); err != nil {
		return err
	}
	d.witness.forget(slices.Contains(settings, "strike.active=low"))
	for len(d.texts) > 0 {
		<-d.texts
	}
	for len(d.asked) > 0 {
		<-d.asked
	}
	d.twilio.Behave(standin.Behaviour{})
	d.ears.forget()
	return nil
}

// command runs a program and returns what it said, trimmed.
func command(name string, args ...string) (string, error) {
	out, err := exec.Command(name, args...).CombinedOutput()
	said := strings.TrimSpace(string(out))
	if err != nil {
		return said, fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, said)
	}
	return said, nil
}

// pid returns the daemon's, or "0".
func (d *door) pid() string {
	said, _ := command("systemctl", "show", "-P", "MainPID", "latchd")
	return said
}

// logCursor is journalctl's flag for what comes after now, whatever the wall clock will say.
func logCursor() string {
	said, _ := command("journalctl", "-q", "-n0", "--show-cursor")
	if _, cursor, ok := strings.Cut(said, "-- cursor: "); ok {
		return "--after-cursor=" + cursor
	}
	return "--no-tail" // there is no log yet: all of it
}

// leaks says where a secret of this door has gone that it must not: the system's log, a topic, a file.
func (d *door) leaks(cursor string) error {
	places := map[string]string{"a topic": d.ears.last(1 << 20)}
	log, err := command("journalctl", "-q", "-o", "cat", cursor)
	if err != nil {
		return err
	}
	places["the system's log"] = log
	filepath.WalkDir(stateDir, func(path string, e os.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			b, _ := os.ReadFile(path)
			places[path] = string(b)
		}
		return nil
	})
	for place, text := range places {
		if d.tells(text) {
			return fmt.Errorf("%s holds a secret: a code, a token or a whole phone number", place)
		}
	}
	return nil
}

// tells says whether a text holds a secret of this door.
func (d *door) tells(text string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.ContainsFunc(d.secrets, func(secret string) bool {
		return secret != "" && regexp.MustCompile(`(^|[^0-9.])`+secret+`($|[^0-9])`).MatchString(text)
	})
}
