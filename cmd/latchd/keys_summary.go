package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"latchd/configs"
	"latchd/keypad"
)

// all returns the pad's keys, row by row.
func (t *table) all() []contact { return slices.Concat(t.keys...) }

// worst is the key that has bounced longest; nil: none was timed.
func (t *table) worst() *contact {
	var worst *contact
	for _, k := range t.all() {
		if k.timed && (worst == nil || k.worst > worst.worst) {
			worst = &k
		}
	}
	return worst
}

// advice says which debounce fits.
func (t *table) advice() string {
	w := t.worst()
	if w == nil {
		return "worst bounce: no key was timed yet"
	}
	return fmt.Sprintf("worst bounce %s (key %s); %s", ms(w.worst), w.name, advise("keypad", w.worst, t.debounce))
}

func advise(part string, worst, set time.Duration) string {
	advised := keypad.Advise(worst)
	switch {
	case 2*worst > advised && advised > set:
		return "no debounce covers that: look for a loose wire or a worn contact"
	case advised > set:
		return fmt.Sprintf("set %s.debounce = %q (it is %v)", part, configs.Duration(advised), configs.Duration(set))
	}
	return fmt.Sprintf("%s.debounce = %q is right (%v would do)", part, configs.Duration(set), configs.Duration(advised))
}

// summary is what the test has shown.
func (t *table) summary() string {
	var b strings.Builder
	if len(t.keys) > 0 {
		t.padSummary(&b)
	}
	for _, in := range t.inputs {
		if !in.seen {
			fmt.Fprintf(&b, "%s never moved: %s is %s\n", in.name, in.lines, level(in.high))
			continue
		}
		fmt.Fprintf(&b, "%s: worst bounce %s; %s\n", in.name, ms(in.worst), advise(in.name, in.worst, in.debounce))
	}
	return b.String()
}

func (t *table) padSummary(b *strings.Builder) {
	var seen, never, stuck []string
	for _, k := range t.all() {
		if k.seen {
			seen = append(seen, k.name)
		} else {
			never = append(never, k.name)
		}
		if k.was {
			stuck = append(stuck, k.name+" ("+k.lines+")")
		}
	}
	fmt.Fprintf(b, "keys seen: %d of %d%s\n", len(seen), len(seen)+len(never), list(seen))
	if len(never) > 0 {
		fmt.Fprintf(b, "keys never seen%s\n", list(never))
	}
	if len(seen) > 0 {
		t.silent(b)
	}
	fmt.Fprintln(b, t.advice())
	if len(stuck) > 0 {
		fmt.Fprintf(b, "stuck: %s\n", strings.Join(stuck, ", "))
	}
	for _, g := range t.ghosts {
		fmt.Fprintf(b, "ghost among: %s\n", g)
	}
}

// silent names the lines of which no key was seen while others were.
func (t *table) silent(b *strings.Builder) {
	none := func(keys []contact) bool { return !slices.ContainsFunc(keys, func(k contact) bool { return k.seen }) }
	for r, row := range t.rows {
		if none(t.keys[r]) {
			fmt.Fprintf(b, "no key of row %s was seen: press them, or look at its wire\n", row)
		}
	}
	for c, col := range t.cols {
		var keys []contact
		for r := range t.keys {
			keys = append(keys, t.keys[r][c])
		}
		if none(keys) {
			fmt.Fprintf(b, "no key of column %s was seen: press them, or look at its wire\n", col)
		}
	}
}

func list(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return ": " + strings.Join(names, " ")
}
