package wiring

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// warning is what to mind about a line.
type warning struct {
	text string // a sentence
	word string // the mark
	pin  int    // where it is marked; 0: nowhere
	near int    // the 5 V pin beside it; 0: none
}

// Warnings says what to mind about the lines, a sentence each, the strike's first.
func (p Plan) Warnings() (sentences []string) {
	for _, w := range p.warnings() {
		sentences = append(sentences, w.text)
	}
	return sentences
}

func (p Plan) warnings() []warning {
	w := p.strikeWarnings()
	for _, part := range p.parts() {
		for _, t := range part.terminals {
			w = append(w, part.lineWarnings(t)...)
		}
	}
	return w
}

// strikeWarnings are about what opens the door while the Pi starts.
func (p Plan) strikeWarnings() (w []warning) {
	s, pin := p.Strike, pinOf(p.Strike.Line)
	mind := func(word, format string, a ...any) {
		w = append(w, warning{text: fmt.Sprintf(format, a...), word: word, pin: pin})
	}
	const opens = "the door may open while the Pi starts"
	switch rest := restsAt(s.Line); {
	case rest == low && s.ActiveLow:
		mind("pulls down", "%s pulls down at power-on, and the relay switches on a low level: %s. Use one of GPIO2 to GPIO8 for it.", s.Line, opens)
	case rest == high && !s.ActiveLow:
		mind("pulls up", "%s pulls up at power-on, and the relay switches on a high level: %s. Use one of GPIO9 to GPIO13 or GPIO16 to GPIO27 for it.", s.Line, opens)
	}
	if s.Line == "GPIO0" || s.Line == "GPIO1" || s.Line == "GPIO14" || s.Line == "GPIO15" {
		mind("unsafe", "%s may be driven by the Pi itself before the daemon runs: %s. Give the strike's relay another line.", s.Line, opens)
	}
	switch {
	case s.ActiveLow && !strongPull(s.Line):
		mind("fit 10 kΩ", "Fit 10 kΩ from the strike's line to 3.3 V: nothing else holds it while the Pi starts.")
	case !s.ActiveLow && !strongPull(s.Line):
		mind("fit 10 kΩ", "Fit 10 kΩ from the strike's line to ground: nothing else holds it while the Pi starts.")
	case !s.ActiveLow:
		mind("no pull-down", "No pull-down holds %s against the 1.8 kΩ on the board.", s.Line)
	}
	return append(w, warning{text: "A relay board fed with 5 V must not put 5 V on its input: the header's lines take 3.3 V."},
		warning{text: "Feed the strike from its own supply through the relay's COM and NO, with a diode across a DC coil; never from the header."})
}

// lineWarnings are about what else is on a wire's line, or beside it.
func (p part) lineWarnings(t terminal) (w []warning) {
	mind := func(word, format string, a ...any) {
		w = append(w, warning{text: fmt.Sprintf("%s (%s) ", t.line, p.wireName(t)) + fmt.Sprintf(format, a...), word: word, pin: t.pin})
	}
	if t.pin == 0 {
		mind("", "is not on the 40-pin header.")
		return w
	}
	if !strings.HasPrefix(t.line, "GPIO") {
		return w
	}
	if strongPull(t.line) && p.terminals[len(p.terminals)-1].line == "3V3" {
		mind("always high", "never goes low: the 1.8 kΩ on the board beats the pull-down. Wire it to ground, with active = \"low\".")
	}
	if (p.kind == lamp || p.kind == buzzer) && restsAt(t.line) == high {
		mind("pulls up", "pulls up from power-on: it may be on until the daemon runs.")
	}
	if near := beside5V(t.pin); near > 0 {
		mind("beside 5 V", "lies beside the 5 V of pin %d: a wire that slips there ends the Pi.", near)
		w[len(w)-1].near = near
	}
	if why, ok := shared[t.line]; ok {
		mind(why.word, "%s.", why.text)
	}
	return w
}

// marks are the words of the warnings at each pin, the gravest first.
func (p Plan) marks() map[int][]string {
	marks := map[int][]string{}
	mark := func(pin int, word string) {
		if pin > 0 && !slices.Contains(marks[pin], word) {
			marks[pin] = append(marks[pin], word)
		}
	}
	for _, w := range p.warnings() {
		mark(w.pin, w.word)
		mark(w.near, "5 V")
	}
	return marks
}

// fold breaks a sentence into lines of at most so many characters.
func fold(s string, most int) (lines []string) {
	line := ""
	for _, word := range strings.Fields(s) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > most {
			lines, line = append(lines, line), ""
		}
		line = strings.TrimSpace(line + " " + word)
	}
	return append(lines, line)
}
