package main

import "strings"

// unitPage is latchd.service(8), with every setting of the unit and the comments that stand before them.
func (s source) unitPage() ([]byte, error) {
	unit, err := s.read("systemd/latchd.service")
	if err != nil {
		return nil, err
	}
	return s.page("latchd.service.8", map[string]string{"settings": settings(unit)})
}

// settings shows a unit file: comments as text, and the settings that follow them as they stand.
func settings(unit string) string {
	var b strings.Builder
	var comment, lines []string
	put := func() {
		if len(comment)+len(lines) == 0 {
			return
		}
		b.WriteString(".PP\n")
		if len(comment) > 0 {
			b.WriteString(prose(strings.Join(comment, "\n")))
		}
		if len(comment) > 0 && len(lines) > 0 {
			b.WriteString(".PP\n")
		}
		if len(lines) > 0 {
			b.WriteString(".RS\n" + example(strings.Join(lines, "\n")) + ".RE\n")
		}
		comment, lines = nil, nil
	}
	for line := range strings.Lines(unit) {
		line = strings.TrimRight(line, "\n")
		switch text, isComment := strings.CutPrefix(line, "# "); {
		case isComment:
			if len(lines) > 0 {
				put()
			}
			comment = append(comment, text)
		case line == "":
			put()
		default:
			lines = append(lines, line)
		}
	}
	put()
	return strings.TrimPrefix(b.String(), ".PP\n")
}
