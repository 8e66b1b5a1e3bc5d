package page

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestASectionIsReplacedAndTheRestStays(t *testing.T) {
	const a, b = "<!-- section: a -->\nold a\n<!-- end: a -->\n", "<!-- section: b-2 -->\n\n| b |\n<!-- end: b-2 -->\n"
	for _, c := range []struct{ what, page, section, body, want string }{
		{"the first section", "# T\n\n" + a + "\nbetween\n" + b + "\nafter", "a", "new a\n\n",
			"# T\n\n<!-- section: a -->\nnew a\n<!-- end: a -->\n\nbetween\n" + b + "\nafter"},
		{"the last section", a + b, "b-2", "new b", a + "<!-- section: b-2 -->\nnew b\n<!-- end: b-2 -->\n"},
		{"a section that is not there yet", "# T\n\n" + a, "b", "b", "# T\n\n" + a + "\n<!-- section: b -->\nb\n<!-- end: b -->\n"},
		{"a page without any", "# T\ntext", "a", "a", "# T\ntext\n\n<!-- section: a -->\na\n<!-- end: a -->\n"},
		{"a section at a page's end without a line's end", strings.TrimRight(a, "\n"), "a", "n", "<!-- section: a -->\nn\n<!-- end: a -->\n"},
		{"a mark within a line is none", "see <!-- end: x -->\n" + a, "a", "n", "see <!-- end: x -->\n<!-- section: a -->\nn\n<!-- end: a -->\n"},
	} {
		file := filepath.Join(t.TempDir(), "page.md")
		write(t, file, c.page)
		if err := Write(file, c.section, c.body); err != nil {
			t.Errorf("%s: %v", c.what, err)
		}
		if got := read(t, file); got != c.want {
			t.Errorf("%s: the page is\n%s\nwant\n%s", c.what, got, c.want)
		}
	}
}

func TestAMissingPageIsBegun(t *testing.T) {
	file := filepath.Join(t.TempDir(), "page.md")
	if err := Write(file, "a", "body"); err != nil {
		t.Fatal(err)
	}
	if got := read(t, file); got != "# Measured\n\n<!-- section: a -->\nbody\n<!-- end: a -->\n" {
		t.Error(got)
	}
}

func TestATornPageIsLeftAlone(t *testing.T) {
	const begin, end = "<!-- section: a -->\n", "<!-- end: a -->\n"
	for _, c := range []struct{ page, section, body, want string }{
		{begin + "text\n", "b", "x", `"a" has no end`},
		{"text\n" + end, "b", "x", `end of "a" without`},
		{end + begin, "a", "x", `end of "a" without`},
		{begin + end + begin + end, "b", "x", `"a" stands twice`},
		{begin + "<!-- section: b -->\n<!-- end: b -->\n" + end, "a", "x", `"b" begins inside "a"`},
		{begin + "<!-- end: b -->\n" + end, "a", "x", `end of "b" without`},
		{begin + end, "a", "x\n<!-- end: a -->", "mark stands in the new text"},
		{begin + end, "A section", "x", "no name of a section"},
	} {
		file := filepath.Join(t.TempDir(), "page.md")
		write(t, file, c.page)
		err := Write(file, c.section, c.body)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: error %v, want %q", c.page, err, c.want)
		}
		if got := read(t, file); got != c.page {
			t.Errorf("%q: the page was changed to %q", c.page, got)
		}
	}
}

func TestNothingIsLeftBesideThePage(t *testing.T) {
	dir := t.TempDir()
	if err := Write(filepath.Join(dir, "page.md"), "a", "body"); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := Write(filepath.Join(dir, "folder"), "a", "body"); err == nil {
		t.Error("a folder was replaced by a page")
	}
	if list, _ := os.ReadDir(dir); len(list) != 2 {
		t.Errorf("%v", list)
	}
}

func TestTheStampNamesDateMachineAndGo(t *testing.T) {
	want := regexp.MustCompile(`^\d{4}-\d\d-\d\d, on [1-9]\d* × .+, Linux \d+\.\S+, \w+, with go1\.`)
	if s := Stamp(); !want.MatchString(s) {
		t.Error(s)
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestATableHasARowForEachFigure(t *testing.T) {
	ds := make([]time.Duration, 200)
	for i := range ds {
		ds[len(ds)-1-i] = time.Duration(i) * time.Millisecond
	}
	few := []time.Duration{time.Second, time.Millisecond}
	got := Table([]Row{{"latency", Spread(ds), "under 1 s"}, {"start", Spread(few), "–"}, {"end", Spread(nil), "–"}})
	const want = "| figure | measured | aim |\n|---|---|---|\n" +
		"| latency | median 100.00 ms, p99 198.00 ms (n = 200) | under 1 s |\n" +
		"| start | median 1000.00 ms, longest 1000.00 ms (n = 2) | – |\n| end | not measured | – |\n"
	if got != want {
		t.Error(got)
	}
}
