package setup

import (
	"fmt"
	"strings"
)

// Line says what is wrong with the name of a line, "" when nothing. Right are GPIO2 to GPIO27, the lines of the 40-pin header,
// and those that the chip has.
func Line(name string, chip func(name string) bool) string {
	for n := 2; n <= 27; n++ {
		if name == fmt.Sprintf("GPIO%d", n) {
			return ""
		}
	}
	if chip(name) {
		return ""
	}
	if line, _, ok := strings.Cut(name, ":"); ok {
		return fmt.Sprintf("is %q, where a line is given alone, as %s", name, line)
	}
	return fmt.Sprintf("is %q, and the board has no such line: allowed are GPIO2 to GPIO27, and others of its chip", name)
}
