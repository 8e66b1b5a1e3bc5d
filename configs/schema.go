package configs

import (
	"reflect"
	"strings"
	"sync"
)

// tables returns the names of the tables in the order of the contract.
func tables() []string { return keysOf(reflect.TypeFor[Config]()) }

// keysOf returns the TOML names of a struct's fields, in order.
func keysOf(t reflect.Type) []string {
	var names []string
	for f := range t.Fields() {
		if name := f.Tag.Get("toml"); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// schema is the fields of Config and of its tables by their TOML names, made once: reflection is slow on the boards that
// latchd runs on.
var schema = sync.OnceValue(func() map[reflect.Type]map[string]reflect.StructField {
	types := map[reflect.Type]map[string]reflect.StructField{}
	var add func(t reflect.Type)
	add = func(t reflect.Type) {
		if t.Kind() == reflect.Slice {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct || types[t] != nil {
			return
		}
		types[t] = map[string]reflect.StructField{}
		for f := range t.Fields() {
			if name := f.Tag.Get("toml"); name != "" {
				types[t][name] = f
				add(f.Type)
			}
		}
	}
	add(reflect.TypeFor[Config]())
	return types
})

// field finds the field of the struct v that TOML calls name.
func field(v reflect.Value, name string) (f reflect.StructField, fv reflect.Value, ok bool) {
	if f, ok = schema()[v.Type()][name]; ok {
		fv = v.FieldByIndex(f.Index)
	}
	return f, fv, ok
}

// eachKey calls do for every key of c, in the order of the contract; an owner's are "owner[0].name" and so on.
func eachKey(c *Config, do func(key string, f reflect.StructField, v reflect.Value)) {
	inTable := func(table string, v reflect.Value) {
		for f, fv := range v.Fields() {
			do(table+"."+f.Tag.Get("toml"), f, fv)
		}
	}
	for f, v := range reflect.ValueOf(c).Elem().Fields() {
		switch name := f.Tag.Get("toml"); {
		case name == "":
		case v.Kind() == reflect.Slice:
			for i := range v.Len() {
				inTable(indexed(name, i), v.Index(i))
			}
		default:
			inTable(name, v)
		}
	}
}

// tableOf returns the table's name in a key: "owner" of "owner[1].phone".
func tableOf(key string) string {
	table, _, _ := strings.Cut(key, ".")
	table, _, _ = strings.Cut(table, "[")
	return table
}

// keysIn returns the keys that a table takes, nil when there is no such table.
func keysIn(table string) []string {
	f, _, ok := field(reflect.ValueOf(Config{}), table)
	if !ok {
		return nil
	}
	t := f.Type
	if t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	return keysOf(t)
}

// closest returns the one of names that was probably meant by word, or "".
func closest(word string, names []string) string {
	best, least := "", 3
	for _, name := range names {
		// Up to a third of the letters wrong, at most two, is a slip; more is another word.
		if d := distance(strings.ToLower(word), name); d < least && d <= max(1, len(name)/3) {
			best, least = name, d
		}
	}
	return best
}

// distance counts the letters to add, drop, change or swap with their neighbour that make b of a.
func distance(a, b string) int {
	if len(a) > 2*len(b)+2 {
		return len(a)
	}
	var before []int
	last := make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
