package configs

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// reading is one pass over a file: what it says, where, and what is wrong with it. It walks the parser's expressions
// itself, because a decoder stops at the first value that does not fit.
type reading struct {
	file  string
	data  []byte
	lines []int // the offset at which each line begins
	base  int   // where the parser began
	cfg   *Config
	site  string // the included file; empty: none
	seam  int    // how many lines it has; those of file are counted behind them once both have been read

	at       map[string]int  // the line of each table and key that was read
	inline   map[string]bool // tables that are a value, closed to further keys
	broken   map[string]bool // tables and keys that stand in the file but could not be read: neither checked nor missed
	meant    map[string]bool // tables and keys that a misspelt one probably stands for: not missed
	garbled  map[int]bool    // lines that are not UTF-8 and not yet reported
	reported map[int]bool    // lines whose one fault is that they are not
	faults   Faults
	torn     bool // something could not be read, or belongs nowhere: it may have been any table
	full     bool // faults were left out
	lacking  bool // an included file could not be read, or not all of it: what is missing may stand there

	table string // the one that keys belong to now: "", "strike", "owner[1]"
	lost  bool   // under a header that is not known: its keys go unread
}

// mostFaults bounds what a file of nothing but faults prints, and mostSyntax how often the parser starts again in it.
const (
	mostFaults = 200
	mostSyntax = 100
)

func (r *reading) fault(line int, key, problem, remedy string) {
	r.report(Fault{Line: line, Key: key, Problem: problem, Remedy: remedy})
}

// report adds a fault. A line that is not UTF-8 has that one fault only.
func (r *reading) report(f Fault) {
	switch {
	case r.reported[f.Line]:
		return
	case len(r.faults) >= mostFaults:
		r.full = true
		return
	case r.garbled[f.Line]:
		delete(r.garbled, f.Line)
		r.reported[f.Line] = true
		f.Problem, f.Remedy = "not UTF-8", "save the file as UTF-8"
	}
	f.File, f.Line = r.place(f.Line)
	r.faults = append(r.faults, f)
}

// sorted returns the faults in the order of their lines, those of an included file last.
func (r *reading) sorted() Faults {
	slices.SortStableFunc(r.faults, r.byPlace)
	if r.full {
		r.full = false
		last := r.faults[len(r.faults)-1]
		r.faults = append(r.faults, Fault{File: last.File, Line: last.Line, Problem: "too many faults", Remedy: "more are left out"})
	}
	return r.faults
}

// lineAt returns the line of an offset into the data.
func (r *reading) lineAt(offset int) int { return sort.SearchInts(r.lines, offset+1) }

// mine returns the first of the keys that stands in the file, to be blamed for what is wrong between them.
func (r *reading) mine(keys ...string) string {
	for _, key := range keys {
		if r.at[key] > 0 {
			return key
		}
	}
	return keys[0]
}

// lineOf returns where a key stands, or its table, or the first line.
func (r *reading) lineOf(key string) int {
	table, _, _ := strings.Cut(key, ".")
	for _, k := range []string{key, table} {
		if line := r.at[k]; line > 0 {
			return line
		}
	}
	return r.first()
}

// expressions reads the file one expression at a time, and goes on behind what cannot be parsed.
func (r *reading) expressions() {
	var p unstable.Parser
	p.Reset(r.data)
	end := 0 // of the last expression that was good
	for n := 0; ; n++ {
		for !r.full && p.NextExpression() {
			end = r.expression(p.Expression())
		}
		if p.Error() == nil {
			return
		}
		r.torn = true
		if n == mostSyntax {
			r.full = true
			return
		}
		next := r.syntax(&p, end)
		if next >= len(r.data) {
			return
		}
		r.base, end = next, next
		p.Reset(r.data[next:])
	}
}

// expression takes in one header or key and returns the offset at which it ends.
func (r *reading) expression(e *unstable.Node) int {
	parts, from, to := r.name(e)
	line := r.lineAt(from)
	if e.Kind == unstable.KeyValue {
		if !r.lost {
			r.keyValue(parts, e.Value(), line)
		}
		return r.base + int(e.Raw.Offset+e.Raw.Length)
	}
	r.header(parts, e.Kind == unstable.ArrayTable, line)
	return to
}

// name returns the parts of an expression's name, and where it begins and ends.
func (r *reading) name(e *unstable.Node) (parts []string, from, to int) {
	for it := e.Key(); it.Next(); {
		raw := it.Node().Raw
		if parts == nil {
			from = r.base + int(raw.Offset)
		}
		to = r.base + int(raw.Offset+raw.Length)
		parts = append(parts, string(it.Node().Data))
	}
	return parts, from, to
}

func isBare(c rune) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_'
}

func join(table, key string) string {
	if table == "" {
		return key
	}
	return table + "." + key
}

func indexed(name string, i int) string { return fmt.Sprintf("%s[%d]", name, i) }
