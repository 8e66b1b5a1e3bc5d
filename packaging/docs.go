package main

import (
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"strings"
)

var (
	packed  = regexp.MustCompile(`\{src: "?([^",]+)"?,.* dst: ([^,}]+)[,}]`)
	picture = regexp.MustCompile(`(?m)^!\[[^\]]*\]\(([^)\s]+)\)\n\n?`)
	link    = regexp.MustCompile(`\[([^\]]*)\]\(([^)\s#]+)(#[^)\s]*)?\)`)
)

// docs are the pages of the documentation by their names, as they lie in the package: a link leads to where the package has
// the file, one to a file that it has not is plain text, and a picture that it has not is left out.
func (s source) docs() (map[string]string, error) {
	recipe, err := s.read("packaging/nfpm.yaml")
	if err != nil {
		return nil, err
	}
	names, err := filepath.Glob(filepath.Join(s.top, "docs", "*.md"))
	if err != nil || len(names) == 0 {
		return nil, fmt.Errorf("find the pages in docs: there are %d: %w", len(names), err)
	}
	pages := map[string]string{}
	for _, name := range append(names, filepath.Join(s.top, "README.md")) {
		name, err := filepath.Rel(s.top, name)
		if err != nil {
			return nil, err
		}
		text, err := s.read(name)
		if err != nil {
			return nil, err
		}
		pages[name] = relinked(recipe, name, text)
	}
	return pages, nil
}

// relinked is the text of a page as the package has it.
func relinked(recipe, name, text string) string {
	from, _ := installed(recipe, name)
	to := func(target string) (string, bool) {
		at, ok := installed(recipe, path.Join(path.Dir(name), target))
		if !ok {
			return "", false
		}
		relative, err := filepath.Rel(path.Dir(from), at)
		return relative, err == nil
	}
	text = picture.ReplaceAllStringFunc(text, func(line string) string {
		if _, ok := to(picture.FindStringSubmatch(line)[1]); !ok {
			return ""
		}
		return line
	})
	return link.ReplaceAllStringFunc(text, func(written string) string {
		m := link.FindStringSubmatch(written)
		if strings.Contains(m[2], ":") { // another house's
			return written
		}
		if at, ok := to(m[2]); ok {
			return "[" + m[1] + "](" + at + m[3] + ")"
		}
		return m[1]
	})
}

// installed is where the package has a file of the repository.
func installed(recipe, name string) (at string, ok bool) {
	for _, m := range packed.FindAllStringSubmatch(recipe, -1) {
		src := strings.TrimPrefix(m[1], "${SHARE}/")
		if same, err := path.Match(src, name); err != nil || !same {
			continue
		}
		if strings.HasSuffix(m[2], "/") {
			return m[2] + path.Base(name), true
		}
		return m[2], true
	}
	return "", false
}
