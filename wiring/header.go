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

// beside5V returns the 5 V pin next to a pin, straight or across; 0: none is.
func beside5V(pin int) (near int) {
	for _, hot := range pinsOf("5V") {
		if distance(hot, pin) <= 3 && (near == 0 || distance(hot, pin) < distance(near, pin)) {
			near = hot
		}
	}
	return near
}

// rest is where a line stands at power-on, before any program drives it.
type rest int

const (
	unknown rest = iota
	low
	high
)

// restsAt says where (BCM2835 ARM Peripherals, table 6-31).
func restsAt(line string) rest {
	n, err := strconv.Atoi(strings.TrimPrefix(line, "GPIO"))
	switch {
	case err != nil || pinOf(line) == 0:
		return unknown
	case n <= 8:
		return high
	}
	return low
}

// strongPull says whether the board has a pull-up of 1.8 kΩ on a line.
func strongPull(line string) bool { return line == "GPIO2" || line == "GPIO3" }

// shared is what else a line is used for, where that gets in the way: in a word, and in a sentence.
var shared = map[string]struct{ word, text string }{
	"GPIO0":  {"EEPROM", "is the board's own, for add-on boards to name themselves (ID_SD)"},
	"GPIO1":  {"EEPROM", "is the board's own, for add-on boards to name themselves (ID_SC)"},
	"GPIO2":  {"I²C", "has a pull-up of 1.8 kΩ on the board, and is I²C's where that is on"},
	"GPIO3":  {"I²C", "has a pull-up of 1.8 kΩ on the board, is I²C's where that is on, and wakes a halted Pi"},
	"GPIO14": {"UART", "is the serial console's where that is on: it sends while the Pi starts"},
	"GPIO15": {"UART", "is the serial console's where that is on"},
}
