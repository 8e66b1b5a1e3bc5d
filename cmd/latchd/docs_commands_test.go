package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// elsewhere is where commands of the documentation are run that need more than this machine's user has: by their beginning.
var elsewhere = map[string]string{
	"install -": "bench/vm installs by these lines", "systemd-": "bench/vm installs by these lines", "systemctl ": "bench/vm installs by these lines",
	"cp configs/mosquitto.acl": "mqtt's tests of the access list", "mosquitto_passwd": "mqtt's tests of the access list",
	"chown root:mosquitto": "mqtt's tests of the access list", "chmod 640": "mqtt's tests of the access list",
	"bench/vm/run": ".ci/run", "go test ": ".ci/run", "CGO_ENABLED=0": ".ci/run builds for these", "go build -o latchd": ".ci/run",
	"mosquitto -p":          "the tests' brokers",
	"go run ./cmd/latchd":   "the tests of the demo",
	"go run ./bench/":       "it measures, and writes BENCHMARKS.md",
	".ci/run":               "it is what runs this",
	"latchd run":            "every test of the whole door",
	"latchd offline enroll": "testdata/script/offline.txtar",
	"latchd completion":     "testdata/script/help.txtar",
	"latchd keys":           "testdata/script/keys.txtar: it needs the lines for itself",
	"latchd setup":          "testdata/script/setup.txtar, and setup_test.go: it asks",
	"nano ":                 "an editor: bench/vm writes the file in its place",
	"scp ":                  "another machine: bench/vm copies in its place",
	"chromium --kiosk":      "web's browser tests open the same page",
	"apt install qemu":      ".ci/run installs the same",
	"make deb":              ".ci/run",
	"apt install ./latchd_": "bench/vm installs the package",
	"apt install mosquitto": ".ci/run installs the same",
}

var (
	shell  = regexp.MustCompile("(?ms)^```sh\n(.*?)^```")
	inline = regexp.MustCompile("`((?:sudo )?(?:latchd [a-z]|go (?:run|test) )[^`]*)`")
	remark = regexp.MustCompile(`\s+# .*$`)
)

// commands are the lines that a page tells people to type.
func commands(text string) (lines []string) {
	add := func(line string) {
		line = remark.ReplaceAllString(strings.TrimSpace(line), "")
		line = strings.TrimPrefix(strings.TrimSuffix(strings.TrimPrefix(line, "sudo "), " &"), "TWILIO_AUTH_TOKEN=notasecret ")
		if line = strings.TrimPrefix(line, "./"); line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	for _, block := range shell.FindAllStringSubmatch(text, -1) {
		for line := range strings.Lines(block[1]) {
			add(line)
		}
	}
	for _, m := range inline.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
		add(m[1])
	}
	return lines
}

// What the documentation tells people to type is typed here, at a door on a simulated board, or is run elsewhere.
func TestEveryCommandOfTheDocumentationIsRun(t *testing.T) {
	h := newTypist(t)
	pages := documentation(t)
	for _, page := range slices.Sorted(maps.Keys(pages)) {
		if page == "ARCHITECTURE.md" || page == "CHANGELOG.md" || page == "BENCHMARKS.md" {
			continue // they speak of commands, and tell nobody to type them
		}
		for _, line := range commands(pages[page]) {
			if !h.enters(page, line) {
				t.Errorf("%s: nothing runs %q", page, line)
			}
		}
	}
}

// typist types at a door that is at work.
type typist struct {
	*rig
	exe  string
	vars map[string]string // of the shell
}

func newTypist(t *testing.T) *typist {
	r := newRig(t)
	r.startBroker()
	port := freePort(t)
	r.write(fmt.Sprintf(rigConfig, r.dir, testSID, r.twilio.URL, ownersPhone, r.port) + "[web]\nlisten = \"127.0.0.1:" + port + "\"\nconsole = true\n")
	r.start()
	r.await("availability", "online")
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(exe, filepath.Join(r.dir, "latchd")); err != nil {
		t.Fatal(err)
	}
	h := &typist{rig: r, exe: exe, vars: map[string]string{"DOOR": "http://127.0.0.1:" + port}}
	id, secret, _ := strings.Cut(strings.TrimSpace(strings.ReplaceAll(r.client("add", "docs"), "secret", "")), "\n")
	h.vars["ID"], h.vars["SECRET"] = strings.Fields(id)[1], strings.TrimSpace(secret)
	return h
}

// enters runs a line, or knows who does.
func (h *typist) enters(page, line string) bool {
	for begin, where := range elsewhere {
		if strings.HasPrefix(line, begin) {
			h.t.Logf("%s: %s: not here: %s", page, line, where)
			return true
		}
	}
	switch {
	case strings.HasPrefix(line, "DOOR="):
	case strings.HasPrefix(line, "latchd "):
		h.ownCommand(page, line)
	case strings.HasPrefix(line, "curl "):
		h.curl(page, line)
	default:
		return false
	}
	return true
}

// ownCommand runs a command of latchd as it stands, for this door's configuration and board. One that goes on without end is
// ended when it has said something.
func (h *typist) ownCommand(page, line string) {
	h.t.Helper()
	line = strings.NewReplacer("/tmp/latchd-demo.sock", filepath.Join(h.dir, "board"), " --config configs/demo.toml", "", "NAME", "name").Replace(line)
	if strings.Contains(line, "--text") {
		line += " --yes"
	}
	if !strings.Contains(line, "latchd sim") {
		line += " --config " + h.config
	}
	endless := strings.Contains(line, " watch") || strings.Contains(line, "--follow")
	ctx, cancel := context.WithTimeout(h.t.Context(), patience)
	defer cancel()
	if endless {
		time.AfterFunc(time.Second, cancel)
	}
	out, err := h.sh(ctx, line)
	if err != nil && !(endless && errors.Is(ctx.Err(), context.Canceled)) {
		h.t.Errorf("%s: %s: %v\n%s", page, line, err, out)
	}
}

func (h *typist) sh(ctx context.Context, line string) (string, error) {
	c := exec.CommandContext(ctx, "sh", "-c", "exec "+line)
	c.Dir = h.dir
	c.Env = append(os.Environ(), "PATH="+h.dir+":"+os.Getenv("PATH"), "TWILIO_AUTH_TOKEN="+h.token)
	for name, value := range h.vars {
		c.Env = append(c.Env, name+"="+value)
	}
	c.WaitDelay = patience
	out, err := c.CombinedOutput()
	return string(out), err
}

// curl makes a request of the API as it stands, with the code that was texted in the place of the page's, and takes out of the
// answer what the next one needs.
func (h *typist) curl(page, line string) {
	h.t.Helper()
	if _, err := exec.LookPath("curl"); err != nil {
		h.t.Logf("%s: %s: no curl here", page, line)
		return
	}
	if code, ok := h.vars["CODE"]; ok {
		line = strings.ReplaceAll(line, "480913", code)
	}
	line = strings.Replace(line, "curl ", "curl -sS --fail-with-body ", 1)
	endless := strings.Contains(line, " -N ")
	if endless {
		line += " --max-time 2"
	}
	ctx, cancel := context.WithTimeout(h.t.Context(), patience)
	defer cancel()
	out, err := h.sh(ctx, line)
	var ended *exec.ExitError
	if err != nil && !(endless && errors.As(err, &ended) && ended.ExitCode() == 28 && strings.Contains(out, "event: door")) { // 28: --max-time
		h.t.Errorf("%s: %s: %v\n%s", page, line, err, out)
	}
	var answer map[string]any
	if json.NewDecoder(bytes.NewBufferString(out)).Decode(&answer) == nil {
		for name, key := range map[string]string{"IDENTIFIER": "secret_identifier", "ACCESS": "access_token", "REFRESH": "refresh_token"} {
			if value, ok := answer[key].(string); ok {
				h.vars[name] = value
			}
		}
	}
	if strings.Contains(line, "/otp/getcode/") {
		h.vars["CODE"] = h.signInCode()
	}
}

// signInCode is the code in the next text that signs somebody in: rings text, too.
func (h *typist) signInCode() string {
	for {
		select {
		case m := <-h.texts:
			if strings.Contains(m.Body, "signs you in") {
				return codeInText.FindString(m.Body)
			}
		case <-time.After(patience):
			h.t.Fatal("no sign-in code was texted")
		}
	}
}
