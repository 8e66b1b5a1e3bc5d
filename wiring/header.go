// Package wiring draws how a door's parts are wired to a Raspberry Pi's 40-pin header: for a terminal, and as an SVG picture
// that prints on a page. It says what to mind about a line, too: where it stands at power-on, what else uses it, what lies
// beside it. It touches no line and reads no file.
package wiring

import (
	"strconv"
	"strings"
)

// header is the 40-pin header of every Raspberry Pi since 2014, by pin from 1 on: odd pins on the inner row, even ones on the
// row along the board's edge (https://www.raspberrypi.com/documentation/computers/raspberry-pi.html#gpio).
var header = [40]string{
	"3V3", "5V", "GPIO2", "5V", "GPIO3", "GND", "GPIO4", "GPIO14", "GND", "GPIO15",
	"GPIO17", "GPIO18", "GPIO27", "GND", "GPIO22", "GPIO23", "3V3", "GPIO24", "GPIO10", "GND",
	"GPIO9", "GPIO25", "GPIO11", "GPIO8", "GND", "GPIO7", "GPIO0", "GPIO1", "GPIO5", "GND",
	"GPIO6", "GPIO12", "GPIO13", "GND", "GPIO19", "GPIO16", "GPIO26", "GPIO20", "GND", "GPIO21",
}

// pinOf returns the pin of a line, 0 where the header has none of that name.
func pinOf(line string) int {
	for i, name := range header {
		if name == line {
			return i + 1
		}
	}
	return 0
}

// pinsOf returns the pins that carry a supply, in their order.
func pinsOf(name string) (pins []int) {
	for i, n := range header {
		if n == name {
			pins = append(pins, i+1)
		}
	}
	return pins
}

// pullsUp says whether a line is pulled up at power-on; the others are pulled down (BCM2835 ARM Peripherals, table 6-31).
func pullsUp(line string) bool {
	n, err := strconv.Atoi(strings.TrimPrefix(line, "GPIO"))
	return err == nil && n <= 8
}

// shared is what else a line is used for, where that gets in the way.
var shared = map[string]string{
	"GPIO0":  "is the board's own, for add-on boards to name themselves (ID_SD)",
	"GPIO1":  "is the board's own, for add-on boards to name themselves (ID_SC)",
	"GPIO2":  "has a pull-up of 1.8 kΩ on the board, and is I²C's where that is on",
	"GPIO3":  "has a pull-up of 1.8 kΩ on the board, is I²C's where that is on, and wakes a halted Pi",
	"GPIO14": "is the serial console's where that is on: it sends while the Pi starts",
	"GPIO15": "is the serial console's where that is on",
}
