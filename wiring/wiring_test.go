package wiring

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var usual = Plan{Door: "Front <door>", Keys: []string{"123", "456", "789", "*0#"}, Rows: []string{"GPIO5", "GPIO6", "GPIO13", "GPIO19"},
	Cols: []string{"GPIO16", "GPIO20", "GPIO21"}, Bell: Input{"GPIO26", true}, Contact: Input{"GPIO23", true}, Strike: Output{"GPIO17", false}}

func TestTheHeadersPinsAreWhereTheyAre(t *testing.T) {
	for line, pin := range map[string]int{"3V3": 1, "GPIO17": 11, "GPIO26": 37, "GPIO21": 40, "GPIO0": 27, "GPIO14": 8, "PA7": 0} {
		if got := pinOf(line); got != pin {
			t.Errorf("%s is at pin %d, want %d", line, got, pin)
		}
	}
	if got := pinsOf("GND"); !slices.Equal(got, []int{6, 9, 14, 20, 25, 30, 34, 39}) {
		t.Errorf("ground is at %v", got)
	}
}

func TestTheLinesBeside5VAreKnown(t *testing.T) {
	for pin, want := range map[int]int{3: 4, 5: 4, 1: 2, 6: 4, 7: 0, 8: 0, 40: 0} {
		if got := beside5V(pin); got != want {
			t.Errorf("beside pin %d is the 5 V of pin %d, want %d", pin, got, want)
		}
	}
}

func TestWhatToMindIsSaidAndMarked(t *testing.T) {
	plan := func(change func(*Plan)) Plan {
		p := usual
		change(&p)
		return p
	}
	for name, c := range map[string]struct {
		plan  Plan
		marks map[int][]string // the gravest first
		want  []string
	}{
		"a sound plan": {usual, map[int][]string{11: {"fit 10 kΩ"}},
			[]string{"10 kΩ from the strike's line to ground", "must not put 5 V", "through the relay's COM and NO, with a diode"}},
		"a high relay on a line that rises": {plan(func(p *Plan) { p.Strike.Line = "GPIO4" }), map[int][]string{7: {"pulls up", "fit 10 kΩ"}},
			[]string{"GPIO4 pulls up at power-on"}},
		"a low relay on a line that falls": {plan(func(p *Plan) { p.Strike.ActiveLow = true }), map[int][]string{11: {"pulls down", "fit 10 kΩ"}},
			[]string{"GPIO17 pulls down at power-on", "to 3.3 V"}},
		"a low relay on I²C's line needs no resistor": {plan(func(p *Plan) { p.Strike = Output{"GPIO3", true} }),
			map[int][]string{5: {"beside 5 V", "I²C"}, 4: {"5 V"}}, []string{"GPIO3 (strike's relay) lies beside the 5 V"}},
		"a high relay on I²C's line has no remedy": {plan(func(p *Plan) { p.Strike = Output{"GPIO3", false} }),
			map[int][]string{5: {"pulls up", "no pull-down", "beside 5 V", "I²C"}, 4: {"5 V"}}, []string{"No pull-down holds GPIO3"}},
		"a relay on the console's line": {plan(func(p *Plan) { p.Strike.Line = "GPIO14" }), map[int][]string{8: {"unsafe", "fit 10 kΩ", "UART"}},
			[]string{"GPIO14 may be driven by the Pi itself"}},
		"a relay that is not on the header": {plan(func(p *Plan) { p.Strike = Output{"PA7", true} }), map[int][]string{},
			[]string{"PA7 (strike's relay) is not on the 40-pin header", "to 3.3 V"}},
		"a bell beside 5 V": {plan(func(p *Plan) { p.Bell.Line = "GPIO2" }), map[int][]string{3: {"beside 5 V", "I²C"}, 4: {"5 V"}, 11: {"fit 10 kΩ"}},
			[]string{"GPIO2 (bell) lies beside the 5 V of pin 4", "1.8 kΩ"}},
		"a switch to 3.3 V on a line that is held up": {plan(func(p *Plan) { p.Contact = Input{"GPIO2", false} }),
			map[int][]string{3: {"always high", "beside 5 V", "I²C"}, 4: {"5 V"}, 11: {"fit 10 kΩ"}}, []string{"GPIO2 (door contact) never goes low"}},
		"a keypad on the console's line": {plan(func(p *Plan) { p.Rows = []string{"GPIO14"} }), map[int][]string{8: {"UART"}, 11: {"fit 10 kΩ"}},
			[]string{"GPIO14 (keypad row 1) is the serial console's"}},
		"a buzzer that sounds at power-on": {plan(func(p *Plan) { p.Buzzer = "GPIO1" }), map[int][]string{28: {"pulls up", "EEPROM"}, 11: {"fit 10 kΩ"}},
			[]string{"GPIO1 (buzzer) pulls up", "add-on boards"}},
		"a contact that is not on the header": {plan(func(p *Plan) { p.Contact.Line = "PA7" }), map[int][]string{11: {"fit 10 kΩ"}},
			[]string{"PA7 (door contact) is not on the 40-pin header"}},
	} {
		if diff := cmp.Diff(c.marks, c.plan.marks()); diff != "" {
			t.Errorf("%s is marked (-want +got):\n%s", name, diff)
		}
		said := strings.Join(c.plan.Warnings(), "\n")
		for _, want := range c.want {
			if !strings.Contains(said, want) {
				t.Errorf("%s: %q is not said in:\n%s", name, want, said)
			}
		}
	}
	if said := usual.Warnings(); len(said) != 3 {
		t.Errorf("of a sound plan is said: %q", said)
	}
}

func TestTheTerminalShowsEveryWire(t *testing.T) {
	var plain, coloured strings.Builder
	if err := errors.Join(usual.Text(&plain, 0, false), usual.Text(&coloured, 0, true)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"! fit 10 kΩ  strike's relay  GPIO17 (11) (12) GPIO18\n", "keypad row 4  GPIO19 (35) (36) GPIO16  keypad col 1\n",
		"bell  GPIO26 (37) (38)", "bell     GND (39) (40)"} {
		if !strings.Contains(plain.String(), want) {
			t.Errorf("%q is not in:\n%s", want, &plain)
		}
	}
	if strings.Contains(plain.String(), "\x1b") || !strings.Contains(coloured.String(), "\x1b[38;5;39m") ||
		!strings.Contains(coloured.String(), "\x1b[1;31m! fit 10 kΩ\x1b[0m  \x1b[38;5;203mstrike's relay\x1b[0m") {
		t.Error("colours stand where they should not, or not where they should")
	}
}

func TestTheTerminalsHeaderHoldsItsShapeAtAnyWidthAndLosesNoName(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, width := plans(t), rapid.IntRange(60, 160).Draw(t, "width")
		var b strings.Builder
		if err := p.Text(&b, width, false); err != nil {
			t.Fatal(err)
		}
		at := -1
		for line := range strings.Lines(b.String()) {
			line = strings.TrimRight(line, "\n")
			if n := utf8.RuneCountInString(line); n > width {
				t.Errorf("%d columns of %d: %s", n, width, line)
			}
			if left, _, pin := strings.Cut(line, ") ("); pin {
				if at >= 0 && utf8.RuneCountInString(left) != at {
					t.Errorf("the pins do not stand below each other: %s", line)
				}
				at = utf8.RuneCountInString(left)
			}
		}
		said := strings.Join(strings.Fields(b.String()), " ")
		for _, part := range p.parts() {
			for _, term := range part.terminals {
				name := part.wireName(term)
				if term.label == term.line {
					name = part.name
				}
				if !strings.Contains(said, name) {
					t.Errorf("nothing is said of %s in:\n%s", name, &b)
				}
			}
		}
	})
}

func TestTheHeaderStaysAtTheLeftOfAWideTerminal(t *testing.T) {
	var usualOne, wide strings.Builder
	if err := errors.Join(usual.Text(&usualOne, 80, false), usual.Text(&wide, 200, false)); err != nil {
		t.Fatal(err)
	}
	drawn := func(text string) string { before, _, _ := strings.Cut(text, "Pin 1"); return before }
	if drawn(wide.String()) != drawn(usualOne.String()) {
		t.Errorf("200 columns:\n%s\n80:\n%s", &wide, &usualOne)
	}
}

// plans draws any plan that a configuration allows: each line once.
func plans(t *rapid.T) Plan {
	var lines []string
	for _, name := range header {
		if strings.HasPrefix(name, "GPIO") {
			lines = append(lines, name)
		}
	}
	lines = append(rapid.Permutation(lines).Draw(t, "lines"), "PA7")
	take := func(n int) (taken []string) { taken, lines = lines[:n:n], lines[n:]; return taken }
	maybe := func(name string) string {
		if rapid.Bool().Draw(t, name) {
			return take(1)[0]
		}
		return ""
	}
	p := usual
	p.Strike = Output{take(1)[0], rapid.Bool().Draw(t, "low")}
	p.Rows, p.Cols = take(rapid.IntRange(0, 8).Draw(t, "rows")), nil
	if len(p.Rows) > 0 {
		p.Cols = take(rapid.IntRange(1, 8).Draw(t, "cols"))
	}
	p.Bell, p.Exit = Input{maybe("bell"), true}, Input{maybe("exit"), false}
	p.Contact, p.Tamper = Input{maybe("contact"), true}, Input{maybe("tamper"), false}
	p.Green, p.Red, p.Buzzer = maybe("green"), maybe("red"), maybe("buzzer")
	return p
}
