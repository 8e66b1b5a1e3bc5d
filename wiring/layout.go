package wiring

import (
	"fmt"
	"maps"
	"slices"
	"unicode"
)

// Measures of the picture, in its own units. It is as wide as a landscape page of A4 is in quarters of a millimetre; on a web
// page 830 pixels wide, letters of 16 units are 11 pixels high.
const (
	pageWidth = 1188
	margin    = 16
	letters   = 16

	pitch      = 32  // of the header's rows; a wire to the other side passes between two
	headerTop  = 124 // the middle of pins 1 and 2
	boardTop   = headerTop - 34
	boardEnd   = headerTop + 19*pitch + 34
	pinLabel   = 114 // from the header's middle line to where the names of its lines end
	boxWidth   = 292
	boxName    = 26 // above the box
	boxGap     = 10
	step       = 32 // of a part's terminals
	boxPad     = 20 // above the first terminal, and below the last
	leastTrack = 7  // between wires
	mostTrack  = 13
)

type flank int

const (
	left flank = iota
	right
)

// flankOf is where a pin lies: odd ones left, even ones right.
func flankOf(pin int) flank { return flank((pin + 1) % 2) }

// out is the way from the header.
func (f flank) out() int { return 2*int(f) - 1 }

func pinY(pin int) int { return headerTop + (pin-1)/2*pitch }

// exitY is where a pin's wire leaves the board on a flank: beside the pin, or below it where it comes from the other one. Wires
// of one row that change sides cross, and do not meet.
func exitY(pin int, f flank) int {
	if flankOf(pin) == f {
		return pinY(pin)
	}
	return pinY(pin) + pitch/2 - 2*f.out()
}

// drawn is a wire on the picture.
type drawn struct {
	pin      int
	flank    flank
	from, to int // y at the board and at the part
	track    int // x of the way down or up
	order    int // of the tracks, from the board
	edge     int // x at the part
	colour   string
	title    string
}

// layout is where everything lies.
type layout struct {
	width, bottom int
	middle        int    // x of the header's middle line
	board         [2]int // x of the board's edges
	tags          map[int][]string
	places        []place
	wires         []drawn
}

// layout sets the parts on both flanks of the header, each near its pins, and routes the wires.
func (p Plan) layout() layout {
	l := layout{places: p.places(), tags: p.tags(), bottom: boardEnd}
	var wide, need [2]int
	for f := range wide {
		for pin, tag := range l.tags {
			if flankOf(pin) == flank(f) {
				wide[f] = max(wide[f], tagWidth(tag)+6)
			}
		}
		w := route(l.places, flank(f))
		need[f] = (len(w) + 2) * leastTrack
		l.wires = append(l.wires, w...)
	}
	fixed := 2*(margin+boxWidth+pinLabel) + wide[left] + wide[right]
	spare := max(0, pageWidth-fixed-need[left]-need[right]) / 2
	l.width = max(pageWidth, fixed+need[left]+need[right])
	l.board[left] = margin + boxWidth + need[left] + spare
	l.middle = l.board[left] + wide[left] + pinLabel
	l.board[right] = l.middle + pinLabel + wide[right]
	edge := [2]int{margin + boxWidth, l.width - margin - boxWidth}
	for i := range l.places {
		s := &l.places[i]
		s.edge = edge[s.flank]
		l.bottom = max(l.bottom, s.y(s.steps())+boxPad)
	}
	for i := range l.wires {
		w := &l.wires[i]
		zone := need[w.flank] + spare
		w.edge = edge[w.flank]
		w.track = l.board[w.flank] + w.flank.out()*(w.order+1)*min(mostTrack, zone/(need[w.flank]/leastTrack))
	}
	return l
}

// route orders the wires of a flank. One that goes down lies nearer to the board than those that go down from further up, and
// the other way round: so none crosses another without need.
func route(ps []place, f flank) (ws []drawn) {
	for _, s := range ps {
		for i, t := range s.terminals {
			if s.flank == f && t.pin > 0 {
				ws = append(ws, drawn{pin: t.pin, flank: f, from: exitY(t.pin, f), to: s.y(i), colour: s.colour,
					title: fmt.Sprintf("%s: %s, pin %d", s.wireName(t), t.line, t.pin)})
			}
		}
	}
	slices.SortStableFunc(ws, func(a, b drawn) int {
		switch down, other := a.to > a.from, b.to > b.from; {
		case down && other:
			return b.from - a.from
		case !down && !other:
			return a.from - b.from
		case down:
			return -1
		}
		return 1
	})
	for i := range ws {
		ws[i].order = i
	}
	return ws
}

// tags are the words at the pins: the two gravest, below each other, where the pins above and below leave room for that, the
// strike's first; and how many more there are.
func (p Plan) tags() map[int][]string {
	tags, marks := map[int][]string{}, p.marks()
	pins := slices.Sorted(maps.Keys(marks))
	for _, pin := range append([]int{pinOf(p.Strike.Line)}, pins...) {
		words := marks[pin]
		if len(words) == 0 || tags[pin] != nil {
			continue
		}
		lines := 1
		if len(tags[pin-2]) < 2 && len(tags[pin+2]) < 2 {
			lines = min(2, len(words))
		}
		tags[pin] = slices.Clone(words[:lines])
		if more := len(words) - lines; more > 0 {
			tags[pin][lines-1] += fmt.Sprintf(" +%d", more)
		}
	}
	return tags
}

// tagWidth is what a mark takes: a triangle, and its letters, at the most.
func tagWidth(tag []string) (most int) {
	for _, line := range tag {
		width := 34
		for _, r := range line {
			width += 10
			if unicode.IsUpper(r) {
				width += 3
			}
		}
		most = max(most, width)
	}
	return most
}
