package sim_test

import (
	"testing"

	"go.uber.org/goleak"

	"latchd/board/sim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// wiring is a board with everything on it.
var wiring = sim.Wiring{
	Rows:    []string{"GPIO5", "GPIO6", "GPIO13", "GPIO19"},
	Cols:    []string{"GPIO16", "GPIO20", "GPIO21"},
	Keys:    []string{"123", "456", "789", "*0#"},
	Bell:    sim.Input{Line: "GPIO26", ActiveLow: true},
	Exit:    sim.Input{Line: "GPIO12"},
	Contact: sim.Input{Line: "GPIO23", ActiveLow: true},
	Tamper:  sim.Input{Line: "GPIO24", ActiveLow: true},
	Strike:  "GPIO17",
	Others:  []string{"GPIO2"},
}
