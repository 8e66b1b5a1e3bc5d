package setup

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"latchd/configs"
)

const heading = `# Written by latchd setup. What is not here has its default: latchd.toml(5).
# No secrets here. After a change: latchd check, systemctl restart latchd.
`

// shown are the keys that stand in the file even where they have their default: what is wired where.
var shown = []string{"keypad.rows", "keypad.cols", "keypad.keys", "bell.line", "strike.line", "strike.active"}

// Text writes a configuration as a file: the wiring, and whatever else differs from the default. What differs from neither
// that nor the file that it includes is left to these. configs.Parse reads it back as it was.
func Text(cfg configs.Config) string {
	var b strings.Builder
	b.WriteString(heading)
	standard := cfg.Under()
	always := shown
	if cfg.Include != "" {
		always = shown[len(shown)-2:] // of the strike, which no other file gives
		b.WriteString("\ninclude = " + value(reflect.ValueOf(cfg.Include)) + "\n")
	}
	c, d := reflect.ValueOf(cfg), reflect.ValueOf(standard)
	for table, v := range c.Fields() {
		name := table.Tag.Get("toml")
		switch {
		case name == "":
		case v.Kind() == reflect.Slice && same(v, d.FieldByName(table.Name)):
		case v.Kind() == reflect.Slice:
			for i := range v.Len() {
				write(&b, "[["+name+"]]", name, v.Index(i), reflect.Zero(v.Index(i).Type()), always)
			}
		default:
			write(&b, "["+name+"]", name, v, d.FieldByName(table.Name), always)
		}
	}
	return b.String()
}

func write(b *strings.Builder, title, table string, v, standard reflect.Value, always []string) {
	var lines []string
	for f, fv := range v.Fields() {
		key := f.Tag.Get("toml")
		if same(fv, standard.FieldByName(f.Name)) && !slices.Contains(always, table+"."+key) {
			continue
		}
		lines = append(lines, key+" = "+value(fv))
	}
	if len(lines) > 0 || strings.HasPrefix(title, "[[") { // one of several counts, though nothing in it is set
		fmt.Fprintf(b, "\n%s\n%s\n", title, strings.Join(lines, "\n"))
	}
}

func same(a, b reflect.Value) bool {
	if a.Kind() == reflect.Slice && a.Len()+b.Len() == 0 {
		return true
	}
	return reflect.DeepEqual(a.Interface(), b.Interface())
}

// value writes a value as TOML has it, whose strings are JSON's, but for DEL.
func value(v reflect.Value) string {
	if d, ok := v.Interface().(configs.Duration); ok {
		return value(reflect.ValueOf(d.String()))
	}
	switch v.Kind() {
	case reflect.String:
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		_ = e.Encode(v.String()) // a string can always be encoded
		return strings.ReplaceAll(strings.TrimSuffix(b.String(), "\n"), "\x7f", `\u007f`)
	case reflect.Slice:
		var all []string
		for i := range v.Len() {
			all = append(all, value(v.Index(i)))
		}
		return "[" + strings.Join(all, ", ") + "]"
	}
	return fmt.Sprint(v.Interface())
}

// Problem says what the configuration's own checks have against these keys, "" when nothing. What else is wrong, or not
// there yet, is not looked at.
func Problem(cfg configs.Config, keys ...string) string {
	cfg.Include = "" // its values are in cfg, and written then
	_, err := configs.Parse("", []byte(Text(cfg)))
	var faults configs.Faults
	errors.As(err, &faults)
	for _, f := range faults {
		for _, key := range keys {
			about := func(at string) bool { return at == key || strings.HasPrefix(at, key+"[") }
			_, by, taken := strings.Cut(f.Problem, " is taken by ")
			by, _, _ = strings.Cut(by, " ") // on which line of the file is of no use here
			switch {
			case taken && about(f.Key):
				return "is " + by + " as well, " + f.Remedy
			case taken && about(by): // at fault is the file's later one, which may have been asked for earlier
				return "is " + f.Key + " as well, " + f.Remedy
			case about(f.Key):
				return sentence(f.Problem) + ", " + f.Remedy
			}
		}
	}
	return ""
}

// sentence makes a problem go on from "This", which it does but where a key is "missing".
func sentence(problem string) string {
	if strings.HasPrefix(problem, "missing") {
		return "is " + problem
	}
	return problem
}

// Diff lists the lines that go, with "- ", and those that come, with "+ ", in their order; what stays is left out, as are
// comments and empty lines.
func Diff(before, after string) (lines []string) {
	a, b := content(before), content(after)
	// common[i][j] is the length of the longest sequence of lines common to a[i:] and b[j:].
	common := make([][]int, len(a)+1)
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			common[i][j] = max(common[i+1][j], common[i][j+1])
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			}
		}
	}
	for i, j := 0, 0; i < len(a) || j < len(b); {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && common[i+1][j] >= common[i][j+1]:
			lines = append(lines, "- "+a[i])
			i++
		default:
			lines = append(lines, "+ "+b[j])
			j++
		}
	}
	return lines
}

// content is a file's lines without comments.
func content(text string) (lines []string) {
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "  #")
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			lines = append(lines, line)
		}
	}
	return lines
}
