package configs

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fill writes files into a new folder, makes it the one at work, and returns what is found there, files by their names there.
func fill(t *testing.T, files map[string]string) (doors []InFolder, loose []string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for file, text := range files {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	folder, err := LoadFolder(".")
	if err != nil {
		t.Fatal(err)
	}
	return folder.Doors, folder.Loose
}

// door is own with another id and name, and lines behind.
func door(id, name string, more ...string) string {
	return fmt.Sprintf("include = \"site.toml\"\n[door]\nid = %q\nname = %q\n[strike]\nline = \"GPIO17\"\nactive = \"high\"\n", id, name) + strings.Join(more, "\n")
}

func TestDoorsOfAFolderAreComparedWithEachOther(t *testing.T) {
	other := strings.NewReplacer("elm-5", "oak-1", "+15557654321", "+15557654322").Replace(shared)
	at := func(broker, more string) string {
		return strings.Replace(valid, `"tcp://127.0.0.1:1883"`, `"`+broker+`"`, 1) + more
	}
	far := at("ssl://broker:8883", "")
	farSite := strings.Replace(shared, "tcp://127.0.0.1:1883", "ssl://broker:8883", 1)
	twice := `y.toml:2: door.id: "front" is the door of x.toml as well, `
	for name, tt := range map[string]struct {
		files map[string]string
		want  []string // what is found, by door
		loose []string
	}{
		"two sites that have nothing to do with each other": {map[string]string{"a/site.toml": shared, "a/x.toml": door("x", "X"), "a/y.toml": door("y", "Y"),
			"b/site.toml": other, "b/x.toml": door("x", "X")}, nil, nil},
		"two doors of one id": {map[string]string{"site.toml": shared, "x.toml": door("x", "X"), "y.toml": door("x", "Y")},
			[]string{`y.toml:3: door.id: "elm-5/x" is the door of x.toml as well, give each an id of its own`}, nil},
		"the same, of no site, at one broker": {map[string]string{"x.toml": far, "y.toml": far},
			[]string{twice + "give each an id of its own"}, nil},
		"the same, and one port under two schemes":  {map[string]string{"x.toml": at("wss://broker/mqtt", ""), "y.toml": at("ssl://broker:443", "")}, []string{twice + "give each an id of its own"}, nil},
		"the same, and one broker in other letters": {map[string]string{"x.toml": far, "y.toml": at("ssl://BROKER:8883", "")}, []string{twice + "give each an id of its own"}, nil},
		"the same, and two ports of one host": {map[string]string{"x.toml": far, "y.toml": at("ssl://broker:8884", "")},
			[]string{`y.toml:2: door.id: "front" has the id or the topics of x.toml, at another port of the same host, give each an id of its own, unless these are two brokers`}, nil},
		"one door at two ports": {map[string]string{"x.toml": at(`ssl://broker:8883", "ssl://broker:8884", "wss://broker:8883`, "")}, nil, nil},
		"a prefix that is another door's site": {map[string]string{"site.toml": farSite, "x.toml": door("front", "X"), "y.toml": strings.Replace(at("ssl://broker:8883", "prefix = \"latchd/elm-5\""), "+15557654321", "+15557654322", 1)},
			[]string{`y.toml:2: door.id: "latchd/elm-5/front" are the topics of x.toml as well, give one another prefix or id`}, nil},
		"ids that Home Assistant writes alike": {map[string]string{"a/site.toml": strings.Replace(farSite, "elm-5", "a-b", 1), "a/x.toml": door("c", "X"),
			"b/site.toml": strings.NewReplacer("oak-1", "a", "tcp://127.0.0.1:1883", "ssl://broker:8883").Replace(other), "b/x.toml": door("b-c", "X")},
			[]string{`b/x.toml:3: door.id: "a/b-c" has the entity ids of a/x.toml in Home Assistant, it numbers those that come second, as in lock.latchd_a_b_c_lock_2, unless one has another id`}, nil},
		"the same, each with a broker of its own": {map[string]string{"x.toml": valid, "y.toml": valid}, nil, nil},
		"a site and a door whose ids run together": {map[string]string{"a/site.toml": strings.Replace(shared, "elm-5", "a-b", 1), "a/x.toml": door("c", "X"),
			"b/site.toml": strings.Replace(other, "oak-1", "a", 1), "b/x.toml": door("b-c", "X")}, nil, nil},
		"two doors of one name": {map[string]string{"site.toml": shared, "x.toml": door("x", "X"), "y.toml": door("y", "X")},
			[]string{`y.toml:4: door.name: "X" is the name of x.toml as well, texts do not tell them apart`}, nil},
		"one user for two": {map[string]string{"site.toml": farSite, "x.toml": door("x", "X", "[mqtt]\nusername = \"u\""), "y.toml": door("y", "Y", "[mqtt]\nusername = \"u\"")},
			[]string{`y.toml:9: mqtt.username: is that of x.toml as well, give each door a user, or the broker does not tell them apart`}, nil},
		"one user for a site": {map[string]string{"site.toml": farSite + "username = \"u\"", "x.toml": door("x", "X"), "y.toml": door("y", "Y")},
			[]string{`site.toml:15: mqtt.username: is that of x.toml as well, give each door a user, or the broker does not tell them apart`}, nil},
		"one user, and a certificate": {map[string]string{"site.toml": farSite + "username = \"u\"\ncert = \"c\"\nkey = \"k\"", "x.toml": door("x", "X"), "y.toml": door("y", "Y")}, nil, nil},
		"one user, and two brokers":   {map[string]string{"x.toml": at("ssl://here:8883", "username = \"u\""), "y.toml": at("ssl://there:8883", "username = \"u\"")}, nil, nil},
		"two prefixes":                {map[string]string{"site.toml": shared, "x.toml": door("x", "X"), "y.toml": door("y", "Y", "[mqtt]\nprefix = \"doors\"")}, []string{`y.toml:9: mqtt.prefix: is another than that of x.toml, of the same site, who listens to the site hears one of them`}, nil},
		"two files of one id":         {map[string]string{"a/site.toml": shared, "a/x.toml": door("x", "X"), "b/site.toml": shared, "b/y.toml": door("y", "Y")}, []string{`b/site.toml:2: site.id: "elm-5" is the site of a/x.toml as well, which does not include the same file, give each site an id of its own, or one file`}, nil},
		"an owner's number":           {map[string]string{"site.toml": shared, "x.toml": door("x", "X"), "y.toml": door("y", "Y", "[[owner]]\nname = \"Ada\"\nphone = \"+15557654322\"")}, []string{`y.toml:10: owner[0].phone: "Ada" has another number in site.toml, one of them may be a slip`}, nil},
		"an owner in two":             {map[string]string{"a/site.toml": shared, "a/x.toml": door("x", "X"), "b/site.toml": strings.Replace(shared, "elm-5", "oak-1", 1) + "[texts]\nbody = \"{{.Code}} {{.Door}} {{.Site}}\"", "b/x.toml": door("x", "X")}, []string{`a/site.toml:10: owner[0].phone: "Ada" has doors in several sites, and the texts do not say in which, put {{.Site}} into texts.body`}, nil},
		"a fault of each":             {map[string]string{"site.toml": shared + "[code]\ndigits = 3", "x.toml": door("x", "X", "pulse = \"1h\"")}, []string{`x.toml:8: strike.pulse: 1h is too long, allowed: 0.5s to 30s`, `site.toml:16: code.digits: 3 is too small, allowed: 4 to 10`}, nil},
		"a warning of a door":         {map[string]string{"site.toml": shared, "x.toml": door("x", "X", "[code]\ndigits = 5")}, []string{`x.toml:9: code.digits: 5 digits are easily guessed, 6 or more are better`}, nil},
		"no door":                     {map[string]string{"site.toml": shared, ".git/x.toml": valid, "x.txt": valid}, nil, []string{"site.toml"}},
		"a door without [door]": {map[string]string{"site.toml": shared, "x.toml": "include = \"site.toml\""}, []string{`x.toml:1: door.id: missing, add [door] with id = "front"`,
			`x.toml:1: door.name: missing, add [door] with name = "Front door"`, noStrike("line"), noStrike("active")}, nil},
		"a site that is also a door": {map[string]string{"site.toml": strings.Replace(shared, "[site]", "[door]\n[site]", 1), "x.toml": door("x", "X")}, []string{
			`site.toml:1: is a door's file, and x.toml includes it, what doors share stands in a file without [door] and include`,
			`site.toml:1: door: belongs in the door's own file, put it there: no change for many doors may touch what locks one`}, nil},
		"a file that includes itself": {map[string]string{"x.toml": strings.Replace(door("x", "X"), "site", "x", 1)},
			[]string{`x.toml:2: is a door's file, and x.toml includes it, what doors share stands in a file without [door] and include`}, nil},
		"two that include each other": {map[string]string{"x.toml": strings.Replace(door("x", "X"), "site", "y", 1), "y.toml": strings.Replace(door("y", "Y"), "site", "x", 1)},
			[]string{`x.toml:2: is a door's file, and y.toml includes it, what doors share stands in a file without [door] and include`,
				`y.toml:2: is a door's file, and x.toml includes it, what doors share stands in a file without [door] and include`}, nil},
		"a site outside": {map[string]string{"f/x.toml": strings.Replace(door("x", "X"), "site", "../../site", 1)}, []string{
			`f/x.toml:1: include: there is no "../site.toml", put the file there, or take this line out`,
			`f/x.toml:1: include: "../site.toml" is outside of the folder, it may be another one on the door`}, nil},
		"a site that is not there": {map[string]string{"x.toml": door("x", "X")}, []string{`x.toml:1: include: there is no "site.toml", put the file there, or take this line out`}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			doors, loose := fill(t, tt.files)
			var got []string
			for _, d := range doors {
				for _, f := range append(d.Faults, d.Warnings...) {
					got = append(got, f.String())
				}
				if strings.HasSuffix(d.ID, "/") {
					t.Errorf("%s is called %s", d.File, d.ID)
				}
				if (d.Config == nil) != (len(d.Faults) > 0) {
					t.Errorf("%s has %d faults, and is given as %v", d.File, len(d.Faults), d.Config)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.loose, loose); diff != "" {
				t.Errorf("loose (-want +got):\n%s", diff)
			}
		})
	}
}

func noStrike(key string) string {
	return "x.toml:1: strike." + key + ": missing, put it under [strike] of this file, as the door is wired: with an include nothing that locks is guessed"
}

// A file that cannot be read, a pipe among them, hides no other, and a link is told from a file.
func TestWhatIsNoPlainFileInAFolder(t *testing.T) {
	other := strings.Replace(door("y", "Y"), "site", "../pipe", 1)
	fill(t, map[string]string{"a/site.toml": shared + "[code]\ndigits = 5", "a/x.toml": door("x", "X"), "b/y.toml": door("y", "Y"), "c/z.toml": other, "d/v.toml": door("v", "V")})
	for link, to := range map[string]string{"b/site.toml": "../a/site.toml", "gone.toml": "nowhere", "linked": "a", "d/site.toml": "nowhere"} {
		if err := os.Symlink(to, link); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo("pipe.toml", 0o600); err != nil {
		t.Fatal(err)
	}
	folder, err := LoadFolder(".")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range folder.Doors {
		for _, f := range append(d.Faults, d.Warnings...) {
			got = append(got, f.String())
		}
	}
	weak := "a/site.toml:16: code.digits: 5 digits are easily guessed, 6 or more are better"
	want := []string{weak, weak, "c/z.toml:1: include: cannot be read: open pipe.toml: is no regular file, put the file there, or take this line out",
		`d/v.toml:1: include: there is no "d/site.toml", put the file there, or take this line out`,
		"gone.toml:1: cannot be read: open gone.toml: no such file or directory"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"linked"}, folder.Links); diff != "" || len(folder.Loose) > 0 {
		t.Errorf("loose %v, links (-want +got):\n%s", folder.Loose, diff)
	}
}

func TestAFolderThatIsNotThereIsAnError(t *testing.T) {
	if _, err := LoadFolder(t.TempDir() + "/none"); err == nil {
		t.Error("nothing is said")
	}
}

// BenchmarkLoadFolder is a thousand doors, ten a site.
func BenchmarkLoadFolder(b *testing.B) {
	dir := b.TempDir()
	for i := range 100 {
		site := filepath.Join(dir, fmt.Sprint(i))
		if err := os.Mkdir(site, 0o755); err != nil {
			b.Fatal(err)
		}
		files := map[string]string{"site.toml": strings.Replace(shared, "elm-5", fmt.Sprintf("elm-%d", i), 1)}
		for j := range 10 {
			files[fmt.Sprintf("%d.toml", j)] = door(fmt.Sprintf("door-%d", j), fmt.Sprintf("Door %d", j))
		}
		for file, text := range files {
			if err := os.WriteFile(filepath.Join(site, file), []byte(text), 0o600); err != nil {
				b.Fatal(err)
			}
		}
	}
	for b.Loop() {
		if folder, err := LoadFolder(dir); err != nil || len(folder.Doors) != 1000 {
			b.Fatal(folder, err)
		}
	}
}
