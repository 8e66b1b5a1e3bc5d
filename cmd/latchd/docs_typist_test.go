package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// top is where the documentation is.
const top = "../.."

// building is patience with what may have to build a program first, on a busy machine.
const building = 10 * patience

// typist types at a door that is at work.
type typist struct {
	*rig
	exe     string
	vars    map[string]string // of the shell
	whole   map[string]bool   // lines that are run with those before and after them
	used    map[string]bool   // of elsewhere and nowhere
	without map[string]bool   // what is not run here, and why
}

// newTypist has pages that listen as is said, at a free port: the %s.
func newTypist(t *testing.T, web string) *typist {
	r := newRig(t)
	r.startBroker()
	port := freePort(t)
	r.write(fmt.Sprintf(rigConfig, r.dir, testSID, r.twilio.URL, ownersPhone, r.port) + fmt.Sprintf("[web]\nconsole = true\nlisten = "+web, port))
	r.start()
	r.await("availability", "online")
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(exe, filepath.Join(r.dir, "latchd")); err != nil {
		t.Fatal(err)
	}
	h := &typist{rig: r, exe: exe, whole: map[string]bool{}, used: map[string]bool{}, without: map[string]bool{},
		vars: map[string]string{"DOOR": "http://127.0.0.1:" + port}}
	id, secret, _ := strings.Cut(strings.TrimSpace(strings.ReplaceAll(r.client("add", "docs"), "secret", "")), "\n")
	h.vars["ID"], h.vars["SECRET"] = strings.Fields(id)[1], strings.TrimSpace(secret)
	return h
}

// inSequence leaves the lines of a script to who runs all of it.
func (h *typist) inSequence(block string) {
	for _, line := range commands("```sh\n" + block + "```") {
		h.whole[line] = true
	}
}

// enters runs a line, or knows who does.
func (h *typist) enters(page, line string) bool {
	if h.whole[line] {
		return true
	}
	if strings.HasPrefix(line, "latchd ") && strings.HasSuffix(line, " --help") {
		h.must(page, line, h.dir, line)
		return true
	}
	begin := ""
	for _, b := range slices.Concat(slices.Collect(maps.Keys(elsewhere)), slices.Collect(maps.Keys(nowhere))) {
		if strings.HasPrefix(line, b) && len(b) > len(begin) {
			begin = b
		}
	}
	if begin != "" {
		h.t.Logf("%s: %s: not here: %s", page, line, elsewhere[begin][0]+nowhere[begin])
		h.used[begin] = true
		return true
	}
	switch {
	case strings.HasPrefix(line, "DOOR="):
	case line == "uname -m":
		h.must(page, line, h.dir, line)
	case strings.HasPrefix(line, "latchd "):
		h.ownCommand(page, line)
	case strings.HasPrefix(line, "curl "):
		h.curl(page, line)
	case strings.HasPrefix(line, "chromium "):
		h.chromium(page, line)
	case strings.HasPrefix(line, "go test ") && strings.Contains(line, " -run "):
		h.finds(page, line)
	case strings.HasPrefix(line, "go run ./bench/"):
		h.takes(page, line)
	default:
		return false
	}
	return true
}

// must runs what stands for a line, and returns what it says.
func (h *typist) must(page, line, dir, instead string) string {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), building)
	defer cancel()
	out, err := h.sh(ctx, dir, instead)
	if err != nil {
		h.t.Errorf("%s: %s: %v\n%s", page, line, err, out)
	}
	return out
}

// finds looks whether there are tests of the name that a line runs, and flags as it gives them. How they end is .ci/run's.
func (h *typist) finds(page, line string) {
	h.t.Helper()
	list := strings.Replace(line, " -run ", " -vet=off -list ", 1)
	if mine, ok := strings.CutPrefix(line, "go test ./cmd/latchd "); ok { // this program has them
		list = h.exe + " " + strings.NewReplacer("-run ", "-test.list ", "-v", "-test.v", "-timeout ", "-test.timeout ").Replace(mine)
	}
	if out := h.must(page, line, top, list); !strings.Contains("\n"+out, "\nTest") {
		h.t.Errorf("%s: %s: there is no such test:\n%s", page, line, out)
	}
}

// takes looks whether a measurement, which may take an hour, takes the flags of a line.
func (h *typist) takes(page, line string) {
	h.t.Helper()
	words := strings.Fields(line)
	usage := h.must(page, line, top, strings.Join(words[:3], " ")+" -h")
	for _, word := range words[3:] {
		if strings.HasPrefix(word, "-") && !strings.Contains(usage, "\n  "+word) {
			h.t.Errorf("%s: %s: it has no %s:\n%s", page, line, word, usage)
		}
	}
}

// chromium opens the page of a line without a screen.
func (h *typist) chromium(page, line string) {
	h.t.Helper()
	if _, err := exec.LookPath("chromium"); err != nil {
		h.without["the browser: apt install chromium"] = true
		return
	}
	headless := "chromium --headless --no-sandbox --disable-gpu --user-data-dir=" + h.t.TempDir() + " --dump-dom "
	instead := strings.Replace(line, "chromium ", headless, 1)
	instead = strings.Replace(instead, "http://127.0.0.1:8080", h.vars["DOOR"], 1)
	if out := h.must(page, line, h.dir, instead); !strings.Contains(out, `src="/panel.js"`) {
		h.t.Errorf("%s: %s: this is not the panel:\n%s", page, line, out)
	}
}

// ownCommand runs a command of latchd as it stands, for this door's configuration and board. One that goes on without end is
// ended when it has said what it must.
func (h *typist) ownCommand(page, line string) {
	h.t.Helper()
	line = strings.NewReplacer("/tmp/latchd-demo.sock", filepath.Join(h.dir, "board"), " --config configs/demo.toml", "", "NAME", "name").Replace(line)
	if strings.Contains(line, "--text") {
		line += " --yes"
	}
	if !strings.Contains(line, "latchd sim") {
		line += " --config " + h.config
	}
	if strings.Contains(line, " --follow") {
		h.says(page, line, "daemon.started")
		return
	}
	ctx, cancel := context.WithTimeout(h.t.Context(), patience)
	defer cancel()
	if out, err := h.sh(ctx, h.dir, line); err != nil {
		h.t.Errorf("%s: %s: %v\n%s", page, line, err, out)
	}
}

// says runs what goes on without end, and ends it when it has said the words.
func (h *typist) says(page, line, words string) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), patience)
	defer cancel()
	out := &awaited{words: words, said: cancel}
	if err := h.shell(ctx, h.dir, line, out).Run(); !strings.Contains(out.String(), words) {
		h.t.Errorf("%s: %s: %v, and %q was not said\n%s", page, line, err, words, out)
	}
}

// awaited tells when the words have been written.
type awaited struct {
	syncBuffer
	words string
	said  func()
}

func (a *awaited) Write(p []byte) (int, error) {
	n, err := a.syncBuffer.Write(p)
	if strings.Contains(a.String(), a.words) {
		a.said()
	}
	return n, err
}

func (h *typist) sh(ctx context.Context, dir, line string) (string, error) {
	var out syncBuffer
	err := h.shell(ctx, dir, line, &out).Run()
	return out.String(), err
}

func (h *typist) shell(ctx context.Context, dir, line string, out io.Writer) *exec.Cmd {
	c := exec.CommandContext(ctx, "sh", "-c", "exec "+line)
	c.Dir = dir
	c.Env = append(os.Environ(), "PATH="+h.dir+":"+os.Getenv("PATH"), "TWILIO_AUTH_TOKEN="+h.token)
	for name, value := range h.vars {
		c.Env = append(c.Env, name+"="+value)
	}
	c.WaitDelay, c.Stdout, c.Stderr = patience, out, out
	return c
}

// curl makes a request of the API as it stands, with the code that was texted in the place of the page's, and takes out of the
// answer what the next one needs.
func (h *typist) curl(page, line string) {
	h.t.Helper()
	if _, err := exec.LookPath("curl"); err != nil {
		h.without["the requests of the API: apt install curl"] = true
		return
	}
	if code, ok := h.vars["CODE"]; ok {
		line = strings.ReplaceAll(line, "480913", code)
	}
	line = strings.Replace(line, "curl ", "curl -sS --fail-with-body ", 1)
	if strings.Contains(line, " -N ") {
		h.says(page, line, "event: door")
		return
	}
	ctx, cancel := context.WithTimeout(h.t.Context(), patience)
	defer cancel()
	out, err := h.sh(ctx, h.dir, line)
	if err != nil {
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
