package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// built is what the package holds of the program in this work tree.
var built = sync.OnceValues(func() (map[string][]byte, error) {
	dir, err := os.MkdirTemp("", "packaging")
	if err != nil {
		return nil, err
	}
	program = filepath.Join(dir, "latchd")
	if out, err := exec.Command("go", "build", "-o", program, "../cmd/latchd").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build latchd: %w\n%s", err, out)
	}
	return source{top: "..", program: program, version: "1.2.3~4.abc", at: time.Date(2026, 11, 21, 15, 0, 0, 0, time.UTC)}.files()
})

var program string

func TestMain(m *testing.M) {
	status := m.Run()
	if program != "" {
		os.RemoveAll(filepath.Dir(program))
	}
	os.Exit(status)
}

// made returns the file of that name, uncompressed.
func made(t *testing.T, name string) string {
	t.Helper()
	files, err := built()
	if err != nil {
		t.Fatal(err)
	}
	content, ok := files[name]
	if !ok {
		t.Fatalf("there is no %s", name)
	}
	if strings.HasSuffix(name, ".gz") {
		r, err := gzip.NewReader(bytes.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		if content, err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	return string(content)
}

var pages = []string{"latchd.1.gz", "latchd.toml.5.gz", "latchd.service.8.gz"}

func TestThePagesAreInOrder(t *testing.T) {
	for _, page := range pages {
		text := made(t, page)
		for _, lint := range [][]string{{"mandoc", "-T", "lint", "-W", "warning"}, {"groff", "-man", "-Tutf8", "-ww", "-z"}} {
			t.Run(page+" "+lint[0], func(t *testing.T) {
				if _, err := exec.LookPath(lint[0]); err != nil {
					t.Skipf("%s is not installed here", lint[0])
				}
				c := exec.Command(lint[0], lint[1:]...)
				c.Stdin = strings.NewReader(text)
				if out, err := c.CombinedOutput(); err != nil || len(out) > 0 {
					t.Errorf("%v\n%s", err, out)
				}
			})
		}
	}
}

func TestThePageOfTheProgramHasEveryCommandAndFlag(t *testing.T) {
	page := made(t, "latchd.1.gz")
	found := 0
	var look func(command ...string)
	look = func(command ...string) {
		for _, name := range completed(t, append(command, "")...) {
			path := append(command[:len(command):len(command)], name)
			if title := ".SS \"latchd " + roff(strings.Join(path, " ")); !strings.Contains(page, title) {
				t.Errorf("%s is missing", path)
			}
			if name == "completion" {
				continue
			}
			for _, flag := range completed(t, append(path, "--")...) {
				if flag != "--help" && !strings.Contains(page, roff(flag)) {
					t.Errorf("%s %s is missing", path, flag)
				}
				found++
			}
			look(path...)
		}
	}
	look()
	if found < 20 {
		t.Errorf("only %d flags were looked for", found)
	}
}

// completed asks the program as a shell does.
func completed(t *testing.T, words ...string) (all []string) {
	t.Helper()
	out, err := exec.Command(program, append([]string{"__complete"}, words...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		if name, _, ok := strings.Cut(line, "\t"); ok && name != "help" {
			all = append(all, name)
		}
	}
	return all
}

func TestThePageOfTheConfigurationHasEveryKeyAndItsBounds(t *testing.T) {
	page := strings.ReplaceAll(made(t, "latchd.toml.5.gz"), `\-`, "-")
	for key, field := range keyTypes() {
		table, name, _ := strings.Cut(key, ".")
		_, section, found := strings.Cut(page, "["+table+"]")
		section, _, _ = strings.Cut(section, ".SS")
		_, about, has := strings.Cut(section, "\n\\fB"+name)
		about, _, _ = strings.Cut(about, ".TP")
		if !found || !has {
			t.Errorf("%s is missing", key)
		}
		for _, tag := range []string{"range", "oneof"} {
			if limits := field.Tag.Get(tag); !mentions(about, limits) {
				t.Errorf("%s: %q does not say %q", key, about, limits)
			}
		}
	}
}

func TestThePageOfTheServiceHasEverySetting(t *testing.T) {
	page := made(t, "latchd.service.8.gz")
	unit, err := os.ReadFile("../systemd/latchd.service")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(unit)) {
		if line = strings.TrimSpace(line); !strings.Contains(page, roff(strings.TrimPrefix(line, "# "))) {
			t.Errorf("%q is missing", line)
		}
	}
}

func TestEveryLinkOfThePackedPagesLeadsIntoThePackage(t *testing.T) {
	made(t, "README.md")
	files, _ := built()
	recipe, err := os.ReadFile("nfpm.yaml")
	if err != nil {
		t.Fatal(err)
	}
	links := 0
	for name, text := range files {
		if !strings.HasSuffix(name, ".md") {
			continue
		}
		from, ok := installed(string(recipe), name)
		if !ok {
			t.Errorf("%s is not packed", name)
		}
		for _, m := range regexp.MustCompile(`\]\(([^)\s#]+)[^)]*\)`).FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(m[1], ":") {
				continue
			}
			links++
			at := filepath.Join(filepath.Dir(from), m[1])
			if dir := filepath.Dir(at) + "/"; !strings.Contains(string(recipe), " dst: "+at+",") && !strings.Contains(string(recipe), " dst: "+dir+",") {
				t.Errorf("%s: %s: the package has no %s", name, m[1], at)
			} else if _, err := os.Stat(filepath.Join("../docs", filepath.Base(at))); strings.HasPrefix(at, "/usr/share/doc/latchd/docs/") &&
				(err != nil || strings.HasSuffix(at, ".png")) {
				t.Errorf("%s: %s is not among the packed pages", name, m[1])
			}
		}
	}
	if links < 20 {
		t.Errorf("only %d links were looked at", links)
	}
	if text := made(t, "docs/home-assistant.md"); !strings.Contains(text, "](../examples/mosquitto.acl)") {
		t.Error("a link to an example leads elsewhere")
	}
	if text := made(t, "docs/node-red.md"); regexp.MustCompile(`(?m)^!|\.png`).MatchString(text) {
		t.Error("of a picture that is not packed something is left")
	}
}

func TestTheSameIsMadeTwice(t *testing.T) {
	made(t, "copyright")
	first, _ := built()
	second, err := source{top: "..", program: program, version: "1.2.3~4.abc", at: time.Date(2026, 11, 21, 15, 0, 0, 0, time.UTC)}.files()
	if err != nil {
		t.Fatal(err)
	}
	for name := range first {
		if !bytes.Equal(first[name], second[name]) {
			t.Errorf("%s differs", name)
		}
	}
}

func TestReleasesAreReadFromTheChangelog(t *testing.T) {
	top := t.TempDir()
	write := func(text string) source {
		if err := os.WriteFile(filepath.Join(top, "CHANGELOG.md"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return source{top: top, version: "1.1.0+2.gabc", at: time.Date(2026, 11, 21, 15, 0, 0, 0, time.UTC)}
	}
	got, err := write("# Changelog\n\nNewest first.\n\n## Unreleased\n\n- A change.\n- Another,\n  in two lines.\n\n## 1.1.0 (2026-10-01)\n\n- The first.\n").changelog()
	want := `latchd (1.1.0+2.gabc) stable; urgency=medium

  * A change.
  * Another, in two lines.

 -- ` + maintainer + `  Sat, 21 Nov 2026 15:00:00 +0000

latchd (1.1.0) stable; urgency=medium

  * The first.

 -- ` + maintainer + `  Thu, 01 Oct 2026 00:00:00 +0000
`
	if err != nil || string(got) != want {
		t.Errorf("%v\n%s", err, got)
	}
	if _, err := write("## Soon\n").changelog(); err == nil {
		t.Error("a heading that is no release is taken")
	}
}

func TestThePackageNamesTheSameMaintainer(t *testing.T) {
	recipe, err := os.ReadFile("nfpm.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(recipe), "\nmaintainer: "+maintainer+"\n") {
		t.Errorf("nfpm.yaml names another maintainer than the changelog: %s", maintainer)
	}
}
