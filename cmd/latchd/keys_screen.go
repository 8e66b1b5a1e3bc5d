package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
)

// view shows a table.
type view interface {
	begin(t *table)
	show(t *table, said []string) // the table as it is after what was said
	end()
}

// lines is a view that prints a line an event.
type lines struct{ out io.Writer }

func (l *lines) begin(t *table) {
	fmt.Fprintf(l.out, "The strike (%s) is locked and held so. Press each key by itself; Ctrl-C ends.\n", t.strike)
}

func (l *lines) show(_ *table, said []string) {
	for _, s := range said {
		fmt.Fprintln(l.out, s)
	}
}

func (l *lines) end() {}

// screen is a view that keeps the table drawn on a terminal, on its second screen
// (https://invisible-island.net/xterm/ctlseqs/ctlseqs.html, 1049), so that the shell's comes back.
type screen struct {
	out   *os.File
	plain bool
}

func (s *screen) begin(t *table) {
	fmt.Fprint(s.out, "\x1b[?1049h\x1b[?25l")
	s.show(t, nil)
}

func (s *screen) end() { fmt.Fprint(s.out, "\x1b[?25h\x1b[?1049l") }

func (s *screen) show(t *table, _ []string) {
	width, height, err := term.GetSize(int(s.out.Fd()))
	if err != nil {
		width, height = 80, 24
	}
	var b strings.Builder
	b.WriteString("\x1b[H")
	for i, line := range t.draw(width, height) {
		if i > 0 {
			b.WriteString("\r\n")
		}
		if s.plain {
			line = uncolour(line)
		}
		b.WriteString(line + "\x1b[K")
	}
	b.WriteString("\x1b[J")
	fmt.Fprint(s.out, b.String())
}

// The colours of a contact; each has its own mark beside it.
const (
	plainText = "\x1b[0m"
	faint     = "\x1b[2m"
	seenText  = "\x1b[32m"
	lit       = "\x1b[1;7;32m"
	warnText  = "\x1b[1;7;33m"
	badText   = "\x1b[1;7;31m"
)

// draw is the table in lines of at most width columns; at most height of them, with the newest event always there.
func (t *table) draw(width, height int) []string {
	top := inRows(width, "    ", "latchd keys", fmt.Sprintf("the strike (%s) is locked and held so", t.strike), "Ctrl-C ends")
	var foot []string
	for _, in := range t.inputs {
		foot = append(foot, in.draw())
	}
	if len(t.keys) > 0 {
		foot = append(foot, t.advice())
	}
	foot = append(foot, fold("now: "+t.said, width)...)
	legend := inRows(width, "   ", "[5] down", "5 seen, with its worst bounce", "· never seen", "?5? ghost", "!5! stuck")
	pad := t.drawPad(width, len(t.rows)*2+2+len(top)+len(legend)+len(foot)+2 <= height)
	if len(pad) > 0 {
		pad = append(append(pad, legend...), "")
	}
	all := append(append(append(top, ""), pad...), foot...)
	if len(all) > height {
		all = append(all[:height-1], all[len(all)-1])
	}
	for i, line := range all {
		all[i] = cut(line, width)
	}
	return all
}

// drawPad is the keys in their rows, with the lines' names; spaced: a blank line between rows.
func (t *table) drawPad(width int, spaced bool) (pad []string) {
	if len(t.keys) == 0 {
		return nil
	}
	const margin = 9
	cell := min(16, max(4, (width-margin)/len(t.cols)))
	head := strings.Repeat(" ", margin)
	for _, col := range t.cols {
		head += fmt.Sprintf("%-*.*s", cell, cell-1, col)
	}
	pad = append(pad, head, "")
	for r, row := range t.rows {
		line := fmt.Sprintf("%-*.*s", margin, margin-1, row)
		for _, k := range t.keys[r] {
			line += k.cell(cell)
		}
		pad = append(pad, line)
		if spaced {
			pad = append(pad, "")
		}
	}
	if !spaced {
		pad = append(pad, "")
	}
	return pad
}

// inRows puts words side by side, on as many lines as it takes.
func inRows(width int, gap string, words ...string) (rows []string) {
	for _, w := range words {
		if n := len(rows) - 1; n >= 0 && utf8.RuneCountInString(rows[n]+gap+w) <= width {
			rows[n] += gap + w
		} else {
			rows = append(rows, w)
		}
	}
	return rows
}

// cell is a key on the pad. Its mark tells what its colour does.
func (c contact) cell(width int) string {
	mark, colour := " "+c.name+" ", seenText
	switch {
	case c.ghost:
		mark, colour = "?"+c.name+"?", badText
	case c.stuck:
		mark, colour = "!"+c.name+"!", warnText
	case c.down:
		mark, colour = "["+c.name+"]", lit
	case !c.seen:
		mark, colour = "·"+c.name+"·", faint
	}
	bounce := ""
	if c.timed && width >= 12 {
		bounce = " " + ms(c.worst)
	}
	return colour + mark + plainText + fmt.Sprintf("%-*s", width-3, bounce)
}

// draw is an input's line.
func (c contact) draw() string {
	colour := ""
	if c.down {
		colour = lit
	}
	bounce := "not moved yet"
	if c.timed {
		bounce = fmt.Sprintf("bounce %s, worst %s", ms(c.last), ms(c.worst))
	}
	return fmt.Sprintf("%-8s %s%-7s%s %s is %-4s  %s", c.name, colour, c.state(), plainText, c.lines, level(c.high), bounce)
}

// cut shortens a line to width columns, in which escape sequences take none.
func cut(line string, width int) string {
	var b strings.Builder
	for i := 0; i < len(line); {
		if line[i] == '\x1b' {
			n := strings.IndexByte(line[i:], 'm') + 1
			b.WriteString(line[i : i+n])
			i += n
			continue
		}
		r, n := utf8.DecodeRuneInString(line[i:])
		if width--; width >= 0 {
			b.WriteRune(r)
		}
		i += n
	}
	return b.String()
}

// fold breaks plain words into lines of at most width columns.
func fold(words string, width int) (folded []string) {
	line := ""
	for _, word := range strings.Fields(words) {
		if line != "" && utf8.RuneCountInString(line+" "+word) > width {
			folded, line = append(folded, line), ""
		}
		line = strings.TrimSpace(line + " " + word)
	}
	return append(folded, line)
}

func uncolour(line string) string {
	for {
		before, after, found := strings.Cut(line, "\x1b[")
		if !found {
			return line
		}
		_, rest, _ := strings.Cut(after, "m")
		line = before + rest
	}
}
