// Package page keeps a page of figures that several commands write, each its own section between two marks, so that none
// overwrites what another has measured.
package page

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"
)

var (
	name = regexp.MustCompile(`^[a-z0-9-]+$`)
	mark = regexp.MustCompile(`(?m)^<!-- (section|end): (.*) -->(?:\n|\z)`)
)

// Write puts body into the section of that name ([a-z0-9-]+), which stands between the lines "<!-- section: NAME -->" and
// "<!-- end: NAME -->", or appends it where there is none. The rest of the file stays as it is; a missing file is begun. The
// file is replaced as a whole, by rename. A torn page, whose marks do not pair, is left alone and is an error.
func Write(file, section, body string) error {
	old, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		old, err = []byte("# Measured\n"), nil
	}
	if err != nil {
		return fmt.Errorf("write section %s: %w", section, err)
	}
	text, err := replace(string(old), section, body)
	if err != nil {
		return fmt.Errorf("write section %s of %s: %w", section, file, err)
	}
	draft := file + ".new"
	if err := os.WriteFile(draft, []byte(text), 0o644); err != nil {
		return fmt.Errorf("write section %s: %w", section, err)
	}
	if err := os.Rename(draft, file); err != nil {
		return fmt.Errorf("write section %s: %w", section, errors.Join(err, os.Remove(draft)))
	}
	return nil
}

func replace(text, section, body string) (string, error) {
	switch {
	case !name.MatchString(section):
		return "", fmt.Errorf("%q is no name of a section: want %s", section, name)
	case mark.MatchString(body):
		return "", errors.New("a mark stands in the new text")
	}
	from, to, err := find(text, section)
	if err != nil {
		return "", err
	}
	body = strings.Trim(body, "\n")
	filled := fmt.Sprintf("<!-- section: %s -->\n%s\n<!-- end: %[1]s -->\n", section, body)
	if from < 0 {
		return strings.TrimRight(text, "\n") + "\n\n" + filled, nil
	}
	return text[:from] + filled + text[to:], nil
}

// find returns where a section stands, marks included; from is negative when it is nowhere.
func find(text, section string) (from, to int, err error) {
	from = -1
	seen, open, start := map[string]bool{}, "", 0
	for _, at := range mark.FindAllStringSubmatchIndex(text, -1) {
		begins, named := text[at[2]:at[3]] == "section", text[at[4]:at[5]]
		switch {
		case begins && open != "":
			return 0, 0, fmt.Errorf("torn page: section %q begins inside %q", named, open)
		case begins && seen[named]:
			return 0, 0, fmt.Errorf("torn page: section %q stands twice", named)
		case begins:
			seen[named], open, start = true, named, at[0]
			continue
		case named != open:
			return 0, 0, fmt.Errorf("torn page: the end of %q without its beginning", named)
		}
		if open = ""; named == section {
			from, to = start, at[1]
		}
	}
	if open != "" {
		return 0, 0, fmt.Errorf("torn page: section %q has no end", open)
	}
	return from, to, nil
}
