package main

import (
	"embed"
	"fmt"
	"strings"
	"text/template"
	"time"
)

//go:embed man
var man embed.FS

// page fills the man page of that name with the parts that are made; [[ and ]] stand around their names.
func (s source) page(name string, parts map[string]string) ([]byte, error) {
	t, err := template.New(name).Delims("[[", "]]").Option("missingkey=error").ParseFS(man, "man/"+name)
	if err != nil {
		return nil, err
	}
	parts["date"] = s.at.Format(time.DateOnly)
	var b strings.Builder
	if err := t.Execute(&b, parts); err != nil {
		return nil, err
	}
	return []byte(b.String()), nil
}

var escapes = strings.NewReplacer(`\`, `\e`, `-`, `\-`, "`", `\(ga`, `^`, `\(ha`, `~`, `\(ti`, `'`, `\(aq`)

// roff is text that is shown as it stands: man(7) would read some of it as commands, or print other signs.
func roff(text string) string {
	lines := strings.Split(escapes.Replace(text), "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}

// prose is paragraphs that are filled; lines that begin with a space are shown as they stand.
func prose(text string) string {
	var b strings.Builder
	for i, paragraph := range strings.Split(strings.TrimSpace(text), "\n\n") {
		if i > 0 {
			b.WriteString(".PP\n")
		}
		if strings.HasPrefix(paragraph, " ") {
			b.WriteString(example(paragraph))
		} else {
			fmt.Fprintln(&b, roff(paragraph))
		}
	}
	return b.String()
}

func example(text string) string {
	return ".EX\n" + roff(strings.TrimRight(text, "\n")) + "\n.EE\n"
}

// item is an entry of a list: what stands at the margin, in bold, and what is said of it.
func item(term, text string) string {
	return fmt.Sprintf(".TP\n\\fB%s\\fR\n%s\n", roff(term), text)
}
