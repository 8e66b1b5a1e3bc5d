package configs

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// config returns the fields that the file is read into.
func (r *reading) config() reflect.Value { return reflect.ValueOf(r.cfg).Elem() }

// header takes in [parts] or, as a list, [[parts]].
func (r *reading) header(parts []string, list bool, line int) {
	name := parts[0]
	f, _, known := field(r.config(), name)
	if !known || len(parts) > 1 {
		r.unknownTable(parts, line)
		return
	}
	r.lost = false
	isList := f.Type.Kind() == reflect.Slice
	switch {
	case isList && !list:
		r.fault(line, name, "one table, where there may be several", "write [["+name+"]]")
	case list && !isList:
		r.fault(line, name, "a list of tables, where there is one", "write ["+name+"]")
	case r.at[name] > 0 && (!isList || r.inline[name]):
		r.fault(line, name, fmt.Sprintf("stands already on line %d", r.at[name]), "put its keys together")
	}
	r.open(name, line)
}

// open makes the table the one that keys belong to; of a list, a new one.
func (r *reading) open(name string, line int) {
	r.table = name
	if r.at[name] == 0 {
		r.at[name] = line
	}
	if _, v, _ := field(r.config(), name); v.Kind() == reflect.Slice {
		r.table = indexed(name, v.Len())
		r.at[r.table] = line
		v.Set(reflect.Append(v, reflect.Zero(v.Type().Elem())))
	}
}

// keyValue takes in parts = value, under the table that is open.
func (r *reading) keyValue(parts []string, value *unstable.Node, line int) {
	if r.table != "" {
		r.key(parts, value, line)
		return
	}
	name := parts[0]
	_, v, known := field(r.config(), name)
	switch {
	case name == includeKey && len(parts) == 1:
		r.include(value, line)
	case !known:
		r.unknownKey(parts, line)
	case len(parts) == 1:
		r.whole(name, v, value, line)
	case v.Kind() == reflect.Slice:
		r.fault(line, name, "one table, where there may be several", "write [["+name+"]] on a line of its own")
		r.broken[name] = true
	case r.inline[name]:
		r.fault(line, name, fmt.Sprintf("stands already on line %d", r.at[name]), "put its keys together")
	default:
		r.open(name, line)
		r.key(parts[1:], value, line)
		r.table = ""
	}
}

// whole takes in a table that is written as a value: strike = {line = "GPIO17"}, owner = [{...}, {...}].
func (r *reading) whole(name string, v reflect.Value, value *unstable.Node, line int) {
	defer func() { r.table, r.inline[name] = "", true }()
	switch {
	case r.at[name] > 0:
		r.fault(line, name, fmt.Sprintf("stands already on line %d", r.at[name]), "put its keys together")
	case v.Kind() == reflect.Struct && value.Kind == unstable.InlineTable:
		r.open(name, line)
		r.inlineKeys(value)
	case v.Kind() == reflect.Slice && value.Kind == unstable.Array:
		r.at[name] = line
		for it := value.Children(); it.Next(); {
			if it.Node().Kind != unstable.InlineTable {
				r.fault(line, name, "holds "+describe(it.Node()), "write each as [["+name+"]] on a line of its own")
				r.broken[name] = true
				continue
			}
			r.open(name, line)
			r.inlineKeys(it.Node())
		}
	default:
		r.fault(line, name, "is "+describe(value), "write ["+name+"] on a line of its own, and its keys below")
		r.broken[name] = true
	}
}

func (r *reading) inlineKeys(table *unstable.Node) {
	for it := table.Children(); it.Next(); {
		parts, from, _ := r.name(it.Node())
		r.key(parts, it.Node().Value(), r.lineAt(from))
	}
}

// key takes in one key of the table that is open.
func (r *reading) key(parts []string, value *unstable.Node, line int) {
	_, v, _ := field(r.config(), tableOf(r.table))
	if v.Kind() == reflect.Slice {
		v = v.Index(v.Len() - 1)
	}
	f, v, known := field(v, parts[0])
	key := r.table + "." + parts[0]
	switch {
	case !known || len(parts) > 1:
		r.unknownKey(parts, line)
	case r.at[key] > 0:
		r.fault(line, key, fmt.Sprintf("stands already on line %d", r.at[key]), "keep one of them")
	default:
		r.at[key] = line
		r.set(key, f, v, value, line)
		if r.garbled[line] {
			r.fault(line, key, "", "")
			r.broken[key] = true
		}
	}
}

// set puts the value into its field, or reports why it does not fit.
func (r *reading) set(key string, f reflect.StructField, v reflect.Value, n *unstable.Node, line int) {
	problem := "is " + describe(n)
	switch kind := v.Kind(); {
	case kind == reflect.String && n.Kind == unstable.String:
		v.SetString(string(n.Data))
		return
	case kind == reflect.Bool && n.Kind == unstable.Bool:
		v.SetBool(n.Data[0] == 't')
		return
	case kind == reflect.Int && n.Kind == unstable.Integer:
		i, err := strconv.ParseInt(string(n.Data), 0, strconv.IntSize)
		if err == nil {
			v.SetInt(i)
			return
		}
		problem = "is far too large"
	case kind == reflect.Int64 && n.Kind == unstable.String:
		err := v.Addr().Interface().(*Duration).UnmarshalText(n.Data)
		if err == nil {
			return
		}
		problem = quote(string(n.Data)) + " " + err.Error()
	case kind == reflect.Slice && n.Kind == unstable.Array:
		r.setList(key, v, n, line)
		return
	}
	r.broken[key] = true
	r.fault(line, key, problem, strings.TrimSuffix("must be "+wanted(v)+", "+allowed(f), ", "))
}

func (r *reading) setList(key string, v reflect.Value, n *unstable.Node, line int) {
	list := []string{}
	for it := n.Children(); it.Next(); {
		item := indexed(key, len(list))
		r.at[item] = line
		if it.Node().Kind == unstable.String {
			r.at[item] = r.lineAt(r.base + int(it.Node().Raw.Offset))
		} else {
			r.broken[key] = true
			r.fault(line, item, "is "+describe(it.Node()), "must be text in quotes")
		}
		list = append(list, string(it.Node().Data))
	}
	v.Set(reflect.ValueOf(list))
}

// describe says of what kind a value is. It does not repeat it: it may be a secret in the wrong place.
func describe(n *unstable.Node) string {
	switch n.Kind {
	case unstable.String:
		return "text"
	case unstable.Bool:
		return string(n.Data)
	case unstable.Integer:
		return "a whole number"
	case unstable.Float:
		return "a number with a fraction"
	case unstable.Array:
		return "a list"
	case unstable.InlineTable:
		return "a table"
	default:
		return "a date or time"
	}
}

// wanted says what a field takes.
func wanted(v reflect.Value) string {
	switch v.Kind() {
	case reflect.Int64:
		return `a duration in quotes, such as "` + Duration(v.Int()).String() + `"`
	case reflect.Int:
		return "a whole number"
	case reflect.Bool:
		return "true or false, without quotes"
	case reflect.Slice:
		return `a list of texts, as in ["a", "b"]`
	default:
		return "text in quotes"
	}
}

// allowed says what a field's value may be, or nothing when that takes more than a tag to say.
func allowed(f reflect.StructField) string {
	if span := f.Tag.Get("range"); span != "" {
		return "allowed: " + span
	}
	if words := f.Tag.Get("oneof"); words != "" {
		return `allowed: "` + strings.ReplaceAll(words, " ", `" or "`) + `"`
	}
	return ""
}
