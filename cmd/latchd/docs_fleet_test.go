package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// town is docs/fleet-settings.md at work: its scripts as they stand there, and two doors behind a stand-in for ssh, which have
// a folder each in the place of /etc/latchd.
type town struct {
	t   *testing.T
	dir string
	env []string
}

const townSite = `[site]
id = "elm-5"
[twilio]
account_sid = "AC00000000000000000000000000000000"
from = "+15551234567"
[[owner]]
name = "Ada"
phone = "+15557654321"
[mqtt]
brokers = ["tcp://127.0.0.1:1883"]
[journal]
path = %q
`

const townDoor = `include = "site.toml"
[door]
id = %[1]q
name = "The %[1]s door"
[board]
driver = "sim"
`

// townSystemctl starts a door unless it is to refuse, and knows it as at work until it has died.
const townSystemctl = `#!/bin/sh
case $1 in
restart) echo "$@" >>$ETC/systemctl; rm -f $ETC/died; ! rm $TOP/refuse 2>/dev/null ;;
show) cat $ETC/pid ;;
is-active) [ ! -e $ETC/died ] ;;
esac
`

// townSSH runs a command at a door unless that is switched off.
const townSSH = `#!/bin/sh
[ $1 != -n ] || shift
[ ! -e $TOP/off-$1 ] || { echo "ssh: connect to host $1 port 22: No route to host" >&2; exit 255; }
export ETC=$TOP/$1
shift
exec sh -c "$*"
`

func newTown(t *testing.T) *town {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("no git here: apt install git")
	}
	s := &town{t: t, dir: t.TempDir()}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(s.dir, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(exe, filepath.Join(s.dir, "bin/latchd")); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"bin/ssh":                townSSH,
		"bin/sudo":               "#!/bin/sh\nexec \"$@\"\n",
		"bin/systemctl":          townSystemctl,
		"bin/sleep":              "#!/bin/sh\n[ ! -e $TOP/dies ] || mv $TOP/dies $ETC/died\n[ ! -e $TOP/again ] || mv $TOP/again $ETC/pid\n",
		"elm-5-front/pid":        "17",
		"elm-5-back/pid":         "17",
		"fleet/elm-5/site.toml":  fmt.Sprintf(townSite, filepath.Join(s.dir, "journal")),
		"fleet/elm-5/front.toml": fmt.Sprintf(townDoor, "front"),
		"fleet/elm-5/back.toml":  fmt.Sprintf(townDoor, "back"),
	} {
		s.put(name, text)
	}
	scripts := regexp.MustCompile("(?ms)^```sh\n(#!/bin/sh\n# (fleet/\\w+).*?)^```").FindAllStringSubmatch(documentation(t)["docs/fleet-settings.md"], -1)
	if len(scripts) != 4 {
		t.Fatalf("the page has %d scripts", len(scripts))
	}
	for _, m := range scripts {
		// The group latchd is the package's to make, and what lies in /etc/latchd this machine's.
		s.put(m[2], strings.NewReplacer("etc=/etc/latchd", "etc=$ETC", "cat /etc/latchd", `cat \$ETC`, " -g latchd", "").Replace(m[1]))
	}
	s.env = append(os.Environ(), "PATH="+filepath.Join(s.dir, "bin")+":"+os.Getenv("PATH"), "TOP="+s.dir, "TWILIO_AUTH_TOKEN=sesame0secret0token",
		"GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null")
	if out, err := s.sh("git init -q . && git add fleet"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	s.commit()
	return s
}

// commit returns the id of what it commits.
func (s *town) commit() (id string) {
	s.t.Helper()
	out, err := s.sh("git -c user.name=Ada -c user.email=ada@example.org commit -qam settings && git describe --always")
	if err != nil {
		s.t.Fatalf("%v\n%s", err, out)
	}
	return strings.TrimSpace(out)
}

func (s *town) put(name, text string) {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		s.t.Fatal(err)
	}
}

// read returns a file's text, "" where there is none.
func (s *town) read(name string) string {
	b, err := os.ReadFile(filepath.Join(s.dir, name))
	if err != nil && !os.IsNotExist(err) {
		s.t.Fatal(err)
	}
	return string(b)
}

// sh runs a line at the top of the folder that holds the settings.
func (s *town) sh(line string) (string, error) {
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	c := exec.CommandContext(ctx, "sh", "-c", line)
	c.Dir, c.Env, c.WaitDelay = s.dir, s.env, patience
	out, err := c.CombinedOutput()
	return string(out), err
}

func TestNewSettingsAreHandedToTheDoors(t *testing.T) {
	s := newTown(t)
	if out, err := s.sh("latchd check --config fleet"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if out, err := s.sh("fleet/rollout elm-5/front elm-5/back"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	s.put("fleet/early", "elm-5/front\nelm-5/back\n")
	if out, err := s.sh("fleet/rollout $(cat fleet/early)"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, door := range []string{"front", "back"} {
		etc := "elm-5-" + door + "/"
		if s.read(etc+"latchd.toml") != s.read("fleet/elm-5/"+door+".toml") || s.read(etc+"site.toml") != s.read("fleet/elm-5/site.toml") ||
			s.read(etc+"systemctl") != strings.Repeat("restart latchd\n", 2) {
			t.Errorf("the %s door has not taken its files, and its services heard %q", door, s.read(etc+"systemctl"))
		}
		if info, err := os.Stat(filepath.Join(s.dir, etc, "site.toml")); err != nil || info.Mode() != 0o640 {
			t.Errorf("its site.toml is %v, %v", info, err)
		}
	}
}

func TestSettingsAtFaultAreNotTaken(t *testing.T) {
	s := newTown(t)
	if out, err := s.sh("fleet/rollout elm-5/front elm-5/back"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	before := s.read("elm-5-front/site.toml")
	s.put("fleet/elm-5/site.toml", before+"keep = \"1h\"\n")
	out, err := s.sh("fleet/rollout elm-5/front elm-5/back")
	if err == nil || !strings.Contains(out, "fail  site.toml:13: journal.keep: 1h is too short") || !strings.HasSuffix(out, without("elm-5/front", "elm-5/back")) {
		t.Errorf("it goes on: %v\n%s", err, out)
	}
	if s.read("elm-5-front/site.toml") != before || s.read("elm-5-front/systemctl") != "restart latchd\n" {
		t.Error("the door has taken what is at fault")
	}
}

func TestADoorThatDoesNotStayUpHasItsOldSettingsBack(t *testing.T) {
	const restart = "restart latchd\n"
	for name, c := range map[string]struct {
		file, text string // what goes wrong
		heard      string // by the services, after the first time
	}{
		"it does not start":                {"refuse", "", restart + restart},
		"it dies":                          {"dies", "", restart + restart},
		"it dies, and is started again":    {"again", "18", restart + restart},
		"no room for the second file":      {"bin/install", "#!/bin/sh\ncase $4 in *latchd.toml*) exit 1; esac\nexec cp $3 $4\n", ""},
		"the second cannot be moved there": {"bin/mv", "#!/bin/sh\n[ $2 != latchd.toml ] || [ $1 != latchd.toml.take ] || exit 1\nexec /bin/mv \"$@\"\n", restart},
	} {
		for _, first := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, with a site's file before: %v", name, !first), func(t *testing.T) {
				s := newTown(t)
				s.put("elm-5-front/latchd.toml", "# by hand\n")
				s.put("elm-5-front/users.toml.back", "# somebody's\n")
				if !first {
					if out, err := s.sh("fleet/rollout elm-5/front"); err != nil {
						t.Fatalf("%v\n%s", err, out)
					}
				}
				before, heard := s.etc("elm-5-front"), s.read("elm-5-front/systemctl")
				s.put("fleet/elm-5/site.toml", s.read("fleet/elm-5/site.toml")+"keep = \"30d\"\n")
				s.put("fleet/elm-5/front.toml", s.read("fleet/elm-5/front.toml")+"# another\n")
				s.put(c.file, c.text)
				if out, err := s.sh("fleet/rollout elm-5/front elm-5/back"); err == nil || !strings.HasSuffix(out, without("elm-5/front", "elm-5/back")) {
					t.Errorf("it goes on: %v\n%s", err, out)
				}
				if diff := cmp.Diff(before, s.etc("elm-5-front")); diff != "" {
					t.Errorf("the door has other files:\n%s", diff)
				}
				if got := s.read("elm-5-front/systemctl"); got != heard+c.heard {
					t.Errorf("its services hear %q", got)
				}
			})
		}
	}
}

// A Pi that is switched off does not keep the others from their settings, and gets its own another day.
func TestNewSettingsGoPastDoorsOutOfReach(t *testing.T) {
	s := newTown(t)
	s.put("fleet/early", "elm-5/front\nelm-5/back\n")
	for way, rollout := range map[string]string{
		"one after the other": "fleet/rollout $(cat fleet/early) >late",
		"ten at a time":       "xargs -n 1 -P 10 fleet/rollout <fleet/early >late",
	} {
		t.Run(way, func(t *testing.T) {
			s.put("off-elm-5-front", "")
			s.put("fleet/elm-5/site.toml", s.read("fleet/elm-5/site.toml")+"# "+way+"\n")
			id := s.commit()
			if out, err := s.sh(rollout); err == nil {
				t.Errorf("all is well: %s", out)
			}
			if got := s.read("late"); got != "elm-5/front\n" || s.read("elm-5-back/site.toml") != s.read("fleet/elm-5/site.toml") {
				t.Errorf("left out are %q, and the back door has %q", got, s.read("elm-5-back/site.toml"))
			}
			if out, err := s.sh("rm off-elm-5-front; fleet/rollout $(cat late)"); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
			if out, err := s.sh("fleet/have $(cat fleet/early)"); err != nil || out != fmt.Sprintf("elm-5/front %[1]s\nelm-5/back %[1]s\n", id) {
				t.Errorf("%v: they have %q, not %s", err, out, id)
			}
		})
	}
}

func TestAFailingDoorEndsNewSettingsByTen(t *testing.T) {
	s := newTown(t)
	s.put("fleet/elm-5/site.toml", s.read("fleet/elm-5/site.toml")+"keep = \"1h\"\n")
	s.put("fleet/early", "elm-5/front\nelm-5/back\n")
	if out, err := s.sh("xargs -n 1 -P 1 fleet/rollout <fleet/early"); err == nil || strings.Contains(out, "elm-5/back") {
		t.Errorf("it goes on: %v\n%s", err, out)
	}
}

func TestHalfOfTheNewSettingsIsNotHandedOut(t *testing.T) {
	s := newTown(t)
	if err := os.Remove(filepath.Join(s.dir, "fleet/elm-5/site.toml")); err != nil {
		t.Fatal(err)
	}
	s.put("elm-5-front/site.toml", "# by hand\n")
	s.put("bin/ssh", "#!/bin/sh\ntouch $TOP/reached\n")
	if out, err := s.sh("fleet/rollout elm-5/front elm-5/back"); err == nil || !strings.HasSuffix(out, without("elm-5/front", "elm-5/back")) {
		t.Errorf("it goes on: %v\n%s", err, out)
	}
	if _, err := os.Stat(filepath.Join(s.dir, "reached")); err == nil {
		t.Error("the door has been sent what there is")
	}
}

// without is how a rollout ends that has left doors out.
func without(doors ...string) string {
	return "without the new files:\n" + strings.Join(doors, "\n") + "\n"
}

// etc returns the settings, and whatever else lies beside them, but for what the stand-ins leave there.
func (s *town) etc(door string) map[string]string {
	s.t.Helper()
	files, err := os.ReadDir(filepath.Join(s.dir, door))
	if err != nil {
		s.t.Fatal(err)
	}
	texts := map[string]string{}
	for _, file := range files {
		if name := file.Name(); !slices.Contains([]string{"pid", "systemctl", "died"}, name) {
			texts[name] = s.read(filepath.Join(door, name))
		}
	}
	return texts
}
