package wiring

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

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

func TestWhatToMindIsSaid(t *testing.T) {
	plan := func(change func(*Plan)) Plan {
		p := usual
		change(&p)
		return p
	}
	for name, c := range map[string]struct {
		plan Plan
		want []string
	}{
		"a sound plan":                        {usual, []string{"10 kΩ from the strike's line to ground", "must not put 5 V"}},
		"a high relay on a line that rises":   {plan(func(p *Plan) { p.Strike.Line = "GPIO4" }), []string{"GPIO4 pulls up at power-on"}},
		"a low relay on a line that falls":    {plan(func(p *Plan) { p.Strike.ActiveLow = true }), []string{"GPIO17 pulls down at power-on", "to 3.3 V"}},
		"a bell beside 5 V":                   {plan(func(p *Plan) { p.Bell.Line = "GPIO2" }), []string{"GPIO2 (bell) lies beside the 5 V", "1.8 kΩ"}},
		"a keypad on the console's line":      {plan(func(p *Plan) { p.Rows = []string{"GPIO14"} }), []string{"GPIO14 (keypad row 1) is the serial console's"}},
		"a contact that is not on the header": {plan(func(p *Plan) { p.Contact.Line = "PA7" }), []string{"PA7 (door contact) is not on the 40-pin header"}},
	} {
		said := strings.Join(c.plan.Warnings(), "\n")
		for _, want := range c.want {
			if !strings.Contains(said, want) {
				t.Errorf("%s: %q is not said in:\n%s", name, want, said)
			}
		}
	}
	if said := usual.Warnings(); len(said) != 2 {
		t.Errorf("of a sound plan is said: %q", said)
	}
}

func TestTheTerminalShowsEveryWire(t *testing.T) {
	var plain, coloured strings.Builder
	if err := errors.Join(usual.Text(&plain, false), usual.Text(&coloured, true)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"strike's relay  GPIO17 (11) (12) GPIO18\n", "keypad row 4  GPIO19 (35) (36) GPIO16  keypad col 1\n",
		"bell  GPIO26 (37) (38)", "bell GND     GND (39) (40)"} {
		if !strings.Contains(plain.String(), want) {
			t.Errorf("%q is not in:\n%s", want, &plain)
		}
	}
	if strings.Contains(plain.String(), "\x1b") || !strings.Contains(coloured.String(), "\x1b[38;5;39m") {
		t.Error("colours stand where they should not, or not where they should")
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

func TestThePictureIsSVGWithAWireForEachTerminalAndNoneOnAnother(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := plans(t)
		var b strings.Builder
		if err := p.SVG(&b); err != nil {
			t.Fatal(err)
		}
		for d := xml.NewDecoder(strings.NewReader(b.String())); ; {
			if _, err := d.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("not XML: %v", err)
			}
		}
		ps := p.places()
		ws := wires(ps)
		n := 0
		for _, s := range ps {
			for i, term := range s.terminals {
				if x := s.left + i*step; x < 10 || x > pageWidth-10 {
					t.Errorf("%s lies off the page, at %d", s.wireName(term), x)
				}
				if term.pin == 0 {
					continue
				}
				n++
				if title := fmt.Sprintf("<title>%s: %s, pin %d</title>", escape(s.wireName(term)), term.line, term.pin); !strings.Contains(b.String(), title) {
					t.Errorf("no wire is called %s", title)
				}
			}
		}
		if n != len(ws) {
			t.Errorf("%d wires for %d terminals", len(ws), n)
		}
		for i, a := range ws {
			for _, b := range ws[:i] {
				alongDown := a.from == b.to && a.track > b.track || b.from == a.to && b.track > a.track || a.to == b.to
				if a.track == b.track || alongDown || a.from == b.from && a.pin != b.pin {
					t.Errorf("%+v runs along %+v", a, b)
				}
			}
			if a.track > partsTop-20 {
				t.Errorf("%+v runs across the parts", a)
			}
		}
	})
}
