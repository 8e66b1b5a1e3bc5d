package main

import (
	"bytes"
	"io"
	"os"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// usualWidth is in columns: of a terminal, and of what is read without one.
const usualWidth = 80

// columns is the width of the terminal that w is, 0 where it is none.
func columns(w io.Writer) (width int) {
	if f, ok := w.(*os.File); ok {
		width, _, _ = term.GetSize(int(f.Fd())) // fails on what is no terminal
	}
	return width
}

// helpOn prints a command's help as wide as the terminal.
func helpOn(cmd *cobra.Command, args []string, usual func(*cobra.Command, []string)) {
	out := cmd.OutOrStdout()
	width := columns(out)
	if width == 0 {
		width = usualWidth
	}
	var b bytes.Buffer
	cmd.SetOut(&b)
	usual(cmd, args)
	cmd.SetOut(out)
	_, _ = io.WriteString(out, fit(b.String(), min(width, 120))) // as cobra prints it
}

// entry is a line with a name and, behind a gap, what is said of it.
var entry = regexp.MustCompile(`^ +\S.*?\S {2,}`)

// fit breaks a help's lines: paragraphs are filled, what is said of a flag goes on below itself, and examples stay as they are.
func fit(text string, width int) string {
	var b strings.Builder
	paragraph := ""
	end := func() {
		if paragraph != "" {
			b.WriteString(strings.Join(fold(paragraph, width), "\n") + "\n")
		}
		paragraph = ""
	}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if line != "" && line[0] != ' ' && line[0] != '\t' {
			paragraph += " " + line
			continue
		}
		end()
		name := entry.FindString(line)
		if name == "" || utf8.RuneCountInString(line) <= width {
			b.WriteString(line + "\n")
			continue
		}
		b.WriteString(hang(name, line[len(name):], width))
	}
	end()
	return b.String()
}

// hang breaks words behind a name, each line below the first. A word that is too long for that begins further left.
func hang(name, words string, width int) string {
	var b strings.Builder
	indent := utf8.RuneCountInString(name)
	for i, line := range fold(words, max(width-indent, 20)) {
		if i == 0 {
			b.WriteString(name)
		} else {
			b.WriteString(strings.Repeat(" ", max(1, min(indent, width-utf8.RuneCountInString(line)))))
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}
