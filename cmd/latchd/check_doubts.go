package main

import (
	"slices"
	"strings"

	"latchd/configs"
)

// doubt is what a faulty file leaves open: of a table that is at fault the defaults may stand in for what is meant, and
// what is found wrong with those would be no finding.
type doubt struct {
	tables []string // at fault
	all    bool     // it cannot be told which are
	left   []string // what has not been looked at
}

var (
	wiredTables = []string{"board", "keypad", "bell", "exit", "contact", "tamper", "strike", "feedback"}
	otherTables = []string{"door", "site", "code", "texts", "twilio", "owner", "mqtt", "web", "journal", "offline"}
)

func doubts(faults configs.Faults) *doubt {
	d := &doubt{}
	for _, f := range faults {
		table, _, _ := strings.Cut(f.Key, ".")
		table, _, _ = strings.Cut(table, "[")
		if !slices.Contains(wiredTables, table) && !slices.Contains(otherTables, table) {
			d.all = true // a name that is misspelt, or a line that cannot be read
		}
		d.tables = append(d.tables, table)
	}
	return d
}

// look does what goes by these tables alone, if they are sound.
func (d *doubt) look(what string, at func(), tables ...string) {
	if d.all || slices.ContainsFunc(d.tables, func(t string) bool { return slices.Contains(tables, t) }) {
		d.left = append(d.left, what)
		return
	}
	at()
}
