package main

import (
	"fmt"
	"regexp"
	"strings"
)

// help is what a command says of itself with --help.
type help struct {
	about    string
	usage    string
	examples string
	flags    []entry
}

type entry struct{ name, about string }

var (
	heading = regexp.MustCompile(`^(Usage|Examples|Available Commands|Flags):$`)
	isFlag  = regexp.MustCompile(`^ +((?:-\w, )?--\S+(?: \S+)?)  +(\S.*)$`)
)

// helpOf asks the program. Whatever it does not understand is an error: nothing is left out of a page in silence.
func (s source) helpOf(command ...string) (h help, err error) {
	out, err := output(s.program, append(command, "--help")...)
	if err != nil {
		return h, err
	}
	parts := map[string][]string{}
	part := ""
	for line := range strings.Lines(string(out)) {
		line = strings.TrimRight(line, "\n")
		switch found := heading.FindStringSubmatch(line); {
		case found != nil:
			part = found[1]
		case part != "" && strings.HasPrefix(line, `Use "latchd `):
		case part != "" && line != "" && !strings.HasPrefix(line, " "):
			return h, fmt.Errorf("the help of %q has a part that the page knows nothing of: %s", command, line)
		default:
			parts[part] = append(parts[part], line)
		}
	}
	h.about = strings.Join(parts[""], "\n")
	h.examples = strings.Join(parts["Examples"], "\n")
	if len(parts["Usage"]) == 0 {
		return h, fmt.Errorf("the help of %q has no usage", command)
	}
	h.usage = strings.TrimSpace(parts["Usage"][0])
	for _, line := range parts["Flags"] {
		found := isFlag.FindStringSubmatch(line)
		switch {
		case line == "":
		case found == nil && len(h.flags) > 0 && strings.HasPrefix(line, "        "): // the last one's, further down
			h.flags[len(h.flags)-1].about += " " + strings.TrimSpace(line)
		case found == nil:
			return h, fmt.Errorf("the help of %q has a line among the flags that is none: %s", command, line)
		case found[1] != "-h, --help":
			h.flags = append(h.flags, entry{found[1], found[2]})
		}
	}
	return h, nil
}

// commandsOf asks the program as a shell does that completes a word: the help of latchd itself is drawn by hand.
func (s source) commandsOf(command ...string) (all []entry, err error) {
	out, err := output(s.program, append(append([]string{"__complete"}, command...), "")...)
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(out)) {
		if name, about, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok && name != "help" { // it says what the page says
			all = append(all, entry{name, about})
		}
	}
	return all, nil
}

// commandPage is latchd(1).
func (s source) commandPage() ([]byte, error) {
	commands, err := s.describe()
	if err != nil {
		return nil, err
	}
	out, err := output(s.program, "--help")
	if err != nil {
		return nil, err
	}
	about, _, _ := strings.Cut(string(out), "\n\n")
	return s.page("latchd.1", map[string]string{"about": prose(about), "commands": commands})
}

// describe describes the commands below this one.
func (s source) describe(command ...string) (string, error) {
	below, err := s.commandsOf(command...)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, c := range below {
		path := append(command[:len(command):len(command)], c.name)
		h, err := s.helpOf(path...)
		if err != nil {
			return "", err
		}
		deeper := ""
		if c.name == "completion" { // its commands are the shells, and their help is long
			h = help{about: c.about, usage: "latchd completion SHELL"}
		} else if deeper, err = s.describe(path...); err != nil {
			return "", err
		}
		fmt.Fprintf(&b, ".SS \"%s\"\n%s", strings.ReplaceAll(roff(h.usage), `"`, `\(dq`), prose(h.about))
		for _, flag := range h.flags {
			b.WriteString(item(flag.name, roff(flag.about)))
		}
		if h.examples != "" {
			b.WriteString(".PP\nFor example:\n.PP\n" + example(h.examples))
		}
		b.WriteString(deeper)
	}
	return b.String(), nil
}
