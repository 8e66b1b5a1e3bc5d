package main

import (
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// pages are all pages of the documentation, by path from the top.
func documentation(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, pattern := range []string{"../../*.md", "../../docs/*.md"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			found[strings.TrimPrefix(name, "../../")] = string(b)
		}
	}
	if len(found) < 10 {
		t.Fatalf("only %d pages are there", len(found))
	}
	return found
}

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
	fence   = regexp.MustCompile("(?ms)^```.*?^```")
)

func TestEveryLinkOfTheDocumentationLeadsSomewhere(t *testing.T) {
	pages := documentation(t)
	for name, text := range pages {
		for _, m := range link.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
			u, err := url.Parse(m[1])
			if err != nil {
				t.Errorf("%s: %s: %v", name, m[1], err)
				continue
			}
			if u.Scheme != "" {
				continue // another house's
			}
			target := name
			if u.Path != "" {
				target = filepath.Join(filepath.Dir(name), u.Path)
			}
			if _, err := os.Stat(filepath.Join("../..", target)); err != nil {
				t.Errorf("%s: %s: %v", name, m[1], err)
			}
			if other, ok := pages[target]; ok && u.Fragment != "" && !slices.Contains(anchors(other), u.Fragment) {
				t.Errorf("%s: %s has no heading %q", name, target, u.Fragment)
			}
		}
	}
}

// What the page for those who carry the code on names is there; after "`cmd/latchd`:" a name alone is of that folder.
func TestEveryFileThatTheCodesPagesNameIsThere(t *testing.T) {
	named := regexp.MustCompile("`([a-z_]+(?:/[a-z_-]+)*\\.(?:go|js|txt))`")
	for _, page := range []string{"CONTRIBUTING.md", "ARCHITECTURE.md"} {
		for _, m := range named.FindAllStringSubmatch(documentation(t)[page], -1) {
			_, err := os.Stat(filepath.Join("../..", m[1]))
			if !strings.Contains(m[1], "/") {
				_, err = os.Stat(m[1])
			}
			if err != nil {
				t.Errorf("%s: %v", page, err)
			}
		}
	}
}

// anchors are the names by which GitHub links to a page's headings.
func anchors(text string) (names []string) {
	for _, m := range heading.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
		words := regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(m[1]), "")
		names = append(names, strings.ReplaceAll(words, " ", "-"))
	}
	return names
}
