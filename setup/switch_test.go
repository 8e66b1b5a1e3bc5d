package setup_test

import (
	"strings"
	"testing"

	"latchd/setup"
)

func TestASwitchIsFoundByWhatChanges(t *testing.T) {
	type levels = map[string]setup.Level
	open, ground, supply := setup.Open, setup.Ground, setup.Supply
	for _, c := range []struct {
		name         string
		rest, worked levels
		atRest       bool
		want         setup.Switch // where it is found
		says         string       // where it is of no use
	}{
		{"a button to ground", levels{"GPIO4": open, "GPIO5": ground}, levels{"GPIO4": ground, "GPIO5": ground}, false, setup.Switch{Line: "GPIO4", ActiveLow: true}, ""},
		{"a button to the supply", levels{"GPIO4": open}, levels{"GPIO4": supply}, false, setup.Switch{Line: "GPIO4"}, ""},
		{"a contact that opens with the door", levels{"GPIO4": ground}, levels{"GPIO4": open}, true, setup.Switch{Line: "GPIO4", ActiveLow: true}, ""},
		{"nothing", levels{"GPIO4": open}, levels{"GPIO4": open}, false, setup.Switch{}, ""},
		{"two at once", levels{"GPIO4": open, "GPIO5": open}, levels{"GPIO4": ground, "GPIO5": ground}, false, setup.Switch{}, "GPIO4 and GPIO5"},
		{"a button that opens", levels{"GPIO4": ground}, levels{"GPIO4": open}, false, setup.Switch{}, "GPIO4 is joined at rest"},
		{"a contact that closes with the door's opening", levels{"GPIO4": open}, levels{"GPIO4": ground}, true, setup.Switch{}, "GPIO4 is joined while the door is open"},
		{"a button on a line with a resistor", levels{"GPIO2": supply}, levels{"GPIO2": ground}, false, setup.Switch{Line: "GPIO2", ActiveLow: true}, ""},
	} {
		got, ok, err := setup.Find(c.rest, c.worked, c.atRest)
		if c.says != "" {
			if err == nil || !strings.Contains(err.Error(), c.says) || ok {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		if got != c.want || ok != (c.want.Line != "") || err != nil {
			t.Errorf("%s: %+v, %v, %v", c.name, got, ok, err)
		}
	}
}

func TestALevelIsTheOneThatNoPullMoves(t *testing.T) {
	for _, c := range []struct {
		up, down bool
		want     setup.Level
	}{{true, false, setup.Open}, {false, false, setup.Ground}, {true, true, setup.Supply}, {false, true, setup.Ground}} {
		if got := setup.Read(c.up, c.down); got != c.want {
			t.Errorf("%v, %v: %v", c.up, c.down, got)
		}
	}
}
