package configs

import (
	"fmt"
	"strconv"
	"strings"
)

// Fault is one thing that is wrong, or worth a warning, in a configuration file.
type Fault struct {
	File    string
	Line    int    // 1 for the first
	Key     string // "strike.pulse", "owner[1].phone"; empty when it lies with no key
	Problem string // what is wrong
	Remedy  string // what is allowed, or what to do

	about string // the key that is probably meant, when it is not Key
}

// String prints FILE:LINE: KEY: what is wrong, what is allowed.
func (f Fault) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d: ", f.File, f.Line)
	if f.Key != "" {
		b.WriteString(f.Key + ": ")
	}
	b.WriteString(f.Problem)
	if f.Remedy != "" {
		b.WriteString(", " + f.Remedy)
	}
	return b.String()
}

// Faults is every fault of a file, in the order of its lines, and behind them those of the file that it includes.
type Faults []Fault

// Error prints a line for each fault.
func (fs Faults) Error() string {
	lines := make([]string, len(fs))
	for i, f := range fs {
		lines[i] = f.String()
	}
	return strings.Join(lines, "\n")
}

// longestQuote bounds how much of a value a message repeats, in runes.
const longestQuote = 40

// quote repeats a value of the file in a message: on one line, and never long.
func quote(s string) string {
	if r := []rune(s[:min(len(s), 4*longestQuote+4)]); len(r) > longestQuote {
		s = string(r[:longestQuote]) + "…"
	}
	return strconv.Quote(s)
}
