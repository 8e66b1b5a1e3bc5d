package configs

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// includeKey names, above all tables of a door's file, the file that many doors share.
const includeKey = "include"

// ownKeys are the tables and keys that may stand in a door's own file alone: what it is called, and which level on which line
// locks it. `latchd secure` needs no other file, and no change for many doors can turn a strike's polarity.
var ownKeys = []string{"door", "board", "strike.line", "strike.active"}

// include takes in the name of the file that this one stands on.
func (r *reading) include(value *unstable.Node, line int) {
	name := string(value.Data)
	switch {
	case r.at[includeKey] > 0:
		r.fault(line, includeKey, fmt.Sprintf("stands already on line %d", r.at[includeKey]), "a door's file takes in one other")
	case value.Kind != unstable.String:
		r.fault(line, includeKey, "is "+describe(value), "must be text in quotes")
		r.broken[includeKey] = true
	case name == "" || !printable(name):
		r.fault(line, includeKey, "is "+quote(name), `allowed: a file beside this one, as in "site.toml", or its whole path`)
		r.broken[includeKey] = true
	case r.garbled[line]:
		r.broken[includeKey] = true
	default:
		r.cfg.Include = name
	}
	r.at[includeKey] = line
}

// readBoth is read, and lays what the file says over what the one says that it includes.
func readBoth(name string, data []byte, open func(path string) ([]byte, error)) *reading {
	r := read(name, data)
	r.lacking = r.broken[includeKey] || r.meant[includeKey]
	path := r.includes()
	if path == "" {
		return r
	}
	data, err := open(path)
	if err != nil {
		problem := "cannot be read: " + err.Error()
		if errors.Is(err, fs.ErrNotExist) {
			problem = "there is no " + quote(path)
		}
		r.fault(r.at[includeKey], includeKey, problem, "put the file there, or take this line out")
		r.lacking = true
		return r
	}
	site := read(path, data)
	r.lacking = site.torn || site.full || site.has(includeKey)
	site.ownOnly()
	r.over(site)
	return r
}

// includes returns the path of the included file, "" when there is none.
func (r *reading) includes() string {
	if name := r.cfg.Include; name == "" || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(filepath.Dir(r.file), r.cfg.Include)
}

func isOwn(key string) bool {
	return slices.Contains(ownKeys, key) || slices.Contains(ownKeys, tableOf(key))
}

// ownStrike refuses a door that includes a file and does not say itself what locks it: the default may be another door's
// wiring, and its level the one that opens.
func (r *reading) ownStrike() {
	if r.strikeGiven() {
		return
	}
	for _, key := range []string{"strike.line", "strike.active"} {
		if r.at[key] > r.seam || r.unread(key) || r.meant[key] || r.meant["strike"] {
			continue
		}
		line := r.at["strike"]
		if line <= r.seam {
			line = r.first()
		}
		r.fault(line, key, "missing", "put it under [strike] of this file, as the door is wired: with an include nothing that locks is guessed")
	}
}

// strikeGiven says whether what locks the door is known without a guess: from its own file, or because nothing is included,
// or the board is simulated.
func (r *reading) strikeGiven() bool {
	return r.at["strike.line"] > r.seam && r.at["strike.active"] > r.seam || !r.has(includeKey) || r.cfg.Board.Driver == "sim"
}

// ownOnly refuses what may not stand in an included file, and forgets it.
func (r *reading) ownOnly() {
	if line := r.at[includeKey]; line > 0 {
		r.fault(line, includeKey, "an included file includes no other", "take the line out")
	}
	standard := Default()
	for _, key := range ownKeys {
		if line := r.at[key]; line > 0 {
			r.fault(line, key, "belongs in the door's own file", "put it there: no change for many doors may touch what locks one")
		}
	}
	r.cfg.Include, r.cfg.Door, r.cfg.Board = "", standard.Door, standard.Board
	r.cfg.Strike.Line, r.cfg.Strike.Active = standard.Strike.Line, standard.Strike.Active
	maps.DeleteFunc(r.at, func(key string, _ int) bool {
		return key == includeKey || isOwn(key)
	})
}

// over lays what this file says over what the site's says, key by key; a list is taken whole. Lines are counted through both
// from here on, the site's first.
func (r *reading) over(site *reading) {
	r.site, r.seam = site.file, max(len(site.lines), 1)
	own := make(map[string]int, len(r.at))
	for key, line := range r.at {
		own[key] = line + r.seam
	}
	reported := map[int]bool{}
	for line := range r.reported {
		reported[line+r.seam] = true
	}
	maps.Copy(reported, site.reported)
	r.at, r.reported = maps.Clone(own), reported
	for key, line := range site.at {
		if own[unit(key)] == 0 {
			r.at[key] = line
		}
	}
	take := func(key string, to, from reflect.Value) {
		switch {
		case site.at[key] == 0 || own[key] > 0:
		case from.Kind() == reflect.Slice:
			to.Set(reflect.AppendSlice(reflect.MakeSlice(from.Type(), 0, from.Len()), from)) // a change of the one is none of the other
		default:
			to.Set(from)
		}
	}
	to, from := r.config(), site.config()
	for _, table := range tables() {
		_, t, _ := field(to, table)
		_, f, _ := field(from, table)
		if t.Kind() == reflect.Slice {
			take(table, t, f)
			continue
		}
		for _, key := range keysIn(table) {
			_, tv, _ := field(t, key)
			_, fv, _ := field(f, key)
			take(join(table, key), tv, fv)
		}
	}
	maps.Copy(r.broken, site.broken)
	maps.Copy(r.meant, site.meant)
	r.full = r.full || site.full
	r.faults = append(r.faults, site.faults...)
	r.cfg.under = site.cfg
}

// unit returns the part of a configuration that one file gives as a whole, and to which the key belongs: "owner" of
// "owner[1].phone", "mqtt.brokers" of "mqtt.brokers[0]".
func unit(key string) string {
	unit, _, _ := strings.Cut(key, "[")
	return unit
}

// Under returns what holds where the door's own file says nothing: the defaults, and over them what the included file says.
func (c *Config) Under() Config {
	if c.Include == "" || c.under == nil {
		return Default()
	}
	return *c.under
}

// first returns the first line of the door's own file.
func (r *reading) first() int { return r.seam + 1 }

// place returns the file of a line that was counted through both, and its number there.
func (r *reading) place(line int) (file string, n int) {
	if line > r.seam {
		return r.file, line - r.seam
	}
	return r.site, line
}

// where says where a line is, in words.
func (r *reading) where(line int) string {
	file, n := r.place(line)
	if file == r.file {
		return fmt.Sprintf("on line %d", n)
	}
	return fmt.Sprintf("on line %d of %s", n, file)
}

// byPlace orders faults: the door's own file first, each by its lines.
func (r *reading) byPlace(a, b Fault) int {
	switch {
	case a.File == b.File:
		return a.Line - b.Line
	case a.File == r.file:
		return -1
	}
	return 1
}
