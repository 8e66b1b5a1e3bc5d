package wiring

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// colours are those of the wires: a part's are of one family.
var colours = []struct{ ansi, svg string }{
	{"38;5;39", "#1f7fd1"}, {"38;5;203", "#d13b3b"}, {"38;5;214", "#d98a12"}, {"38;5;78", "#2a9d5c"},
	{"38;5;141", "#7d55c7"}, {"38;5;44", "#12909c"}, {"38;5;120", "#5b9a1d"}, {"38;5;210", "#c94f7c"}, {"38;5;180", "#8a6a3b"},
}

const (
	usualWidth = 80 // of a terminal
	leastSide  = 16 // of what stands on either side of the header, however narrow it is
	midWidth   = len("  GPIO17 (11) (12) GPIO18  ")
)

// Text draws the header with pin 1 at the top, with the plan's wires and a mark at each pin that
// something is to be minded at, and then says what. It keeps within so many columns; 0: as many as a terminal has.
func (p Plan) Text(w io.Writer, width int, coloured bool) error {
	s := screen{width: cmp.Or(width, usualWidth), coloured: coloured}
	s.header(p)
	s.say("", "Pin 1 lies at the header's end towards the SD card, in the row away from the board's edge.")
	s.WriteString("\n")
	for _, part := range p.parts() {
		if part.note != "" {
			s.say("", part.name+": "+part.note)
		}
	}
	for _, warning := range p.Warnings() {
		s.say(alarm, warning)
	}
	_, err := io.WriteString(w, s.String())
	return err
}

type screen struct {
	strings.Builder
	width    int
	coloured bool
}

const alarm = "1;31" // what is marked

func (s *screen) paint(colour, text string) string {
	if !s.coloured || text == "" || colour == "" {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// say writes a sentence, folded; under a mark of that colour, if any.
func (s *screen) say(colour, sentence string) {
	mark, indent := "", ""
	if colour != "" {
		mark, indent = s.paint(colour, "!")+" ", "  "
	}
	for i, line := range fold(sentence, s.width-len(indent)) {
		if i > 0 {
			mark = indent
		}
		s.WriteString(mark + line + "\n")
	}
}

// side is what stands beside a pin: whose wire, and what is the matter.
type side struct{ wires, mark, colour string }

func (s side) text(left bool) string {
	switch {
	case s.mark == "" || s.wires == "":
		return s.mark + s.wires
	case left:
		return s.mark + "  " + s.wires
	}
	return s.wires + "  " + s.mark
}

func (s side) len() int { return utf8.RuneCountInString(s.text(true)) }

// cut shortens it to so many columns: first the marks, which are said again below, then the names.
func (s side) cut(room int) side {
	for s.len() > room && strings.Contains(s.mark, ", ") {
		s.mark = s.mark[:strings.LastIndex(s.mark, ", ")]
	}
	if over := s.len() - room; over > 0 {
		names := []rune(s.wires)
		s.wires = string(names[:max(0, len(names)-over-1)]) + "…"
	}
	return s
}

// header draws the header, and names the wires that there was no room for.
func (s *screen) header(p Plan) {
	fmt.Fprintf(s, "%s\n\n", p.Door)
	sides := p.sides()
	widest := func(first int, marks bool) (most int) {
		for pin := first; pin <= len(header); pin += 2 {
			d := sides[pin]
			if !marks {
				d.mark, _, _ = strings.Cut(d.mark, ", ")
			}
			most = max(most, d.len())
		}
		return most
	}
	room := max(2*leastSide, s.width-midWidth)
	right := min(widest(2, true), max(leastSide, room-widest(1, false)))
	usual := min(room, usualWidth-midWidth) // in a wider terminal the header stays near what is said below it
	left := min(max(widest(1, true), usual-max(right, usual*2/5)), room-right)
	var cut []string
	for pin := 1; pin <= len(header); pin += 2 {
		l, r := sides[pin].cut(left), sides[pin+1].cut(right)
		for i, whole := range []side{sides[pin], sides[pin+1]} {
			if whole.wires != []side{l, r}[i].wires {
				cut = append(cut, fmt.Sprintf("Pin %d: %s", pin+i, whole.wires))
			}
		}
		line := fmt.Sprintf("%s%s  %6s %s %s %-6s  %s", strings.Repeat(" ", max(0, left-l.len())), s.side(l, true), header[pin-1],
			s.paint(pinHue(pin, sides[pin].colour), fmt.Sprintf("(%2d)", pin)), s.paint(pinHue(pin+1, sides[pin+1].colour), fmt.Sprintf("(%2d)", pin+1)),
			header[pin], s.side(r, false))
		s.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	s.WriteString("\n")
	for _, line := range cut {
		s.say("", line)
	}
	if len(cut) > 0 {
		s.WriteString("\n")
	}
}

func (s *screen) side(d side, left bool) string {
	d.wires, d.mark = s.paint(d.colour, d.wires), s.paint(alarm, d.mark)
	return d.text(left)
}

// sides says what stands beside each pin.
func (p Plan) sides() map[int]side {
	sides := map[int]side{}
	for i, part := range p.parts() {
		for _, t := range part.terminals {
			name, d := part.wireName(t), sides[t.pin]
			if t.label == t.line { // a supply's name stands at its pin
				name = part.name
			}
			d.colour = colours[i%len(colours)].ansi
			d.wires = strings.Join(slices.DeleteFunc([]string{d.wires, name}, func(s string) bool { return s == "" }), ", ")
			sides[t.pin] = d
		}
	}
	for pin, words := range p.marks() {
		d := sides[pin]
		d.mark = "! " + strings.Join(words, ", ")
		sides[pin] = d
	}
	return sides
}

// pinHue is the colour of a pin's number.
func pinHue(pin int, wire string) string {
	switch name := header[pin-1]; {
	case name == "5V":
		return "1;31"
	case name == "3V3":
		return "1;33"
	case wire != "":
		return "1;" + wire
	}
	return "2"
}
