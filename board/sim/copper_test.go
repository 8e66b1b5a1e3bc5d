package sim

import (
	"testing"

	"pgregory.net/rapid"
)

func TestANetSettles(t *testing.T) {
	const a, b, c = 1, 2, 4
	tests := []struct {
		name   string
		copper copper
		high   bool
		short  bool
	}{
		{"low, where nothing drives or pulls", copper{}, false, false},
		{"at its pull-up", copper{up: a}, true, false},
		{"at its pull-down", copper{down: a}, false, false},
		{"low between a pull-up and a pull-down", copper{up: a, down: b, joins: []uint64{a | b}}, false, false},
		{"at the relay board's resistor rather than the chip's", copper{relayUp: a, down: a}, true, false},
		{"at the level that drives it, against every pull", copper{out: a, up: a, relayUp: a}, false, false},
		{"at the level that drives a line two keys away",
			copper{out: c, up: a | b, joins: []uint64{b | c, a | b}}, false, false},
		{"low at ground against a pull-up", copper{up: a, ground: a}, false, false},
		{"high at the supply against a pull-down", copper{down: a, supply: a}, true, false},
		{"without a short when two lines drive it the same way",
			copper{out: a | b, high: a | b, joins: []uint64{a | b}}, true, false},
		{"low and shorted when two lines drive it both ways",
			copper{out: a | b, high: b, joins: []uint64{a | b}}, false, true},
		{"low and shorted when it drives high into ground", copper{out: a, high: a, ground: a}, false, true},
		{"by itself when its key has been opened again", func() copper {
			x := copper{out: b, up: a}
			x.join(a | b)
			x.part(a | b)
			return x
		}(), true, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			high, short := tt.copper.settled(tt.copper.net(a))
			if high != tt.high || short != tt.short {
				t.Errorf("high %v, short %v; want %v, %v", high, short, tt.high, tt.short)
			}
		})
	}
}

// Two lines are in one net exactly if a walk along closed keys leads from one to the other.
func TestNetsAreWhatAWalkAlongTheKeysReaches(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c copper
		var reach [8][8]bool
		for i := range reach {
			reach[i][i] = true
		}
		for range rapid.IntRange(0, 12).Draw(t, "keys") {
			i, j := rapid.IntRange(0, 7).Draw(t, "i"), rapid.IntRange(0, 7).Draw(t, "j")
			c.join(1<<i | 1<<j)
			reach[i][j], reach[j][i] = true, true
		}
		for k := range reach {
			for i := range reach {
				for j := range reach {
					reach[i][j] = reach[i][j] || reach[i][k] && reach[k][j]
				}
			}
		}
		for i := range reach {
			for j := range reach {
				if got := c.net(1<<i)>>j&1 == 1; got != reach[i][j] {
					t.Fatalf("line %d in the net of line %d: %v, want %v", j, i, got, reach[i][j])
				}
			}
		}
	})
}
