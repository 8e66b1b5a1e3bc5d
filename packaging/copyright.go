package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

const maintainer = "latchd maintainers <maintainers@latchd.invalid>"

const copyrightHead = `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: latchd
Comment: The program holds these Go modules, each under its own licence; the paths are their import paths.

Files: *
Copyright: 2026 the authors of latchd
License: Apache-2.0
`

// copyright is the licences of latchd, of every module in the program, and of Go itself (copyright-format 1.0).
func (s source) copyright() ([]byte, error) {
	list := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}} {{.Dir}}{{end}}{{end}}", "./cmd/latchd")
	list.Dir = s.top
	list.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=arm64") // not what this machine happens to be
	out, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("list the modules: %w", err)
	}
	root, err := output("go", "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	modules := append(strings.Split(strings.TrimSpace(string(out)), "\n"), "std "+strings.TrimSpace(string(root)))
	slices.Sort(modules)
	var b strings.Builder
	b.WriteString(copyrightHead)
	for _, module := range slices.Compact(modules) {
		path, dir, ok := strings.Cut(module, " ")
		if !ok {
			continue // a package of Go's own
		}
		stanza, err := licence(path, dir)
		if err != nil {
			return nil, err
		}
		b.WriteString("\n" + stanza)
	}
	b.WriteString("\n" + apache)
	return []byte(b.String()), nil
}

const apache = `License: Apache-2.0
 On Debian systems the text of the Apache License, version 2.0, is in /usr/share/common-licenses/Apache-2.0.
`

var (
	apacheText  = regexp.MustCompile(`(?s)Apache License\s+Version 2\.0, January 2004.*?END OF TERMS AND CONDITIONS`)
	licenceFile = regexp.MustCompile(`^(LICEN[CS]E|COPYING|NOTICE)`)
	holder      = regexp.MustCompile(`(?m)^\s*Copyright (?:\([cC]\) )?(\d{4}.*)$`)
)

// licence is the stanza of one module: all of its licence files, but for the Apache License, which Debian has.
func licence(path, dir string) (string, error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	name, read, holders, texts := "Apache-2.0", 0, []string{}, ""
	for _, file := range files {
		if !licenceFile.MatchString(file.Name()) || file.IsDir() {
			continue
		}
		b, err := os.ReadFile(filepath.Join(dir, file.Name()))
		if err != nil {
			return "", err
		}
		read++
		text := strings.TrimSpace(strings.ReplaceAll(string(b), "\r\n", "\n"))
		for _, found := range holder.FindAllStringSubmatch(text, -1) {
			if who := strings.TrimSpace(found[1]); !slices.Contains(holders, who) {
				holders = append(holders, who)
			}
		}
		if strings.HasPrefix(text, "Apache License") {
			continue
		}
		name = "module-" + strings.ReplaceAll(path, "/", "-")
		texts += indent(file.Name() + ":\n\n" + apacheText.ReplaceAllString(text, "The Apache License, version 2.0") + "\n\n")
	}
	if read == 0 {
		return "", fmt.Errorf("%s has no licence in %s", path, dir)
	}
	if len(holders) == 0 {
		holders = []string{"the authors of " + path}
	}
	return fmt.Sprintf("Files: %s/*\nCopyright: %s\nLicense: %s\n%s", path, strings.Join(holders, "\n           "), name, texts), nil
}

// indent puts a text into a field.
func indent(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if line = strings.TrimRight(line, " \t\n\f"); line == "" {
			line = "."
		}
		b.WriteString(" " + line + "\n")
	}
	return b.String()
}
