package main

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"latchd/configs"
)

// configPage is latchd.toml(5): the keys with their defaults and comments from the commented example, in its order, and
// what the types add to these.
func (s source) configPage() ([]byte, error) {
	keys, err := s.keys()
	if err != nil {
		return nil, err
	}
	return s.page("latchd.toml.5", map[string]string{"keys": keys, "minimal": example(configs.Minimal),
		"door": example(configs.OfDoor), "site": example(configs.OfSite)})
}

var (
	isTable = regexp.MustCompile(`^(\[+)(\w+)\]+\s*(?:# (.*))?$`)
	isKey   = regexp.MustCompile(`^(\w+) = ((?:"[^"]*"|[^"#])*?)\s*# (.*)$`)
)

func (s source) keys() (string, error) {
	types := keyTypes()
	var b strings.Builder
	table := ""
	for line := range strings.Lines(configs.Full) {
		line = strings.TrimRight(line, "\n")
		if found := isTable.FindStringSubmatch(line); found != nil {
			table = found[2]
			fmt.Fprintf(&b, ".SS \"%s\"\n%s", strings.Repeat("[", len(found[1]))+table+strings.Repeat("]", len(found[1])), prose(found[3]))
			continue
		}
		if table == "" || line == "" {
			continue
		}
		found := isKey.FindStringSubmatch(line)
		if found == nil {
			return "", fmt.Errorf("configs/latchd.toml: %q is neither a table nor a key with a comment", line)
		}
		f, ok := types[table+"."+found[1]]
		if !ok {
			return "", fmt.Errorf("configs/latchd.toml: there is no key %s.%s", table, found[1])
		}
		delete(types, table+"."+found[1])
		b.WriteString(keyItem(found[1], found[2], found[3], f))
	}
	for key := range types {
		return "", fmt.Errorf("configs/latchd.toml lacks %s", key)
	}
	return b.String(), nil
}

// keyItem is the entry of one key. What the installer must edit has no default.
func keyItem(name, value, comment string, f reflect.StructField) string {
	about, edit := strings.CutPrefix(comment, "* EDIT: ")
	term := item(name+" = "+value, "")
	if edit {
		term = item(name, "")
		about += "; required"
	}
	for _, tag := range []string{"range", "oneof"} {
		if limits := f.Tag.Get(tag); !mentions(comment, limits) {
			about += "; " + map[string]string{"range": "", "oneof": "one of "}[tag] + limits
		}
	}
	return strings.TrimSuffix(term, "\n") + roff(about) + "\n"
}

// mentions says whether a comment names these bounds, or all of these words.
func mentions(comment, limits string) bool {
	for word := range strings.FieldsSeq(limits) {
		if !strings.Contains(comment, word) {
			return false
		}
	}
	return true
}

// keyTypes returns every key of the configuration, as "table.key".
func keyTypes() map[string]reflect.StructField {
	types := map[string]reflect.StructField{}
	for table := range reflect.TypeFor[configs.Config]().Fields() {
		name := table.Tag.Get("toml")
		if name == "" {
			continue
		}
		t := table.Type
		if t.Kind() == reflect.Slice {
			t = t.Elem()
		}
		for key := range t.Fields() {
			types[name+"."+key.Tag.Get("toml")] = key
		}
	}
	return types
}
