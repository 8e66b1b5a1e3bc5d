package configs

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// mostWires is the most rows, or columns, of a keypad.
const mostWires = 8

// keypad checks the shape of the matrix and what stands on its keys.
func (r *reading) keypad() {
	k := r.cfg.Keypad
	if k.Fitted() {
		r.wireCount("keypad.rows", k.Rows)
		r.wireCount("keypad.cols", k.Cols)
	} else if !r.cfg.Web.served() {
		r.refuse("keypad.rows", "names no line, nor does keypad.cols, and no panel is served", `name the keypad's lines, or give web.listen = "127.0.0.1:8080"`)
	}
	if k.Enter == k.Clear && !r.unread("keypad.enter") && !r.unread("keypad.clear") {
		r.refuse(r.mine("keypad.clear", "keypad.enter"), "enter and clear are the same key", "give each a key of its own")
	}
	if k.Fitted() && len(k.Keys) != len(k.Rows) && !r.unread("keypad.rows") {
		r.refuse("keypad.keys", fmt.Sprintf("has %d rows where keypad.rows has %d", len(k.Keys), len(k.Rows)),
			"give one string a row")
	}
	keys := r.keys()
	lacks := strings.Map(func(c rune) rune {
		if keys[c] {
			return -1
		}
		return c
	}, "0123456789")
	if lacks != "" {
		r.refuse("keypad.keys", "lacks "+lacks, "a code needs 0 to 9")
	}
	r.orderKey("keypad.enter", k.Enter, keys)
	r.orderKey("keypad.clear", k.Clear, keys)
}

// keys checks the rows of keypad.keys, and returns the keys that are there.
func (r *reading) keys() map[rune]bool {
	k := r.cfg.Keypad
	seen := map[rune]bool{}
	for i, row := range k.Keys {
		key := indexed("keypad.keys", i)
		if n := utf8.RuneCountInString(row); k.Fitted() && n != len(k.Cols) && !r.unread("keypad.cols") {
			r.refuse(key, fmt.Sprintf("has %d keys where keypad.cols has %d", n, len(k.Cols)), "give one character a column")
		}
		for _, c := range row {
			if seen[c] {
				r.refuse(key, fmt.Sprintf("%q stands on two keys", c), "give each key a character of its own")
			}
			if !unicode.IsGraphic(c) || unicode.IsSpace(c) {
				r.refuse(key, fmt.Sprintf("%q cannot stand on a key", c), "allowed: characters that can be seen")
			}
			seen[c] = true
		}
	}
	return seen
}

func (r *reading) wireCount(key string, lines []string) {
	if n := len(lines); n < 1 || n > mostWires {
		r.refuse(key, fmt.Sprintf("names %d lines", n), fmt.Sprintf("allowed: 1 to %d", mostWires))
	}
}

// orderKey checks a key that gives an order instead of a digit.
func (r *reading) orderKey(key, s string, keys map[rune]bool) {
	c, n := utf8.DecodeRuneInString(s)
	switch {
	case s == "" || n != len(s):
		r.refuse(key, "is "+quote(s), "allowed: one character of keypad.keys")
	case c >= '0' && c <= '9':
		r.refuse(key, "is the digit "+s, "allowed: one character of keypad.keys that is no digit")
	case keys[c] || r.unread("keypad.keys"):
	case r.at[key] == 0:
		r.refuse("keypad.keys", "lacks "+s, "add it, or name another key in "+key)
	default:
		r.refuse(key, quote(s)+" stands on no key", "allowed: one character of keypad.keys")
	}
}

// strikeLine checks the one line that no door does without.
func (r *reading) strikeLine() {
	r.lineName("strike.line", r.cfg.Strike.Line, true)
	r.ownStrike()
}

// lineName checks the name of a line, which is whatever the kernel says, in at most 31 bytes (GPIO_MAX_NAME_SIZE of
// linux/gpio.h, less the end).
func (r *reading) lineName(key, name string, required bool) {
	switch {
	case name == "" && !required:
	case name == "":
		r.refuse(key, "is empty", `name its line as the kernel does, as in "GPIO17"`)
	case len(name) > 31 || !printable(name) || strings.Contains(name, " "):
		r.refuse(key, quote(name)+" is no line", `name it as the kernel does, as in "GPIO17"`)
	}
}

// wire is the use of a line by a key.
type wire struct{ key, line string }

// wires returns every use of a line, in the order of the contract.
func (c *Config) wires() []wire {
	var ws []wire
	for i, line := range c.Keypad.Rows {
		ws = append(ws, wire{indexed("keypad.rows", i), line})
	}
	for i, line := range c.Keypad.Cols {
		ws = append(ws, wire{indexed("keypad.cols", i), line})
	}
	return append(ws, wire{"bell.line", c.Bell.Line}, wire{"exit.line", c.Exit.Line}, wire{"contact.line", c.Contact.Line},
		wire{"tamper.line", c.Tamper.Line}, wire{"strike.line", c.Strike.Line}, wire{"feedback.green", c.Feedback.Green},
		wire{"feedback.red", c.Feedback.Red}, wire{"feedback.buzzer", c.Feedback.Buzzer})
}

// wiring checks that every line has a name and one use.
func (r *reading) wiring() {
	for _, table := range []string{"exit", "contact", "tamper"} {
		if r.at[table] > 0 {
			r.given(table+".line", `line = "GPIO22", or line = "" when none is fitted`)
		}
	}
	ws := slices.DeleteFunc(r.cfg.wires(), func(w wire) bool { return r.unread(w.key) })
	// The file's order, defaults first: the later one is at fault.
	slices.SortStableFunc(ws, func(a, b wire) int { return cmp.Compare(r.at[a.key], r.at[b.key]) })
	taken := map[string]string{}
	for _, w := range ws {
		if w.key != "strike.line" {
			r.lineName(w.key, w.line, w.key == "bell.line" && !r.cfg.Web.served() || strings.HasPrefix(w.key, "keypad."))
		}
		if w.line == "" {
			continue
		}
		if by, ok := taken[w.line]; ok {
			where := "by default"
			if line := r.at[by]; line > 0 {
				where = r.where(line)
			}
			r.refuse(w.key, fmt.Sprintf("%s is taken by %s %s", quote(w.line), by, where), "give each a line of its own")
			continue
		}
		taken[w.line] = w.key
	}
}

func printable(s string) bool {
	return !strings.ContainsFunc(s, func(c rune) bool { return !unicode.IsPrint(c) })
}
