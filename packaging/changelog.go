package main

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

var release = regexp.MustCompile(`^## (?:(Unreleased)|(\d\S*) \((\d{4}-\d{2}-\d{2})\))$`)

// changelog is CHANGELOG.md in the form that Debian's tools read (deb-changelog(5)). What is not released yet stands under
// the version that is built; a release has its date: "## 1.2.0 (2026-12-24)".
func (s source) changelog() ([]byte, error) {
	text, err := s.read("CHANGELOG.md")
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	end, change := "", ""
	put := func() {
		if change != "" {
			b.WriteString(wrapped("  * ", change))
		}
		change = ""
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "## "):
			put()
			version, at, err := s.releaseOf(line)
			if err != nil {
				return nil, err
			}
			fmt.Fprintf(&b, "%slatchd (%s) stable; urgency=medium\n\n", end, version)
			end = fmt.Sprintf("\n -- %s  %s\n\n", maintainer, at.Format(time.RFC1123Z))
		case end == "" || line == "":
		case strings.HasPrefix(line, "- "):
			put()
			change = line[2:]
		default:
			change += " " + line
		}
	}
	put()
	return []byte(b.String() + strings.TrimSuffix(end, "\n")), nil
}

func (s source) releaseOf(line string) (version string, at time.Time, err error) {
	found := release.FindStringSubmatch(line)
	switch {
	case found == nil:
		return "", at, fmt.Errorf("CHANGELOG.md: %q: want \"## Unreleased\" or \"## VERSION (YYYY-MM-DD)\"", line)
	case found[1] != "":
		return s.version, s.at, nil
	}
	at, err = time.Parse(time.DateOnly, found[3])
	return found[2], at, err
}

// wrapped is a text in lines of 80 signs, behind a mark and under it.
func wrapped(mark, text string) string {
	var b strings.Builder
	line := mark
	for i, word := range strings.Fields(text) {
		switch {
		case i == 0:
			line += word
		case len(line)+1+len(word) > 80:
			b.WriteString(line + "\n")
			line = strings.Repeat(" ", len(mark)) + word
		default:
			line += " " + word
		}
	}
	return b.String() + line + "\n"
}
