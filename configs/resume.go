package configs

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// syntax reports what stopped the parser behind end, and returns the offset from which to go on.
func (r *reading) syntax(p *unstable.Parser, end int) (next int) {
	at := end
	var why *unstable.ParserError
	if errors.As(p.Error(), &why) {
		at = min(r.base+int(p.Range(why.Highlight).Offset), max(len(r.data)-1, 0))
	}
	last := r.lineAt(at)
	first := r.begins(end, last)
	name, isHeader := guessName(r.text(first))
	key := name
	if isHeader || bytes.HasPrefix(bytes.TrimSpace(r.text(first)), []byte("[")) {
		r.guessHeader(name, first)
	} else if name != "" && !r.lost {
		key = join(r.table, name)
		r.broken[key] = true
	}
	if name == "" {
		key = r.table
	} else if len(name) > longestQuote {
		key = quote(key)
	}
	problem := strings.TrimPrefix(p.Error().Error(), "toml: ")
	if last != first {
		problem += fmt.Sprintf(" on line %d", last)
	}
	r.fault(first, key, problem, hintFor(problem, r.text(first)))
	// What was parsed in vain may hold good lines: an array or a text that was not closed swallows all that follows.
	for line := first + 1; line <= last; line++ {
		if name, _ := guessName(r.text(line)); name != "" {
			return r.lines[line-1]
		}
	}
	if last == len(r.lines) {
		return len(r.data)
	}
	return r.lines[last]
}

// guessHeader goes on below a header that could not be parsed, as if it had been meant.
func (r *reading) guessHeader(name string, line int) {
	_, _, known := field(r.config(), name)
	r.lost, r.table = !known, ""
	if known {
		r.open(name, line)
	}
}

// begins returns the line on which the expression after end begins: behind the rest of its line, blank lines and
// comments.
func (r *reading) begins(end, last int) int {
	line := r.lineAt(end)
	if r.lines[line-1] != end {
		if line == last {
			return line // behind the expression, on its own line
		}
		line++
	}
	for line < last {
		if text := bytes.TrimSpace(r.text(line)); len(text) > 0 && text[0] != '#' {
			break
		}
		line++
	}
	return line
}

// text returns a line, without its end.
func (r *reading) text(line int) []byte {
	text := r.data[r.lines[line-1]:]
	if line < len(r.lines) {
		text = r.data[r.lines[line-1] : r.lines[line]-1]
	}
	return text
}

// guessName returns what stands before the = of a line, or in its brackets, where the parser gave up.
func guessName(line []byte) (name string, isHeader bool) {
	line = bytes.TrimSpace(line)
	open := len(line) - len(bytes.TrimLeft(line, "["))
	line = bytes.TrimLeft(line, "[ \t")
	n := 0
	for n < len(line) && (line[n] == '.' || isBare(rune(line[n]))) {
		n++
	}
	after := bytes.TrimLeft(line[n:], " \t")
	if n == 0 || open == 0 && !bytes.HasPrefix(after, []byte("=")) {
		return "", false
	}
	if open > 0 && line[0] >= '0' && line[0] <= '9' {
		return "", false // an array of numbers
	}
	return string(line[:n]), open > 0
}

// hintFor names the mistakes that people make most.
func hintFor(problem string, line []byte) string {
	_, value, found := bytes.Cut(line, []byte("="))
	value = bytes.TrimSpace(value)
	switch {
	case !found:
		return ""
	case len(value) == 0:
		return "write a value behind the ="
	case strings.Contains(problem, "escape"):
		return `write \\ for a backslash`
	case value[0] == '"' || value[0] == '\'':
		return "text ends with the quote that it began with"
	case value[0] == '[':
		return "a list ends with ]"
	case value[0] == '/' || isBare(rune(value[0])) && (value[0] < '0' || value[0] > '9'):
		return `write text in quotes, as in key = "text"`
	}
	return ""
}
