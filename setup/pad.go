// Package setup is what can be thought out about a new installation without touching it: which lines are a keypad's rows
// and which its columns, what switch is on a line, whether an answer may stand in the configuration, and the text of the
// file. It touches no line and no file, and it asks nobody: `latchd setup` does.
package setup

import (
	"fmt"
	"slices"
	"strings"
)

// The layouts of the usual pads, as in the configuration: one string a row, one rune a column.
var (
	Pad3x4 = []string{"123", "456", "789", "*0#"}
	Pad4x4 = []string{"123A", "456B", "789C", "*0#D"}
)

// Link says that To went low when From was driven low.
type Link struct{ From, To string }

// Contact is what one key does: it joins two lines, in both directions or, through a diode, in one.
type Contact struct{ Links []Link }

// lines returns the two lines, in the order of their names.
func (c Contact) lines() [2]string {
	a, b := c.Links[0].From, c.Links[0].To
	return [2]string{min(a, b), max(a, b)}
}

// other returns the line that the contact joins to this one, "" where it is none of the two.
func (c Contact) other(line string) string {
	switch l := c.lines(); line {
	case l[0]:
		return l[1]
	case l[1]:
		return l[0]
	}
	return ""
}

// Touch makes a contact of what was seen while one key was held. The error says that more than two lines were joined.
func Touch(links []Link) (Contact, error) {
	c := Contact{links}
	var lines []string
	for _, l := range links {
		for _, line := range []string{l.From, l.To} {
			if !slices.Contains(lines, line) {
				lines = append(lines, line)
			}
		}
	}
	if len(lines) != 2 {
		return c, fmt.Errorf("%s are joined at once: press one key alone; if it was one, its wires touch others", strings.Join(lines, ", "))
	}
	return c, nil
}

// Pad is a keypad as the configuration has it.
type Pad struct {
	Rows, Cols, Keys []string
	// Turned: the pad's diodes let only its columns be driven, so they stand here as the rows.
	Turned bool
}

// Fault says why contacts make up no pad. Key is the one key to press again, 0 where that would not help.
type Fault struct {
	Key rune
	Why string
}

func (f *Fault) Error() string { return f.Why }

func faultf(key rune, format string, args ...any) *Fault {
	return &Fault{key, fmt.Sprintf(format, args...)}
}

// place returns where a key stands.
func place(layout []string, key rune) (row, col int) {
	for r, keys := range layout {
		if c := slices.Index([]rune(keys), key); c >= 0 {
			return r, c
		}
	}
	return 0, 0
}

func column(layout []string, i int) string {
	var keys []rune
	for _, row := range layout {
		keys = append(keys, []rune(row)[i])
	}
	return string(keys)
}

func spaced(keys string) string { return strings.Join(strings.Split(keys, ""), " ") }

func join(c Contact) string { l := c.lines(); return l[0] + " and " + l[1] }
