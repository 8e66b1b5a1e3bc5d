package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"latchd/setup"
	"latchd/wiring"
)

var lineWord = regexp.MustCompile(`(?i)\bgpio([0-9]+)\b`)

// lineWords writes the names of lines in an answer as the kernel does.
func lineWords(answer string) string { return lineWord.ReplaceAllString(answer, "GPIO$1") }

// bare says what a number without a name may mean: lines are counted in one way and pins in another. It is "" for what is no
// such number.
func bare(answer string) string {
	n, err := strconv.Atoi(answer)
	at := wiring.At(n)
	if err != nil || at == "" {
		return ""
	}
	var may, lines []string
	for pin := 1; wiring.At(pin) != ""; pin++ {
		if line := fmt.Sprintf("GPIO%d", n); wiring.At(pin) == line && isLine(line) {
			may, lines = append(may, fmt.Sprintf("%s (pin %d)", line, pin)), append(lines, line)
		}
	}
	if isLine(at) {
		lines = append(lines, at)
	}
	if len(lines) == 0 {
		return ""
	}
	may = append(may, fmt.Sprintf("pin %d (%s)", n, strings.NewReplacer("3V3", "3.3 V", "5V", "5 V", "GND", "ground").Replace(at)))
	return fmt.Sprintf("may be %s: type %s", strings.Join(may, " or "), strings.Join(lines, " or "))
}

// isLine says whether a door may use a line of the header: not the two that are for a board on top.
func isLine(name string) bool { return setup.Line(name, func(string) bool { return false }) == "" }
