package setup

import (
	"slices"
	"strings"
)

// Derive finds the pad whose keys, in this layout, join these lines. A key without a contact has shown nothing when it was
// pressed. The error is a *Fault.
func Derive(layout []string, contacts map[rune]Contact) (Pad, error) {
	if f := twice(layout, contacts); f != nil {
		return Pad{}, f
	}
	p, err := solve(layout, contacts)
	if err == nil {
		if f := dead(layout, contacts, p); f != nil {
			return Pad{}, f
		}
		return p.turn(layout, contacts)
	}
	if key, right := culprit(layout, contacts); key != 0 {
		row, col := place(layout, key)
		return Pad{}, faultf(key, "%c joins %s, where by the other keys it should join %s and %s: press it again; "+
			"if it stays so, its contact is damaged", key, join(contacts[key]), right.Rows[row], right.Cols[col])
	}
	return Pad{}, err
}

// twice finds two keys with the same lines.
func twice(layout []string, contacts map[rune]Contact) *Fault {
	seen := map[[2]string]rune{}
	for _, key := range strings.Join(layout, "") {
		c, ok := contacts[key]
		if !ok {
			continue
		}
		if by := seen[c.lines()]; by != 0 {
			return faultf(key, "%c joins the same lines as %c, %s: press each key once; if it was %c, two wires of the pad touch "+
				"or are on one pin", key, by, join(c), key)
		}
		seen[c.lines()] = key
	}
	return nil
}

// solve takes the line that a row's keys have in common for the row's, and likewise for the columns.
func solve(layout []string, contacts map[rune]Contact) (Pad, error) {
	p := Pad{Keys: layout, Rows: make([]string, len(layout)), Cols: make([]string, len([]rune(layout[0])))}
	for i, keys := range layout {
		line, err := common("row", keys, contacts)
		if err != nil {
			return p, err
		}
		p.Rows[i] = line
	}
	for i := range p.Cols {
		line, err := common("column", column(layout, i), contacts)
		if err != nil {
			return p, err
		}
		p.Cols[i] = line
	}
	for i, row := range p.Rows {
		if j := slices.Index(p.Cols, row); j >= 0 {
			return p, faultf(0, "%s is a row (of %s) and a column (of %s): a wire of the rows and one of the columns touch or are on one pin",
				row, spaced(layout[i]), spaced(column(layout, j)))
		}
	}
	for key, c := range contacts {
		if row, col := place(layout, key); c.other(p.Rows[row]) != p.Cols[col] {
			return p, faultf(0, "the keys do not fit a pad of %d rows and %d columns: press them in the order in which they are asked for",
				len(p.Rows), len(p.Cols))
		}
	}
	return p, nil
}

// common returns the one line that all of the keys that have shown something join.
func common(what, keys string, contacts map[rune]Contact) (string, error) {
	var found []Contact
	for _, key := range keys {
		if c, ok := contacts[key]; ok {
			found = append(found, c)
		}
	}
	if len(found) < 2 {
		return "", faultf(0, "nothing is seen of the %s %s: its wire is broken, on a pin of no line, or on a line that is in use", what, spaced(keys))
	}
	for _, line := range found[0].lines() {
		if !slices.ContainsFunc(found, func(c Contact) bool { return c.other(line) == "" }) {
			return line, nil
		}
	}
	return "", faultf(0, "the keys of the %s %s have no line in common: press the keys in the order in which they are asked for", what, spaced(keys))
}

// dead finds a key that has shown nothing on a pad whose lines are found.
func dead(layout []string, contacts map[rune]Contact, p Pad) *Fault {
	for _, key := range strings.Join(layout, "") {
		if _, ok := contacts[key]; !ok {
			row, col := place(layout, key)
			return faultf(key, "%c shows nothing, where by the other keys it should join %s and %s: press it firmly; if it stays so, "+
				"its contact is worn", key, p.Rows[row], p.Cols[col])
		}
	}
	return nil
}

// culprit finds the one key without which all others fit, and the pad that they make.
func culprit(layout []string, contacts map[rune]Contact) (key rune, p Pad) {
	for _, k := range strings.Join(layout, "") {
		c, ok := contacts[k]
		if !ok {
			continue
		}
		delete(contacts, k)
		found, err := solve(layout, contacts)
		contacts[k] = c
		if err != nil {
			continue
		}
		if key != 0 {
			return 0, Pad{} // more than one: no telling
		}
		key, p = k, found
	}
	return key, p
}

// turn looks at which of a key's lines can be driven. The door drives rows and reads columns.
func (p Pad) turn(layout []string, contacts map[rune]Contact) (Pad, error) {
	var rowBlocked, colBlocked []rune
	for _, key := range strings.Join(layout, "") {
		row, _ := place(layout, key)
		links, line := contacts[key].Links, p.Rows[row]
		if !slices.ContainsFunc(links, func(l Link) bool { return l.From == line }) {
			rowBlocked = append(rowBlocked, key)
		}
		if !slices.ContainsFunc(links, func(l Link) bool { return l.To == line }) {
			colBlocked = append(colBlocked, key)
		}
	}
	if len(rowBlocked) == 0 {
		return p, nil
	}
	if len(colBlocked) == 0 {
		t := Pad{Rows: p.Cols, Cols: p.Rows, Turned: true}
		for i := range p.Cols {
			t.Keys = append(t.Keys, column(layout, i))
		}
		return t, nil
	}
	odd, key := rowBlocked, rune(0)
	if len(colBlocked) < len(odd) {
		odd = colBlocked
	}
	if len(odd) == 1 {
		key = odd[0]
	}
	return p, faultf(key, "the diodes of %s point the other way than those of the other keys: solder all of them the same way round, "+
		"or bridge them", spaced(string(odd)))
}
