package configs

import (
	"fmt"
	"strings"
)

// unknownTable reports a header that no table has. What stands below it is looked at when the table that was probably
// meant is not in the file so far.
func (r *reading) unknownTable(parts []string, line int) {
	r.torn = true
	name := printed(parts)
	f := Fault{Line: line, Key: name, Problem: "unknown table", Remedy: "tables: " + strings.Join(tables(), ", ")}
	if f.about = closest(parts[0], tables()); f.about != "" {
		f.Remedy = "did you mean [" + f.about + "]?"
		r.meant[f.about] = true
	}
	r.report(f)
	r.lost, r.table = true, ""
	if len(parts) == 1 && r.at[f.about] == 0 {
		r.guessHeader(f.about, line)
	}
}

// unknownKey reports a key that the open table does not have.
func (r *reading) unknownKey(parts []string, line int) {
	key := join(r.table, printed(parts))
	word := parts[len(parts)-1]
	known := keysIn(tableOf(r.table))
	if r.table == "" {
		known = append(tables(), includeKey)
		r.torn = true
	}
	f := Fault{Line: line, Key: key, Problem: "unknown key"}
	meant := ""
	if len(parts) == 1 {
		meant = closest(word, known)
	}
	homes := homes(word)
	switch {
	case meant != "":
		f.about = join(r.table, meant)
		f.Remedy = "did you mean " + meant + "?"
		r.meant[f.about] = true
	case word == includeKey:
		f.Remedy = "it stands above all tables, once"
	case isSecret(word):
		f.Remedy = "a secret never stands in this file, put it into " + secretDir + "/" + secretFor(r.table)
	case len(homes) > 0 && len(homes) <= 3:
		f.Remedy = "it belongs under [" + strings.Join(homes, "] or [") + "]"
	case r.table == "":
		f.Remedy = "a key stands under its table: [" + strings.Join(tables(), "] [") + "]"
	default:
		f.Remedy = fmt.Sprintf("[%s] takes %s", tableOf(r.table), strings.Join(known, ", "))
	}
	r.report(f)
}

// homes returns the tables that have the key.
func homes(key string) []string {
	var homes []string
	for _, table := range tables() {
		for _, k := range keysIn(table) {
			if k == key {
				homes = append(homes, table)
			}
		}
	}
	return homes
}

func isSecret(key string) bool {
	for _, word := range []string{"token", "secret", "password", "passwd"} {
		if strings.Contains(strings.ToLower(key), word) {
			return true
		}
	}
	return false
}

func secretFor(table string) string {
	if table == "mqtt" {
		return MQTTPassword
	}
	return TwilioAuthToken
}

// printed joins the parts of a name as they may be shown.
func printed(parts []string) string {
	shown := make([]string, len(parts))
	for i, part := range parts {
		shown[i] = part
		if part == "" || len(part) > longestQuote || strings.ContainsFunc(part, func(c rune) bool { return !isBare(c) }) {
			shown[i] = quote(part)
		}
	}
	if len(shown) > 3 {
		shown = append(shown[:3], "…")
	}
	return strings.Join(shown, ".")
}
