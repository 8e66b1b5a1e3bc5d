package configs

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// check looks at every value that could be read.
func (r *reading) check() {
	r.withinBounds()
	r.names()
	r.keypad()
	r.strikeLine()
	r.wiring()
	r.codes()
	r.texts()
	r.twilio()
	r.owners()
	r.mqtt()
	r.web()
}

// unread says whether a key's value could not be read, so that there is nothing to check.
func (r *reading) unread(key string) bool {
	list, _, _ := strings.Cut(key, "[")
	return r.broken[key] || r.broken[list] || r.broken[tableOf(key)]
}

// refuse reports a value, unless it could not be read in the first place.
func (r *reading) refuse(key, problem, remedy string) {
	if !r.unread(key) {
		r.fault(r.lineOf(key), key, problem, remedy)
	}
}

// given says whether a required key stands in the file, and reports it missing when it does not. Example is how to
// write it.
func (r *reading) given(key, example string) bool {
	table, _, _ := strings.Cut(key, ".")
	switch {
	case r.unread(key):
		return false
	case r.at[key] > 0:
		return true
	case r.meant[key] || r.meant[table]:
	case r.at[table] > 0:
		r.fault(r.at[table], key, r.missing(key, r.at[table]), "add "+example)
	default:
		r.fault(r.first(), key, r.missing(key, r.first()), "add ["+table+"] with "+example)
	}
	return false
}

// missing names, for the line at which a key is reported, the other file that might have it. A list is taken whole from one.
func (r *reading) missing(key string, line int) string {
	if r.site == "" || isOwn(key) || strings.Contains(key, "[") {
		return "missing"
	}
	other := r.site
	if file, _ := r.place(line); file == other {
		other = r.file
	}
	return "missing, here and in " + other
}

// withinBounds holds every key against its tags.
func (r *reading) withinBounds() {
	eachKey(r.cfg, func(key string, f reflect.StructField, v reflect.Value) {
		problem := ""
		if span := f.Tag.Get("range"); span != "" {
			problem = outside(v, span)
		} else if words := f.Tag.Get("oneof"); words != "" && !oneOf(v.String(), words) {
			problem = "is " + quote(v.String())
		}
		if problem != "" {
			r.refuse(key, problem, allowed(f))
		}
	})
}

// outside says what is wrong with a duration or number that does not lie in the span "0.5s to 30s" or "4 to 10".
func outside(v reflect.Value, span string) string {
	low, high, _ := strings.Cut(span, " to ")
	if v.Type() != reflect.TypeFor[Duration]() {
		from, _ := strconv.Atoi(low)
		to, _ := strconv.Atoi(high)
		return beyond(v.Int(), int64(from), int64(to), fmt.Sprint(v.Int()), "is too small", "is too large")
	}
	var from, to Duration
	from.UnmarshalText([]byte(low))
	to.UnmarshalText([]byte(high))
	return beyond(v.Int(), int64(from), int64(to), Duration(v.Int()).String(), "is too short", "is too long")
}

func beyond(v, from, to int64, shown, less, more string) string {
	switch {
	case v < from:
		return shown + " " + less
	case v > to:
		return shown + " " + more
	}
	return ""
}

func oneOf(s, words string) bool {
	for word := range strings.FieldsSeq(words) {
		if s == word {
			return true
		}
	}
	return false
}

// names checks what the door is called.
func (r *reading) names() {
	door := r.cfg.Door
	if r.given("door.id", `id = "front"`) && !isID(door.ID) {
		r.refuse("door.id", "is "+quote(door.ID), "allowed: 1 to 32 of a-z, 0-9 and -")
	}
	if r.given("door.name", `name = "Front door"`) {
		r.properName("door.name", door.Name)
	}
	r.siteNames()
	if r.cfg.Journal.Path == "" {
		r.refuse("journal.path", "is empty", "give the folder in which to keep what must survive a restart")
	}
}

// siteNames checks what the site is called, where there is one.
func (r *reading) siteNames() {
	site := r.cfg.Site
	switch {
	case site.ID != "" && !isID(site.ID):
		r.refuse("site.id", "is "+quote(site.ID), `allowed: 1 to 32 of a-z, 0-9 and -, or "" for none`)
	case site.ID == "" && site.Name != "" && !r.unread("site.id"):
		r.refuse("site.name", "stands without site.id", "give both, or neither")
	}
	if site.Name != "" {
		r.properName("site.name", site.Name)
	}
}

func isID(s string) bool {
	return s != "" && len(s) <= 32 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// properName checks a name for people.
func (r *reading) properName(key, name string) {
	switch {
	case strings.TrimSpace(name) == "":
		r.refuse(key, "is empty", "allowed: 1 to 64 letters")
	case len([]rune(name)) > 64:
		r.refuse(key, "is too long", "allowed: 1 to 64 letters")
	case !printable(name):
		r.refuse(key, quote(name)+" cannot be printed", "leave out line breaks and other control characters")
	}
}

func (r *reading) codes() {
	first, longest := r.cfg.Code.Lockout, r.cfg.Code.LockoutMax
	if longest < first && !r.unread("code.lockout") && !r.unread("code.lockout_max") {
		r.refuse(r.mine("code.lockout_max", "code.lockout"),
			fmt.Sprintf("the longest lockout, %v, is shorter than the first, %v", longest, first),
			"allowed: lockout_max from lockout to 7d")
	}
	if c := r.cfg.Code; r.cfg.Offline.On() && !c.FitsApps() && !r.unread("code.digits") {
		r.refuse("offline.code", fmt.Sprintf("no authenticator app shows %d digits", c.Digits),
			`allowed: code.digits from 6 to 8, or offline.code = "off"`)
	}
}
