package wiring

import "slices"

// place is a part on the picture.
type place struct {
	part
	flank  flank
	edge   int // x of the box's side that the wires come to
	top    int // y of the first terminal
	colour string
}

func (s place) y(terminal int) int { return s.top + terminal*step }

// height is what a part takes on its flank, with its name.
func (p part) height() int { return boxName + 2*boxPad + p.steps()*step + boxGap }

// steps is how far its lower end lies below the first terminal.
func (p part) steps() int { return len(p.terminals) - 1 + p.below }

// middle is where a part had best lie, on a flank: amid the pins of its wires.
func (p part) middle(f flank) int {
	sum, n := 0, 0
	for _, t := range p.terminals {
		if t.pin > 0 {
			sum, n = sum+exitY(t.pin, f), n+1
		}
	}
	return sum / max(1, n)
}

// places sets the parts on the flanks: where most of their pins are, but so that neither gets much longer than the other.
func (p Plan) places() (ps []place) {
	var long [2]int
	for i, part := range p.parts() {
		s := place{part: part, colour: colours[i%len(colours)].svg}
		even := 0
		for _, t := range part.terminals {
			even += int(flankOf(max(1, t.pin)))
		}
		if 2*even > len(part.terminals) {
			s.flank = right
		}
		long[s.flank] += s.height()
		ps = append(ps, s)
	}
	for range ps {
		from := left
		if long[right] > long[left] {
			from = right
		}
		best, at := long[from], -1
		for i, s := range ps {
			if after := max(long[from]-s.height(), long[1-from]+s.height()); s.flank == from && after < best {
				best, at = after, i
			}
		}
		if at < 0 || long[from] <= boardEnd-boardTop {
			break
		}
		ps[at].flank = 1 - from
		long[from], long[1-from] = long[from]-ps[at].height(), long[1-from]+ps[at].height()
	}
	slices.SortStableFunc(ps, func(a, b place) int { return a.middle(a.flank) - b.middle(b.flank) })
	for _, f := range []flank{left, right} {
		stack(ps, f, long[f])
	}
	return ps
}

// stack sets the parts of a flank below each other, each as near to its pins as the others leave it. Their terminals lie
// between the rows of the wires that come from the board: no two wires run along each other.
func stack(ps []place, f flank, long int) {
	const grid = pitch / 2
	y, end := boardTop, max(boardEnd, boardTop+long)
	for i := range ps {
		s := &ps[i]
		if s.flank != f {
			continue
		}
		best := s.middle(f) - (len(s.terminals)-1)*step/2 - boxPad - boxName
		s.top = max(y, min(best, end-long)) + boxName + boxPad
		s.top += ((headerTop+grid/2-s.top)%grid + grid) % grid
		y, long = s.top-boxName-boxPad+s.height(), long-s.height()
	}
}
