package wiring

import (
	"fmt"
	"slices"
)

// Plan is what is wired. A line without a name is not fitted.
type Plan struct {
	Door       string   // the door's name
	Keys       []string // the keypad's rows of keys, top first: "123", ...
	Rows, Cols []string // its lines; none: no keypad

	Bell, Exit, Contact, Tamper Input
	Strike                      Output
	Green, Red, Buzzer          string
}

// Input is a button or a switch.
type Input struct {
	Line      string
	ActiveLow bool // to ground, with the Pi's pull-up; otherwise to 3.3 V, with its pull-down
}

// Output is the strike's relay.
type Output struct {
	Line      string
	ActiveLow bool // the relay board switches on a low level
}

// part is something that is wired, with its terminals from the top.
type part struct {
	name      string
	kind      kind
	terminals []terminal
	keys      []string
	note      string // what to fit, or to know
	hold      bool   // the relay's input is held by a resistor
	below     int    // steps that it takes below its last terminal
}

type kind int

const (
	pad kind = iota
	relay
	button
	contact
	lamp
	buzzer
)

// terminal is an end of a wire. pin is 0 where the line is not on the header.
type terminal struct {
	label string // at the part: "row 1", "IN"; a supply's own name where the part has none
	line  string // "GPIO5", "GND", "3V3", "5V"
	pin   int
}

func signal(label, line string) terminal { return terminal{label, line, pinOf(line)} }

// parts lists what is fitted. Every part gets a ground pin near its line, each its own as long as there are some.
func (p Plan) parts() (parts []part) {
	taken := supplies{}
	if len(p.Rows)+len(p.Cols) > 0 {
		k := part{name: "keypad", kind: pad, keys: p.Keys}
		for i, line := range p.Rows {
			k.terminals = append(k.terminals, signal(fmt.Sprintf("row %d", i+1), line))
		}
		for i, line := range p.Cols {
			k.terminals = append(k.terminals, signal(fmt.Sprintf("col %d", i+1), line))
		}
		parts = append(parts, k)
	}
	parts = append(parts, p.relay(taken))
	for _, in := range p.inputs() {
		other := "GND"
		if !in.ActiveLow {
			other = "3V3"
		}
		label := map[kind]string{button: "button", contact: "switch"}[in.kind]
		in.terminals = []terminal{signal(label, in.Line), taken.near(other, other, in.Line)}
		parts = append(parts, in.part)
	}
	for _, l := range []struct{ name, line string }{{"green lamp", p.Green}, {"red lamp", p.Red}} {
		if l.line != "" {
			parts = append(parts, part{name: l.name, kind: lamp, note: "LED with 330 Ω",
				terminals: []terminal{signal("+", l.line), taken.near("GND", "GND", l.line)}})
		}
	}
	if p.Buzzer != "" {
		parts = append(parts, part{name: "buzzer", kind: buzzer, note: "active; NPN with 1 kΩ",
			terminals: []terminal{taken.near("5V", "5V", p.Buzzer), signal("base", p.Buzzer), taken.near("GND", "GND", p.Buzzer)}})
	}
	return parts
}

type input struct {
	Input
	part
}

// inputs are those that are fitted, without their terminals.
func (p Plan) inputs() []input {
	all := []input{{p.Bell, part{name: "bell", kind: button}}, {p.Exit, part{name: "exit button", kind: button}},
		{p.Contact, part{name: "door contact", kind: contact, note: "shut with the door"}}, {p.Tamper, part{name: "tamper switch", kind: contact}}}
	return slices.DeleteFunc(all, func(in input) bool { return in.Line == "" })
}

// relay is the strike's, with the resistor that holds its input locked: between the input and the terminal beside it.
func (p Plan) relay(taken supplies) part {
	s := part{name: "strike's relay", kind: relay, below: 4}
	vcc, in, ground := terminal{"VCC", "5V", 2}, signal("IN", p.Strike.Line), taken.near("GND", "GND", p.Strike.Line)
	taken[vcc.pin] = true
	s.terminals, s.hold = []terminal{vcc, in, ground}, !strongPull(p.Strike.Line)
	switch {
	case s.hold && p.Strike.ActiveLow:
		s.note, s.terminals = "10 kΩ, IN to 3V3", []terminal{taken.near("10 kΩ", "3V3", p.Strike.Line), in, vcc, ground}
	case s.hold:
		s.note = "10 kΩ, IN to GND"
	}
	return s
}

// supplies are the supplies' pins that are taken.
type supplies map[int]bool

// near takes the supply's nearest pin to a line's: one that is free, else one to share.
func (taken supplies) near(label, supply, line string) terminal {
	at, best := pinOf(line), 0
	for _, shared := range []bool{false, true} {
		for _, pin := range pinsOf(supply) {
			if taken[pin] == shared && (best == 0 || distance(pin, at) < distance(best, at)) {
				best = pin
			}
		}
		if best != 0 {
			break
		}
	}
	taken[best] = true
	return terminal{label, supply, best}
}

// distance is how far apart two pins are: rows, and a little for the other side.
func distance(a, b int) int {
	d := (a-1)/2 - (b-1)/2
	if d < 0 {
		d = -d
	}
	return 2*d + (a+b)%2
}

// wireName is what a wire is called: "keypad row 1", "bell", "bell GND".
func (p part) wireName(t terminal) string {
	if slices.Contains([]string{"IN", "+", "button", "switch", "base"}, t.label) {
		return p.name
	}
	return p.name + " " + t.label
}
