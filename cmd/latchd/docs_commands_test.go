package main

import (
	"bytes"
	"cmp"
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

// elsewhere is where commands of the documentation are run that need more than this machine's user has: by their beginning, the
// file that runs them, and words of it that say so; none: the beginning itself. What the README has people type on the Pi is
// run by the scenarios install and package of bench/vm, line by line.
var elsewhere = map[string][2]string{
	"systemctl stop latchd":    {"bench/vm/scenarios/rights.txt"},
	"systemctl start latchd":   {"bench/vm/scenarios/setup.txt"},
	"systemctl restart latchd": {"bench/vm/scenarios/setup.txt"},
	"systemctl status":         {"bench/vm/scenarios/secrets.txt"},
	"journalctl -u latchd":     {"bench/vm/scenarios/secrets.txt"},
	"timedatectl":              {"bench/vm/scenarios/clock.txt"},
	"latchd setup":             {"bench/vm/scenarios/setup.txt"},
	"latchd keys":              {"bench/vm/scenarios/setup.txt"},
	"apt remove":               {"bench/vm/scenarios/package.txt", "dpkg -r latchd"},
	"apt purge":                {"bench/vm/scenarios/package.txt", "dpkg -P latchd"},
	"apt install qemu":         {".ci/run", "qemu-system-x86_64 qemu-system-x86"},
	"apt install mosquitto":    {".ci/run", "mosquitto mosquitto"},
	"bench/vm/run":             {".ci/run"},
	".ci/run":                  {".ci/run"},
	"make deb":                 {".ci/run", "make -s deb"},
	"go test ":                 {".ci/run", "go test ./..."},
	"CGO_ENABLED=0 GOOS=linux": {".ci/run", "GOOS=linux CGO_ENABLED=0 go build"},
	"go build -o latchd":       {"bench/vm/run", "go build -trimpath"},
	"go run ./bench/standin":   {"configs/demo.toml"},
	"go run ./bench/":          {"BENCHMARKS.md"},
	"go run -C bench/cluster":  {".ci/run", "cd bench/cluster"},
	"go run ./cmd/latchd demo": {"cmd/latchd/demo_test.go", "demo"},
	"mosquitto -p":             {"bench/mosquitto/mosquitto.go", "mosquitto"},
	"mosquitto_passwd":         {"mqtt/acl_test.go"},
	"cp /usr/share/doc/latchd/examples/mosquitto.acl": {"mqtt/acl_test.go", "configs/mosquitto.acl"},
	"chown root:mosquitto":                            {"configs/mosquitto.acl"},
	"chmod 640":                                       {"configs/mosquitto.acl"},
	"touch /var/lib/latchd/signin.pardon":             {"signin/pardon_test.go", "PardonFile"},
	"latchd run":                                      {"systemd/latchd.service"},
	"latchd completion":                               {"cmd/latchd/testdata/script/help.txtar"},
	"latchd offline enroll":                           {"cmd/latchd/testdata/script/offline.txtar"},
	"man latchd":                                      {"packaging/packaging_test.go", "latchd.service.8"},
	"ssh pi@":                                         {"bench/vm/player/door.go", "tells the owner of a Pi"},
	"scp ":                                            {"bench/vm/player/door.go", "copied there"},
	"fleet/rollout":                                   {"cmd/latchd/docs_fleet_test.go"},
	"fleet/release":                                   {"cmd/latchd/docs_release_test.go"},
	"gpg --export":                                    {"cmd/latchd/docs_release_test.go"},
	"latchd check --config fleet":                     {"cmd/latchd/docs_fleet_test.go"},
	"apt install dpkg-dev":                            {"cmd/latchd/docs_release_test.go"},
	"apt install --allow-downgrades":                  {"cmd/latchd/docs_release_test.go", "apt-get --simulate install --allow-downgrades"},
	"chromium --kiosk":                                {"web/browser_test.go", "chromedp"},
}

// programs are the beginnings by which a command is known within a sentence.
const programs = `latchd [a-z]|go (?:run|test|build) |make |apt |man |ssh |scp |systemctl |journalctl |mosquitto_\w+ |curl |uname |timedatectl|touch |nano |` +
	`chromium |bench/vm/run|\.ci/run`

var (
	shell  = regexp.MustCompile("(?ms)^```sh\n(.*?)^```")
	inline = regexp.MustCompile("`((?:sudo )?(?:" + programs + ")[^`]*)`")
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
		if strings.HasPrefix(block[1], "#!") {
			continue // a file, which is tried as a whole
		}
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
	for _, block := range strings.Split(pages["README.md"], "\nOn the Pi:\n\n")[1:] { // as bench/vm/player takes them
		block, _, _ = strings.Cut(strings.TrimPrefix(block, "```sh\n"), "```")
		for _, line := range commands("```sh\n" + block + "```") {
			h.onThePi[line] = true
		}
	}
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
	for begin := range elsewhere {
		if !h.used[begin] {
			t.Errorf("no page has a command that begins with %q any more", begin)
		}
	}
}

func TestWhatIsSaidToRunACommandOfTheDocumentationHasIt(t *testing.T) {
	for begin, where := range elsewhere {
		b, err := os.ReadFile(filepath.Join("../..", where[0]))
		if err != nil {
			t.Error(err)
		} else if words := cmp.Or(where[1], begin); !strings.Contains(string(b), words) {
			t.Errorf("%q is said to be run by %s, which has no %q", begin, where[0], words)
		}
	}
}

// typist types at a door that is at work.
type typist struct {
	*rig
	exe     string
	vars    map[string]string // of the shell
	onThePi map[string]bool   // what bench/vm runs of the README
	used    map[string]bool   // of elsewhere
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
	h := &typist{rig: r, exe: exe, onThePi: map[string]bool{}, used: map[string]bool{}, vars: map[string]string{"DOOR": "http://127.0.0.1:" + port}}
	id, secret, _ := strings.Cut(strings.TrimSpace(strings.ReplaceAll(r.client("add", "docs"), "secret", "")), "\n")
	h.vars["ID"], h.vars["SECRET"] = strings.Fields(id)[1], strings.TrimSpace(secret)
	return h
}

// enters runs a line, or knows who does.
func (h *typist) enters(page, line string) bool {
	if h.onThePi[line] {
		return true
	}
	begin := ""
	for b := range elsewhere {
		if strings.HasPrefix(line, b) && len(b) > len(begin) {
			begin = b
		}
	}
	if begin != "" {
		h.t.Logf("%s: %s: not here: %s", page, line, elsewhere[begin][0])
		h.used[begin] = true
		return true
	}
	switch {
	case strings.HasPrefix(line, "DOOR="):
	case line == "uname -m":
		if out, err := h.sh(h.t.Context(), line); err != nil {
			h.t.Errorf("%s: %s: %v\n%s", page, line, err, out)
		}
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
