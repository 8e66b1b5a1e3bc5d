package setup

import "slices"

// Order is in which the keys of the largest pad are asked for.
const Order = "123456789*0#ABCD"

// Odd finds, among the contacts known so far, the key that fits the others least, so that one pressed for another is named
// while it can be pressed again: keys of one row or column have one line in common, others none. Of keys that fit equally
// badly it is the later one. It returns nil where all fit, and where those that do not are sure: they have been asked for
// again, and Derive judges them in the end.
func Odd(contacts map[rune]Contact, sure map[rune]bool) (odd *Fault) {
	most := 1
	for _, key := range Order {
		n, other := misfits(contacts, key)
		if n < most {
			continue
		}
		if n > most {
			most, odd = n, nil
		}
		if !sure[key] {
			odd = unlike(contacts, key, other)
		}
	}
	return odd
}

// misfits counts the keys to which one does not fit, and returns the first of them, or the one that joins the same lines.
func misfits(contacts map[rune]Contact, key rune) (n int, one rune) {
	c, ok := contacts[key]
	if !ok {
		return 0, 0
	}
	for _, other := range Order {
		o, ok := contacts[other]
		fitting := 0
		if inLine(key, other) != "" {
			fitting = 1
		}
		if !ok || other == key || c.common(o) == fitting {
			continue
		}
		if n++; n == 1 || c.common(o) == 2 {
			one = other
		}
	}
	return n, one
}

// common counts the lines that two contacts have in common.
func (c Contact) common(o Contact) (n int) {
	lines := o.lines()
	for _, line := range c.lines() {
		if slices.Contains(lines[:], line) {
			n++
		}
	}
	return n
}

// inLine says in what two keys stand together, "" for nothing.
func inLine(a, b rune) string {
	rowA, colA := place(Pad4x4, a)
	rowB, colB := place(Pad4x4, b)
	switch {
	case rowA == rowB:
		return "row"
	case colA == colB:
		return "column"
	}
	return ""
}

func unlike(contacts map[rune]Contact, key, other rune) *Fault {
	c := contacts[key]
	switch c.common(contacts[other]) {
	case 2:
		return faultf(key, "%c joins the same lines as %c: the same key was pressed twice, or two wires of the pad touch or are on one pin", key, other)
	case 1:
		return faultf(key, "%c joins %s, one of them a line of %c, which is in neither its row nor its column", key, join(c), other)
	}
	return faultf(key, "%c joins %s, neither of them a line of %c, which is in its %s", key, join(c), other, inLine(key, other))
}
