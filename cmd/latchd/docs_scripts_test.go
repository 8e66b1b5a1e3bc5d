package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	debian "latchd/bench/mosquitto"
)

// section is what a page says under a heading.
func section(t *testing.T, page, heading string) string {
	t.Helper()
	_, text, found := strings.Cut(documentation(t)[page], "\n"+heading+"\n")
	if !found {
		t.Fatalf("%s has no %q", page, heading)
	}
	text, _, _ = strings.Cut(text, "\n##")
	return text
}

// script is all that a text has people type in blocks, in order.
func script(t *testing.T, text string) (all string) {
	t.Helper()
	for _, m := range shell.FindAllStringSubmatch(text, -1) {
		all += m[1]
	}
	if all == "" {
		t.Fatalf("there is nothing to type in %q", text)
	}
	return all
}

func withoutABoard(t *testing.T) string {
	return script(t, section(t, "README.md", "### Without a board"))
}
func brokersSetUp(t *testing.T) string {
	return script(t, section(t, "docs/home-assistant.md", "## The broker"))
}
func prometheusSetUp(t *testing.T) string {
	return script(t, section(t, "docs/pages.md", "### Prometheus"))
}

// prompt is a shell into which lines are typed, and what all that it has started has said.
type prompt struct {
	t    *testing.T
	keys io.Writer
	said *syncBuffer
	from int // what was said before is not waited for any more
}

func newPrompt(t *testing.T, dir string) *prompt {
	c, said := exec.Command("sh", "-e"), &syncBuffer{}
	c.Dir, c.Stdout, c.Stderr = dir, said, said
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // it is closed with all that was started in it
	keys, err := c.StdinPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		syscall.Kill(-c.Process.Pid, syscall.SIGKILL)
		c.Wait()
	})
	return &prompt{t: t, keys: keys, said: said}
}

func (s *prompt) types(line string) {
	s.t.Helper()
	if _, err := io.WriteString(s.keys, line+"\n"); err != nil {
		s.t.Fatalf("%s: %v\n%s", line, err, s.said)
	}
}

// await waits until something like that has been said, and returns the last of it.
func (s *prompt) await(what string) []string {
	s.t.Helper()
	for end := time.Now().Add(building); time.Now().Before(end); <-time.After(20 * time.Millisecond) {
		if all := regexp.MustCompile(what).FindAllStringSubmatch(s.said.String()[s.from:], -1); all != nil {
			return all[len(all)-1]
		}
	}
	s.t.Fatalf("nothing says %q:\n%s", what, s.said)
	return nil
}

// The README's lines are typed one after the other, at other ports and paths, and with the code that was texted.
func TestADoorWithoutABoardIsWorkedAsTheReadmeSays(t *testing.T) {
	if mosquitto() == "" {
		t.Skip("no mosquitto here: apt install mosquitto")
	}
	dir, broker, api := t.TempDir(), freePort(t), freePort(t)
	places := strings.NewReplacer("-o latchd", "-o "+dir+"/latchd", "./latchd", dir+"/latchd", "configs/demo.toml", dir+"/demo.toml",
		"/tmp/latchd-demo.sock", dir+"/board", `path = "latchd-demo"`, `path = "`+dir+`/journal"`, "-p 1883", "-p "+broker, ":1883", ":"+broker,
		"./bench/standin", "./bench/standin -listen 127.0.0.1:"+api, ":8081", ":"+api)
	config, err := os.ReadFile("../../configs/demo.toml")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "demo.toml"), []byte(places.Replace(string(config))), 0o600); err != nil {
		t.Fatal(err)
	}
	s, code := newPrompt(t, top), ""
	for line := range strings.Lines(withoutABoard(t)) {
		line = remark.ReplaceAllString(places.Replace(strings.TrimSpace(line)), "")
		switch {
		case strings.HasSuffix(line, " bell"):
			s.await("Twilio's API is played at")
			s.await("the door is at work")
			s.types(line)
			code = s.await(`to \+15557654321: (\d{6}) opens`)[1]
		case strings.Contains(line, " press "):
			s.enters(strings.Replace(line, "123456", code, 1))
		case strings.HasSuffix(line, " watch"):
			s.types(line + " &")
			s.await(`"line":"GPIO17","level":0`) // the strike's, when its pulse ends
		case strings.Contains(line, " log "):
			s.from = len(s.said.String())
			s.types(line)
			s.await(`(?s)bell\.rung.*access\.granted`)
		default:
			s.types(line)
		}
	}
	if s.from == 0 {
		t.Error("the journal is not looked at in the end")
	}
}

// enters types an entry until it is one: where a busy machine sleeps through a tap, it is short.
func (s *prompt) enters(line string) {
	s.t.Helper()
	for range 10 {
		before := len(s.said.String())
		s.types(line)
		for end := time.Now().Add(5 * time.Second); time.Now().Before(end); <-time.After(20 * time.Millisecond) {
			if strings.Contains(s.said.String()[before:], "access.granted") {
				return
			}
		}
	}
	s.t.Fatalf("ten entries, and the door did not open:\n%s", s.said)
}

// What the page has typed makes a broker that lets in who has a password, and nobody else.
func TestTheBrokerIsSetUpAsThePageSays(t *testing.T) {
	if _, err := exec.LookPath("mosquitto_passwd"); err != nil {
		t.Skip("no mosquitto_passwd here: apt install mosquitto")
	}
	dir := t.TempDir()
	examples, err := filepath.Abs("../../configs")
	if err != nil {
		t.Fatal(err)
	}
	places := strings.NewReplacer("/etc/mosquitto", dir, "/usr/share/doc/latchd/examples", examples)
	others := "nano|systemctl"
	if _, err := user.LookupGroup("mosquitto"); err != nil || os.Getuid() != 0 {
		others += "|chown"
	}
	asked := ""
	for line := range strings.Lines(brokersSetUp(t)) {
		line = strings.TrimSpace(line)
		name := line[strings.LastIndex(line, " ")+1:] // is the password, too
		c := exec.CommandContext(t.Context(), "sh", "-c", `sudo() { case $1 in `+others+`) echo "$@";; *) "$@";; esac; }`+"\n"+places.Replace(line))
		c.Stdin = strings.NewReader(name + "\n" + name + "\n")
		out, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", line, err, out)
		}
		asked += string(out)
	}
	if !strings.HasSuffix(asked, "systemctl restart mosquitto\n") {
		t.Errorf("mosquitto is not restarted at the end: %s", asked)
	}
	config := fenced(t, "docs/home-assistant.md", "per_listener_settings")
	list, err := os.ReadFile("../../configs/mosquitto.acl")
	if err != nil {
		t.Fatal(err)
	}
	if said := "#        " + strings.ReplaceAll(strings.TrimSpace(config), "\n", "\n#        ") + "\n"; !strings.Contains(string(list), said) {
		t.Errorf("the access list's comment, which is tried with it, has another configuration than\n%s", said)
	}
	b, err := debian.Start(dir, places.Replace(config))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("without mosquitto there is no broker to set up: ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Stop() })
	for _, name := range []string{"latchd-front", "homeassistant", ""} {
		c := paho.NewClient(paho.NewClientOptions().AddBroker("tcp://" + b.Address).SetUsername(name).SetPassword(name))
		token := c.Connect()
		if !token.WaitTimeout(patience) || (token.Error() == nil) != (name != "") {
			t.Errorf("%q: %v", name, token.Error())
		}
		c.Disconnect(0)
	}
}
