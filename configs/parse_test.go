package configs

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/pelletier/go-toml/v2"
	"pgregory.net/rapid"
)

// fullKeys returns the keys of the full example with their lines.
func fullKeys(t testing.TB) (lines []string, at map[string]int) {
	t.Helper()
	r := read("latchd.toml", []byte(edited(Full)))
	maps.DeleteFunc(r.at, func(key string, _ int) bool {
		return !strings.Contains(key, ".") || strings.HasSuffix(key, "]") // tables, and items of lists
	})
	return strings.Split(edited(Full), "\n"), r.at
}

// where is what a test holds a fault against.
type where struct {
	Line int
	Key  string
}

func faultsAt(t interface{ Fatalf(string, ...any) }, text string) []where {
	_, err := Parse("f", []byte(text))
	var faults Faults
	if err != nil && !errors.As(err, &faults) {
		t.Fatalf("not Faults: %v", err)
	}
	var at []where
	for _, f := range faults {
		at = append(at, where{f.Line, f.Key})
	}
	return at
}

// Every single slip in any line of the full example is named by its key and line, and nothing else is.
func TestASlipInAnyKeyIsNamedWithItsLine(t *testing.T) {
	lines, at := fullKeys(t)
	for key, n := range at {
		line := lines[n-1]
		name, _, _ := strings.Cut(line, " ")
		table, _, _ := strings.Cut(key, ".")
		slips := map[string]struct {
			text string
			want where
		}{
			"of a wrong type":   {name + " = 2.5", where{n, key}},
			"without a value":   {name + " =", where{n, key}},
			"with open quotes":  {name + ` = "x`, where{n, key}},
			"without quotes":    {name + " = word", where{n, key}},
			"with a wrong name": {"my_own_" + name + " = 1", where{n, table + ".my_own_" + name}},
			"that is not UTF-8": {name + " = \"\xff\"", where{n, key}},
			"written twice":     {line + "\n" + line, where{n + 1, key}},
		}
		for slip, s := range slips {
			changed := slices.Clone(lines)
			changed[n-1] = s.text
			got := faultsAt(t, strings.Join(changed, "\n"))
			if slip == "with a wrong name" {
				// What the true name is missed for is a fault of its own.
				got = slices.DeleteFunc(got, func(w where) bool { return w.Key == key || w.Key == table+".line" })
			}
			if diff := cmp.Diff([]where{s.want}, got); diff != "" {
				t.Errorf("%s %s (-want +got):\n%s", key, slip, diff)
			}
		}
	}
}

// Any number of wrong types, anywhere, are each named, and nothing else is.
func TestNoSlipHidesAnother(t *testing.T) {
	lines, at := fullKeys(t)
	keys := slices.Sorted(maps.Keys(at))
	rapid.Check(t, func(t *rapid.T) {
		changed := slices.Clone(lines)
		var want []where
		for _, key := range rapid.SliceOfDistinct(rapid.SampledFrom(keys), rapid.ID).Draw(t, "keys") {
			name, _, _ := strings.Cut(lines[at[key]-1], " ")
			slip := rapid.SampledFrom([]string{" = 2.5", " = ", " = word", ` = "x`, " = [[1]]", " = {}", " = 1979-05-27"}).Draw(t, "slip")
			changed[at[key]-1] = name + slip
			want = append(want, where{at[key], key})
		}
		slices.SortFunc(want, func(a, b where) int { return a.Line - b.Line })
		got := faultsAt(t, strings.Join(changed, "\n"))
		for i, w := range got { // a slip in a list may be named by its item
			got[i].Key, _, _ = strings.Cut(strings.Replace(w.Key, "owner[0]", "owner0", 1), "[")
			got[i].Key = strings.Replace(got[i].Key, "owner0", "owner[0]", 1)
		}
		if len(want) > mostSyntax {
			return // beyond which the parser is not started again
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	})
}

// strict is what the library itself makes of a file, and of one that is laid over it.
func strict(data, over []byte) (*Config, error) {
	c := Default()
	for _, text := range [][]byte{data, over} {
		base := c.Owner
		c.Owner = nil
		d := toml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff")))).DisallowUnknownFields()
		if err := d.Decode(&c); err != nil {
			return nil, err
		}
		if c.Owner == nil {
			c.Owner = base
		}
	}
	return &c, nil
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{Full, edited(Full), edited(Minimal), Demo, "", "[", "a=[\n", "x=\"\"\"\n[door]\n", "[[owner]]\n[owner]\n",
		"owner = [{name = 1}, 2]", "door = {id.x = 1, id = 2}", "\ufeff[door]", "[door]\nid = '''\n\xff'''", "web.hosts = [1, [2, {x = 3}]]",
		valid + "[strike]\nactive = \"low\"", valid + "texts.body = \"{{define `x`}}{{end}}{{.Code}}\"", "[\"\"]\n\"\" = 1\r\n\r",
		strings.Repeat("i", 3000) + " = 1 # \x10", "[" + strings.Repeat("i", 3000) + "] x", strings.Repeat("i", 3000) + " = 1"} {
		f.Add([]byte(text), []byte(shared))
	}
	f.Add([]byte(own), []byte(shared+"[strike]\nactive = \"low\""))
	f.Add([]byte(OfDoor), []byte(OfSite))
	f.Add([]byte(edited(OfDoor)), []byte(edited(OfSite)))
	f.Add([]byte("include = \"site.toml\""), []byte(edited(Full)))
	f.Fuzz(func(t *testing.T, data, site []byte) {
		c, err := parsePair(string(data), string(site))
		board, strike, strikeErr := parseStrike("d/f", data)
		if err != nil {
			checkFaults(t, err, data, site)
			if strikeErr != nil {
				checkFaults(t, strikeErr, data, nil)
			}
			return
		}
		want, err := strict(data, nil)
		if err == nil && c.Include != "" {
			want, err = strict(site, data)
		}
		if err != nil {
			t.Fatalf("accepted what TOML refuses: %v", err)
		}
		if diff := cmp.Diff(want, c, same); diff != "" {
			t.Fatalf("read other than by the library (-library +own):\n%s", diff)
		}
		if strikeErr != nil || board != c.Board || strike.Line != c.Strike.Line || strike.Active != c.Strike.Active {
			t.Fatalf("a good file has the strike %v %v, %v", board, strike, strikeErr)
		}
	})
}

func checkFaults(t *testing.T, err error, door, site []byte) {
	var faults Faults
	if !errors.As(err, &faults) || len(faults) == 0 {
		t.Fatalf("not Faults: %v", err)
	}
	last, data := 0, door
	for i, f := range faults {
		if f.File != "d/f" && (i == 0 || faults[i-1].File == "d/f") {
			last, data = 0, site
		}
		if f.Line < max(last, 1) || f.Line > bytes.Count(data, []byte("\n"))+1 || f.Problem == "" {
			t.Fatalf("a fault out of place: %v", f)
		}
		if s := f.String(); strings.ContainsAny(s, "\n\r\x00\x1b") || !utf8.ValidString(s) || len(s) > 2000 {
			t.Fatalf("a fault that is not one plain line: %q", s)
		}
		last = f.Line
	}
}

func TestTheStrikeIsReadFromAFaultyFile(t *testing.T) {
	low := Strike{Line: "GPIO4", Active: "low", Pulse: Default().Strike.Pulse, HeldAlarm: Default().Strike.HeldAlarm}
	const table = "[strike]\nline = \"GPIO4\"\nactive = \"low\"\n"
	for name, text := range map[string]string{
		"a good file":                      valid + table,
		"required keys missing":            table,
		"an unknown table":                 "[x]\ny = 1\n" + table,
		"a syntax error before it":         "[texts]\nbody = Hello\n" + table,
		"a text left open before it":       "[texts]\nbody = \"\"\"\n" + table,
		"a list left open before it":       "[keypad]\nrows = [\"GPIO5\",\n" + table,
		"an unreadable header before it":   "[\n" + table,
		"a syntax error behind it":         table + "[texts\nbody = 1\n",
		"a pulse of an hour":               table + "pulse = \"1h\"",
		"a pulse that is misspelt":         table + "puls = \"1s\"",
		"a pulse that cannot be read":      table + "pulse = 5 s",
		"a comment that is not UTF-8":      "# T\xfcr\n" + table,
		"its line is taken by the bell":    table + "[bell]\nline = \"GPIO4\"",
		"the table is written in one line": "strike = {line = \"GPIO4\", active = \"low\"}\nx = 1",
	} {
		_, got, err := parseStrike("f", []byte(text))
		got.Pulse = low.Pulse // which is not what this is about
		if err != nil || got != low {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func TestADoubtfulStrikeIsRefused(t *testing.T) {
	for name, text := range map[string]string{
		"a level that is none":                "[strike]\nactive = \"lo\"",
		"a level without quotes":              "[strike]\nactive = low",
		"a level that is misspelt":            "[strike]\nactve = \"low\"",
		"a level twice":                       "[strike]\nactive = \"low\"\nactive = \"high\"",
		"a line that is no text":              "[strike]\nline = 17",
		"a line that is empty":                "[strike]\nline = \"\"",
		"a line that is not UTF-8":            "[strike]\nline = \"GPIO17\xff\"",
		"an unknown key in its table":         "[strike]\npolarity = \"low\"",
		"a table that is misspelt":            "[strke]\nactive = \"low\"",
		"a table twice":                       "[strike]\n[strike]\nactive = \"low\"",
		"a header that is not closed":         "[strike\nactive = \"low\"",
		"a header that cannot be read":        "[\"strike]\nactive = \"low\"",
		"a driver that is none":               "[board]\ndriver = \"simulated\"\n[strike]\nline = \"GPIO4\"",
		"a board that is misspelt":            "[bord]\ndriver = \"sim\"\n[strike]\nline = \"GPIO4\"",
		"a faulty file without a strike":      "[texts]\nbody = Hello",
		"a table that is a value":             "strike = 5",
		"a file of 10 MB":                     strings.Repeat("#", 10<<20),
		"a file of UTF-16":                    "\xff\xfe",
		"a table whose value is never closed": "strike = {active = \"low\"",
	} {
		board, strike, err := parseStrike("f", []byte(text))
		if err == nil || strike != (Strike{}) || board != (Board{}) {
			t.Errorf("%s: %v %v, %v", name, board, strike, err)
		}
	}
}

func TestAFileWithoutAStrikeHasTheDefault(t *testing.T) {
	for _, more := range []string{"", "[texts]\nper_hour = \"many\"\ncolour = 1\n[door]\nid = \"?\"\n"} {
		board, strike, err := parseStrike("f", []byte("[board]\ndriver = \"sim\"\n"+more))
		if err != nil || board.Driver != "sim" || strike != Default().Strike {
			t.Errorf("%q: %v %v, %v", more, board, strike, err)
		}
	}
}

func TestAMissingFileHasNoStrike(t *testing.T) {
	if _, strike, err := LoadStrike(t.TempDir() + "/none"); err == nil || strike != (Strike{}) {
		t.Errorf("%v, %v", strike, err)
	}
}

func ExampleFaults() {
	_, err := Parse("latchd.toml", []byte(Minimal+"\n[strike]\npulse = \"1m\"\n"))
	fmt.Println(err)
	// Output:
	// latchd.toml:9: twilio.account_sid: is still the example's, put your own AC... from console.twilio.com here
	// latchd.toml:10: twilio.from: is still the example's, put your Twilio number here, as in "+15557654321"
	// latchd.toml:14: owner[0].phone: is still the example's, put the owner's number here, as in "+15557654321"
	// latchd.toml:20: strike.pulse: 1m is too long, allowed: 0.5s to 30s
}
