package wiring

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// colours are those of the wires: a part's are of one family.
var colours = []struct{ ansi, svg string }{
	{"38;5;39", "#1f7fd1"}, {"38;5;203", "#d13b3b"}, {"38;5;214", "#d98a12"}, {"38;5;78", "#2a9d5c"},
	{"38;5;141", "#7d55c7"}, {"38;5;44", "#12909c"}, {"38;5;120", "#5b9a1d"}, {"38;5;210", "#c94f7c"}, {"38;5;180", "#8a6a3b"},
}

// Text draws the header as it lies when the board's USB sockets point down, with the plan's wires, and lists what to mind.
func (p Plan) Text(w io.Writer, coloured bool) error {
	paint := func(colour, s string) string {
		if !coloured || s == "" {
			return s
		}
		return "\x1b[" + colour + "m" + s + "\x1b[0m"
	}
	to := map[int][]string{} // what is wired to a pin
	hue := map[int]string{}
	for i, part := range p.parts() {
		for _, t := range part.terminals {
			to[t.pin] = append(to[t.pin], part.wireName(t))
			hue[t.pin] = colours[i%len(colours)].ansi
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", p.Door)
	const width = 30
	for pin := 1; pin <= len(header); pin += 2 {
		left, right := strings.Join(to[pin], ", "), strings.Join(to[pin+1], ", ")
		line := fmt.Sprintf("%s%s  %6s %s %s %-6s  %s", strings.Repeat(" ", max(0, width-utf8.RuneCountInString(left))), paint(hue[pin], left),
			header[pin-1], paint(pinHue(pin, hue), fmt.Sprintf("(%2d)", pin)), paint(pinHue(pin+1, hue), fmt.Sprintf("(%2d)", pin+1)),
			header[pin], paint(hue[pin+1], right))
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	if off := to[0]; len(off) > 0 {
		fmt.Fprintf(&b, "\nNot on this header: %s\n", strings.Join(off, ", "))
	}
	b.WriteString("\nThe board's USB sockets point down; pin 1 is the one towards the SD card, away from the edge.\n\n")
	for _, part := range p.parts() {
		if part.note != "" {
			fmt.Fprintf(&b, "%s: %s\n", part.name, part.note)
		}
	}
	for _, warning := range p.Warnings() {
		fmt.Fprintf(&b, "%s %s\n", paint("33", "mind"), warning)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// pinHue is the colour of a pin's number.
func pinHue(pin int, hue map[int]string) string {
	switch name := header[pin-1]; {
	case name == "5V":
		return "1;31"
	case name == "3V3":
		return "1;33"
	case hue[pin] != "":
		return "1;" + hue[pin]
	}
	return "2"
}
