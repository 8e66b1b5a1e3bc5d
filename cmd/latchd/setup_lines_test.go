package main

import (
	"strings"
	"testing"

	"latchd/configs"
)

func TestALineIsTakenAsPeopleTypeIt(t *testing.T) {
	for typed, want := range map[string]string{ // the line, or what is said
		"gpio17": "GPIO17", "Gpio26": "GPIO26", "gpio3:high": "GPIO3",
		"17": "may be GPIO17 (pin 11) or pin 17 (3.3 V): type GPIO17",
		"11": "may be GPIO11 (pin 23) or pin 11 (GPIO17): type GPIO11 or GPIO17",
		"27": "may be GPIO27 (pin 13) or pin 27 (GPIO0): type GPIO27",
		"2":  "may be GPIO2 (pin 3) or pin 2 (5 V): type GPIO2", "14:high": "may be GPIO14 (pin 8) or pin 14 (ground): type GPIO14",
		"40": "may be pin 40 (GPIO21): type GPIO21",
		"1":  "no such line", "41": "no such line", "-17": "no such line", "xgpio17": "no such line", "gpio99": `is "GPIO99"`,
	} {
		s := &installer{cfg: configs.Default()}
		s.cfg.Board.Driver = "sim"
		in := &s.cfg.Exit
		s.cfg.Strike.Line, s.cfg.Bell.Line, s.cfg.Keypad.Rows, s.cfg.Keypad.Cols = "GPIO22", "GPIO23", nil, nil
		q := question{keys: []string{"exit.line", "exit.active"}, lines: inputLine, set: func(a string) { setInput(in, a) }}
		if problem := s.try(q, typed); !strings.Contains(problem, want) && (problem != "" || in.Line != want) {
			t.Errorf("%s: %q, %q, want %s", typed, in.Line, problem, want)
		}
	}
	if got := lineWords("gpio5,GPIO6 gpio13"); got != "GPIO5,GPIO6 GPIO13" {
		t.Error(got)
	}
}

func TestWhatSetupAsksLeavesRoomForAnAnswer(t *testing.T) {
	for _, question := range []string{
		"  Press its keys, type its lines, or none fitted, on any of the lines that are free (press, type, none) [press]",
		"  Press its keys, type its lines, or none of them (press, type, none) [a]", // which ends where a line does
	} {
		var out strings.Builder
		(&installer{out: &out}).put(question)
		for line := range strings.Lines(out.String()) {
			if len(line) > 80-room {
				t.Errorf("%q leaves no room", line)
			}
		}
		if words := strings.Join(strings.Fields(out.String()), " "); words != strings.TrimSpace(question)+":" || !strings.HasSuffix(out.String(), "]: ") {
			t.Errorf("asked %q", out.String())
		}
	}
}
