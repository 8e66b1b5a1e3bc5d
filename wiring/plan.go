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

// part is something that is wired, with its terminals from left to right.
type part struct {
	name      string
	kind      kind
	terminals []terminal
	keys      []string
	note      string // what to fit, or to know
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
	label string // at the part: "row 1", "IN"
	line  string // "GPIO5", "GND", "3V3", "5V"
	pin   int
}

// parts lists what is fitted. Every part gets a ground pin near its line, each its own as long as there are some.
func (p Plan) parts() (parts []part) {
	used := map[int]bool{}
	near := func(supply, line string) terminal {
		at, best := pinOf(line), 0
		for _, shared := range []bool{false, true} { // a pin of its own, else one that is taken
			for _, pin := range pinsOf(supply) {
				if used[pin] == shared && (best == 0 || distance(pin, at) < distance(best, at)) {
					best = pin
				}
			}
			if best != 0 {
				break
			}
		}
		used[best] = true
		return terminal{supply, supply, best}
	}
	wire := func(label, line string) terminal { return terminal{label, line, pinOf(line)} }

	if len(p.Rows)+len(p.Cols) > 0 {
		k := part{name: "keypad", kind: pad, keys: p.Keys}
		for i, line := range p.Rows {
			k.terminals = append(k.terminals, wire(fmt.Sprintf("row %d", i+1), line))
		}
		for i, line := range p.Cols {
			k.terminals = append(k.terminals, wire(fmt.Sprintf("col %d", i+1), line))
		}
		parts = append(parts, k)
	}
	s := part{name: "strike's relay", kind: relay, note: "10 kΩ from IN to GND"}
	s.terminals = []terminal{wire("IN", p.Strike.Line), near("GND", p.Strike.Line), {"VCC", "5V", 2}}
	if p.Strike.ActiveLow {
		s.note = "10 kΩ from IN to 3V3"
		s.terminals = slices.Insert(s.terminals, 1, near("3V3", p.Strike.Line))
	}
	parts = append(parts, s)
	for _, in := range []struct {
		name string
		Input
		kind kind
	}{{"bell", p.Bell, button}, {"exit button", p.Exit, button}, {"door contact", p.Contact, contact}, {"tamper switch", p.Tamper, contact}} {
		if in.Line == "" {
			continue
		}
		other := "GND"
		if !in.ActiveLow {
			other = "3V3"
		}
		parts = append(parts, part{name: in.name, kind: in.kind, terminals: []terminal{wire("", in.Line), near(other, in.Line)}})
	}
	for _, out := range []struct {
		name, line, note string
		kind             kind
	}{{"green lamp", p.Green, "LED with 330 Ω", lamp}, {"red lamp", p.Red, "LED with 330 Ω", lamp},
		{"buzzer", p.Buzzer, "through a transistor", buzzer}} {
		if out.line != "" {
			parts = append(parts, part{name: out.name, kind: out.kind, note: out.note, terminals: []terminal{wire("+", out.line), near("GND", out.line)}})
		}
	}
	return parts
}

// distance is how far apart two pins are: rows, and a little for the other side.
func distance(a, b int) int {
	d := (a-1)/2 - (b-1)/2
	if d < 0 {
		d = -d
	}
	return 2*d + (a+b)%2
}

// Warnings says what to mind about the lines, a sentence each.
func (p Plan) Warnings() (w []string) {
	s := p.Strike
	switch up := pullsUp(s.Line); {
	case s.ActiveLow && !up:
		w = append(w, fmt.Sprintf("%s pulls down at power-on, and the relay switches on a low level: the door may open while the Pi starts. "+
			"Use one of GPIO2 to GPIO8 for it.", s.Line))
	case !s.ActiveLow && up:
		w = append(w, fmt.Sprintf("%s pulls up at power-on, and the relay switches on a high level: the door may open while the Pi starts. "+
			"Use one of GPIO9 to GPIO27 for it.", s.Line))
	}
	if s.ActiveLow {
		w = append(w, "Fit 10 kΩ from the strike's line to 3.3 V: nothing else holds it while the Pi starts.")
	} else {
		w = append(w, "Fit 10 kΩ from the strike's line to ground: nothing else holds it while the Pi starts.")
	}
	w = append(w, "A relay board fed with 5 V must not put 5 V on its input: the header's lines take 3.3 V.")
	for _, part := range p.parts() {
		for _, t := range part.terminals {
			if why := shared[t.line]; why != "" {
				w = append(w, fmt.Sprintf("%s (%s) %s.", t.line, part.wireName(t), why))
			}
			if t.pin == 3 {
				w = append(w, fmt.Sprintf("%s (%s) lies beside the 5 V pins: a wire that slips there ends the Pi.", t.line, part.wireName(t)))
			}
			if t.pin == 0 {
				w = append(w, fmt.Sprintf("%s (%s) is not on the 40-pin header.", t.line, part.wireName(t)))
			}
		}
	}
	return w
}

// wireName is what a wire is called: "keypad row 1", "bell".
func (p part) wireName(t terminal) string {
	if t.label == "" || slices.Contains([]string{"IN", "+"}, t.label) {
		return p.name
	}
	return p.name + " " + t.label
}
