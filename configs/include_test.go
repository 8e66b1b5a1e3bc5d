package configs

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// shared is what valid has and a door's own file need not, in 14 lines; wireless a door's file of 4 that includes it, and own
// one of 7 that says what locks it, too.
const (
	shared = `[site]
id = "elm-5"

[twilio]
account_sid = "AC00000000000000000000000000000000"
from = "+15551234567"

[[owner]]
name = "Ada"
phone = "+15557654321"

[mqtt]
brokers = ["tcp://127.0.0.1:1883"]

`
	wireless = `include = "site.toml"
[door]
id = "front"
name = "Front door"
`
	own = wireless + `[strike]
line = "GPIO17"
active = "high"
`
)

// parsePair reads a door's file d/f, for which the file d/site.toml is there.
func parsePair(door, site string) (*Config, error) {
	return parseWith("d/f", []byte(door), func(path string) ([]byte, error) {
		if path != "d/site.toml" {
			return nil, fmt.Errorf("open %s: %w", path, fs.ErrNotExist)
		}
		return []byte(site), nil
	})
}

func TestFaultsOfBothFilesNameTheFileAndTheLine(t *testing.T) {
	for name, tt := range map[string]struct {
		door, site string
		want       []string
	}{
		"none":                               {own, shared, nil},
		"a slip in each":                     {own + "pulse = \"1h\"", shared + "[code]\ndigits = 3", []string{`d/f:8: strike.pulse: 1h is too long, allowed: 0.5s to 30s`, `d/site.toml:16: code.digits: 3 is too small, allowed: 4 to 10`}},
		"a text left open in each":           {own + "[texts]\nbody = \"", shared + "[mqqt]", []string{`d/f:9: texts.body: `, `d/site.toml:15: mqqt: unknown table, did you mean [mqtt]?`}},
		"one line of the header in both":     {own + "[bell]\nline = \"GPIO5\"", shared + "[keypad]\nrows = [\"GPIO6\", \"GPIO13\", \"GPIO19\", \"GPIO5\"]", []string{`d/f:9: bell.line: "GPIO5" is taken by keypad.rows[3] on line 16 of d/site.toml, give each a line of its own`}},
		"the site's on the strike's default": {wireless + "[board]\ndriver = \"sim\"", shared + "[keypad]\nrows = [\n\"GPIO17\", \"GPIO6\", \"GPIO13\", \"GPIO19\"]", []string{`d/site.toml:17: keypad.rows[0]: "GPIO17" is taken by strike.line by default, give each a line of its own`}},
		"the site's on the strike's":         {own, shared + "[keypad]\nrows = [\n\"GPIO17\", \"GPIO6\", \"GPIO13\", \"GPIO19\"]", []string{`d/f:6: strike.line: "GPIO17" is taken by keypad.rows[0] on line 17 of d/site.toml, give each a line of its own`}},
		"what neither says":                  {own, strings.Replace(shared, account, "", 1), []string{`d/site.toml:4: twilio.account_sid: missing, here and in d/f, add account_sid = "AC..." from the first page of console.twilio.com`}},
		"a table that neither has":           {own, "[mqtt]\n" + brokers + "\n[twilio]\n" + account + "\n" + from, []string{`d/f:1: owner: missing, here and in d/site.toml, add [[owner]] with name = "Ada" and phone = "+15557654321"`}},
		"the door's owners go before":        {own + "[[owner]]\nname = \"Grace\"\nphone = \"1\"", strings.Replace(shared, `"+15557654321"`, `"2"`, 1), []string{`d/f:10: owner[0].phone: is no number in E.164 form, allowed: +, country code, number, digits only, as in "+15557654321"`}},
		"an owner half of each":              {own + "[[owner]]\nname = \"Grace\"", shared, []string{`d/f:8: owner[0].phone: missing, add phone = "+15557654321"`}},
		"an owner of the site":               {own, strings.Replace(shared, `"+15557654321"`, `"2"`, 1), []string{`d/site.toml:10: owner[0].phone: is no number in E.164 form, allowed: +, country code, number, digits only, as in "+15557654321"`}},
		"a broker of the site":               {own, strings.Replace(shared, `"tcp://127.0.0.1:1883"`, `"tcp://h"`, 1), []string{`d/site.toml:13: mqtt.brokers[0]: names no port, add it: 1883 for tcp and 8883 for ssl, as a rule`}},
		"a value between the two":            {own + "[code]\nlockout = \"2h\"", shared + "[code]\nlockout_max = \"1h\"", []string{`d/site.toml:16: code.lockout_max: the longest lockout, 1h, is shorter than the first, 2h, allowed: lockout_max from lockout to 7d`}},

		"no site file":              {strings.Replace(own, "site", "cite", 1) + "pulse = \"1h\"", shared, []string{`d/f:1: include: there is no "d/cite.toml", put the file there, or take this line out`, `d/f:8: strike.pulse: 1h is too long, allowed: 0.5s to 30s`}},
		"a whole path":              {strings.Replace(own, "site", "/d/site", 1), shared, []string{`d/f:1: include: there is no "/d/site.toml", put the file there, or take this line out`}},
		"an include of no file":     {strings.Replace(own, "site.toml", "", 1), shared, []string{`d/f:1: include: is "", allowed: a file beside this one, as in "site.toml", or its whole path`}},
		"an include without quotes": {strings.Replace(own, `"site.toml"`, "site.toml", 1), shared, []string{`d/f:1: include: `}},
		"an include of a number":    {strings.Replace(own, `"site.toml"`, "5", 1), shared, []string{`d/f:1: include: is a whole number, must be text in quotes`}},
		"an include twice":          {"include = \"site.toml\"\n" + own, shared, []string{`d/f:2: include: stands already on line 1, a door's file takes in one other`}},
		"an include misspelt":       {strings.Replace(own, "include", "inlcude", 1), shared, []string{`d/f:1: inlcude: unknown key, did you mean include?`}},
		"an include in a table":     {valid + "[strike]\ninclude = \"site.toml\"", shared, []string{`d/f:18: strike.include: unknown key, it stands above all tables, once`}},
		"an include in the site":    {own, "include = \"f\"\n" + shared, []string{`d/site.toml:1: include: an included file includes no other, take the line out`}},
		"a site that is no text":    {own, "\xff\xfe", []string{`d/site.toml:1: written in UTF-16, save it as UTF-8`}},
		"a site that is not UTF-8":  {own, shared + "[site]\n# \xff", []string{`d/site.toml:15: site: stands already on line 1, put its keys together`, `d/site.toml:16: not UTF-8, save the file as UTF-8`}},

		"what locks the door, in the site": {own, shared + "[door]\nid = \"x\"\n[board]\nchip = \"y\"\n[strike]\nline = \"GPIO4\"\nactive = \"low\"", []string{
			`d/site.toml:15: door: belongs in the door's own file, put it there: no change for many doors may touch what locks one`,
			`d/site.toml:17: board: belongs in the door's own file, put it there: no change for many doors may touch what locks one`,
			`d/site.toml:20: strike.line: belongs in the door's own file, put it there: no change for many doors may touch what locks one`,
			`d/site.toml:21: strike.active: belongs in the door's own file, put it there: no change for many doors may touch what locks one`}},

		"a site that is torn":         {own, strings.Replace(shared, "[twilio]", "[twilio", 1), []string{`d/site.toml:4: `}},
		"a site that takes in others": {own, "include = \"f\"\n", []string{`d/site.toml:1: include: an included file includes no other, take the line out`}},
		"a site's id":                 {own, strings.Replace(shared, "elm-5", "Elm_5", 1), []string{`d/site.toml:2: site.id: is "Elm_5", allowed: 1 to 32 of a-z, 0-9 and -, or "" for none`}},
		"a site's name alone":         {own, strings.Replace(shared, "id", "name", 1), []string{`d/site.toml:2: site.name: stands without site.id, give both, or neither`}},
		"a site's name unseen":        {own + "[site]\nname = \"\\t\"", shared, []string{`d/f:9: site.name: is empty, allowed: 1 to 64 letters`}},
		"a text of no site":           {own, strings.Replace(shared, `id = "elm-5"`, "", 1) + "[texts]\nbody = \"{{.Code}} {{ .Site }}\"", []string{`d/site.toml:16: texts.body: holds {{.Site}}, and the door belongs to none, give site.id, or take it out`}},
		"a text that has \".Site\"":   {valid + "[texts]\nbody = \"{{.Code}} .Site\"", "", nil},
	} {
		_, err := parsePair(tt.door, tt.site)
		var got []string
		if err != nil {
			got = strings.Split(err.Error(), "\n")
		}
		for i, want := range tt.want { // where the parser's own words follow, they are not looked at
			if strings.HasSuffix(want, ": ") && i < len(got) && strings.HasPrefix(got[i], want) {
				got[i] = want
			}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestTheDoorsFileGoesBeforeTheSites(t *testing.T) {
	c, err := parsePair(wireless+"[code]\nttl = \"1m\"\n[strike]\nline = \"GPIO4\"\nactive = \"low\"\n[mqtt]\nusername = \"front\"\n",
		shared+"[code]\nttl = \"5m\"\ndigits = 8\n[strike]\npulse = \"7s\"\n[keypad]\ndebounce = \"30ms\"\n")
	if err != nil {
		t.Fatal(err)
	}
	want := mustParse(t, valid+"[site]\nid = \"elm-5\"\n[code]\nttl = \"1m\"\ndigits = 8\n[strike]\nline = \"GPIO4\"\nactive = \"low\"\npulse = \"7s\"\n"+
		"[keypad]\ndebounce = \"30ms\"")
	want.Include, want.MQTT.Username = "site.toml", "front"
	if diff := cmp.Diff(want, c, same); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if c.DoorID() != "elm-5/front" || c.Title() != "Front door, elm-5" {
		t.Errorf("the door is %s, %s", c.DoorID(), c.Title())
	}
	under := c.Under()
	if under.Code.TTL.String() != "5m" || under.Door != (Door{}) || under.Strike.Line != Default().Strike.Line || len(under.Owner) != 1 {
		t.Errorf("under the door's own file is %+v", under)
	}
}

func TestWarningsNameTheFileInWhichTheThingStands(t *testing.T) {
	c, err := parsePair(own+"[board]\nsocket = \"/run/s\"", shared+"[code]\ndigits = 5")
	if err != nil {
		t.Fatal(err)
	}
	got := Faults(c.Warnings()).Error()
	if want := "d/f:9: board.socket: is not used, it belongs to driver = \"sim\"\nd/site.toml:16: code.digits: 5 digits are easily guessed, 6 or more are better"; got != want {
		t.Errorf("%s", got)
	}
}

// What locks the door is known from its own file, whatever has become of the other.
func TestTheStrikeIsKnownWithoutTheSite(t *testing.T) {
	dir := t.TempDir()
	door, site := filepath.Join(dir, "latchd.toml"), filepath.Join(dir, "site.toml")
	write := func(path, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(door, wireless+"[strike]\nline = \"GPIO4\"\nactive = \"low\"\n")
	for name, text := range map[string]string{"missing": "", "whole": shared, "torn": "[strike\nactive = high", "contrary": "[strike]\nline = \"GPIO17\"\nactive = \"high\"",
		"not text": "\xff\xfe"} {
		if text != "" {
			write(site, text)
		}
		b, s, err := LoadStrike(door)
		if err != nil || s.Line != "GPIO4" || s.Active != "low" || b != Default().Board {
			t.Errorf("%s: %v %v, %v", name, b, s, err)
		}
		if _, err := Load(door); (err == nil) != (name == "whole") {
			t.Errorf("%s: loaded with %v", name, err)
		}
		os.Remove(site)
	}
}

// The site may mean GPIO27 and low, so that the defaults open the door.
func TestWhatLocksADoorWithAnIncludeIsNeverGuessed(t *testing.T) {
	dir := t.TempDir()
	door := filepath.Join(dir, "latchd.toml")
	for path, text := range map[string]string{door: "", filepath.Join(dir, "site.toml"): shared + "[strike]\nline = \"GPIO27\"\nactive = \"low\""} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	many := "[code]\n" + strings.Repeat("x = 1\n", mostFaults+1)
	for text, want := range map[string]string{
		wireless:                                  "latchd.toml:1: strike.line: missing, put it under [strike] of this file",
		wireless + "[strike]\nline = \"GPIO27\"":  "latchd.toml:5: strike.active: missing",
		wireless + "[strike]\nactive = \"low\"":   "latchd.toml:5: strike.line: missing",
		"inlcude = \"site.toml\"\n[strike]\n":     "strike.line: missing",
		"include = 5\n":                           "strike.line: missing",
		wireless + "[strike]\n" + many:            "",
		many + "[strike]\nline = \"GPIO27\"\n":    "",
		own + "[board]\ndriver = \"simulated\"\n": "board.driver",
	} {
		if err := os.WriteFile(door, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, s, err := LoadStrike(door)
		if err == nil || s != (Strike{}) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: %v, %v", text, s, err)
		}
		if _, err := Load(door); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: loaded with %v", text, err)
		}
	}
	for _, more := range []string{"[board]\ndriver = \"sim\"", "[strike]\nline = \"GPIO4\"\nactive = \"low\""} {
		if err := os.WriteFile(door, []byte(wireless+more), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := LoadStrike(door); err != nil {
			t.Errorf("%s: %v", more, err)
		}
	}
}

func TestTheBoardIsReadThroughBoth(t *testing.T) {
	dir := t.TempDir()
	door := filepath.Join(dir, "latchd.toml")
	for path, text := range map[string]string{door: own, filepath.Join(dir, "site.toml"): "[keypad]\ndebounce = \"30ms\"\n[texts]\nper_hour = 0"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg, err := LoadBoard(door)
	if err != nil || cfg.Keypad.Debounce.String() != "30ms" {
		t.Fatalf("%+v, %v", cfg, err)
	}
	cfg, faults, err := LoadWhatReads(door)
	if err != nil || cfg.Keypad.Debounce.String() != "30ms" || len(faults) == 0 || cfg.Include != "site.toml" {
		t.Errorf("%+v, %v, %v", cfg, faults, err)
	}
	os.Remove(filepath.Join(dir, "site.toml"))
	if _, err := LoadBoard(door); err == nil || !strings.Contains(err.Error(), "include: there is no") {
		t.Errorf("without the site's file: %v", err)
	}
}

func TestTheExamplesOfASiteAreADoorOnceEdited(t *testing.T) {
	c, err := parsePair(edited(OfDoor), edited(OfSite))
	if err != nil {
		t.Fatal(err)
	}
	if c.DoorID() != "elm-5/front" || len(c.Warnings()) > 0 || !c.Texts.NamesSite() || c.MQTT.Username != "latchd-elm-5_front" {
		t.Errorf("%s, %v, %+v", c.DoorID(), c.Warnings(), c.Texts)
	}
	if _, err := parsePair(OfDoor, OfSite); err == nil || strings.Count(err.Error(), "is still the example's") != 3 {
		t.Errorf("unedited: %v", err)
	}
}

// Each key of the full example may stand in either file, and comes out the same; but for those that lock the door.
func TestEveryKeyIsTakenFromEitherFile(t *testing.T) {
	full := edited(Full)
	want := mustParse(t, full)
	r := read("", []byte(full))
	eachKey(r.cfg, func(key string, _ reflect.StructField, _ reflect.Value) {
		table := tableOf(key)
		if table == "owner" {
			return // taken whole
		}
		lines := strings.Split(full, "\n")
		line := lines[r.at[key]-1]
		lines[r.at[key]-1] = ""
		c, err := parsePair("include = \"site.toml\"\n"+strings.Join(lines, "\n"), "["+table+"]\n"+line)
		if table == "door" || table == "board" || key == "strike.line" || key == "strike.active" {
			if err == nil || !strings.Contains(err.Error(), "d/site.toml") || !strings.Contains(err.Error(), "belongs in the door's own file") {
				t.Errorf("%s is taken from the site's file: %v", key, err)
			}
			return
		}
		if err != nil {
			t.Fatalf("%s: %v", key, err)
		}
		c.Include = ""
		if diff := cmp.Diff(want, c, same); diff != "" {
			t.Errorf("%s (-want +got):\n%s", key, diff)
		}
	})
}
