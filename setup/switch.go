package setup

import "fmt"

// Level is what a line is joined to, by how it reads with its pull-up and with its pull-down.
type Level int

// The levels.
const (
	Open   Level = iota // follows the pull: to nothing
	Ground              // low with either
	Supply              // high with either
)

// Read tells the level of a line from its reading with the pull-up and the one with the pull-down.
func Read(up, down bool) Level {
	switch {
	case !up:
		return Ground
	case down:
		return Supply
	}
	return Open
}

// Switch is a button or a contact on a line.
type Switch struct {
	Line      string
	ActiveLow bool
}

// Find tells the switch that was worked from the levels at rest and those while it was. atRest: the door's contact, which
// is active at rest, while the door is closed. ok is false where nothing has changed; the error says why the change is of no
// use.
func Find(rest, worked map[string]Level, atRest bool) (s Switch, ok bool, err error) {
	for line, level := range worked {
		if level == rest[line] {
			continue
		}
		if s.Line != "" {
			return s, false, fmt.Errorf("%s and %s have both changed: work one at a time, and see that their wires do not touch", min(s.Line, line), max(s.Line, line))
		}
		s.Line = line
	}
	if s.Line == "" {
		return s, false, nil
	}
	active := worked[s.Line]
	if atRest {
		active = rest[s.Line]
	}
	switch {
	case active != Open: // an idle line that is not open has a resistor of its own, as GPIO2 and GPIO3 have
	case atRest:
		return s, false, fmt.Errorf("%s is joined while the door is open: use a contact that is closed while the door is (normally open, "+
			"by a magnet), or close the door first", s.Line)
	default:
		return s, false, fmt.Errorf("%s is joined at rest and opens when worked: use a switch that closes (normally open)", s.Line)
	}
	s.ActiveLow = active == Ground
	return s, true, nil
}
