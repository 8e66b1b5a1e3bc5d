package wiring

import (
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Measures of the picture, in its own units: a landscape page of A4 has 1188 by 840.
const (
	pageWidth, pageHeight = 1188, 840

	pitch      = 44  // of the header's columns; wires of its upper row go down between those of the lower
	step       = 22  // of the parts' terminals
	headerLeft = 176 // the middle of pins 1 and 2
	headerTop  = 182 // the middle of the upper row
	tracksTop  = 322 // of the highest wire that runs across
	partsTop   = 556
	partHeight = 112
)

// wire is one on the picture: down from a pin, across, and down to a terminal.
type drawn struct {
	from, to int // x
	pin      int
	track    int // y
	colour   string
	title    string
}

// place is a part on the picture.
type place struct {
	part
	left   int // x of its first terminal
	colour string
}

func pinX(pin int) int { return headerLeft + (pin-1)/2*pitch }

// wireX is where a pin's wire goes down.
func wireX(pin int) int {
	if pin%2 == 0 {
		return pinX(pin) + pitch/2
	}
	return pinX(pin)
}

func pinY(pin int) int {
	if pin%2 == 0 {
		return headerTop
	}
	return headerTop + pitch
}

// places sets the parts side by side, in the order of their lines' pins, so that wires cross little. Their terminals lie
// between the columns of the wires that come down: no two wires run along each other.
func (p Plan) places() []place {
	var ps []place
	for i, part := range p.parts() {
		ps = append(ps, place{part: part, colour: colours[i%len(colours)].svg})
	}
	slices.SortStableFunc(ps, func(a, b place) int { return wireX(max(1, a.terminals[0].pin)) - wireX(max(1, b.terminals[0].pin)) })
	width := 0
	for _, s := range ps {
		width += s.width()
	}
	spare, between := max(0, pageWidth-80-width)/step, max(1, len(ps)-1)
	spare = min(spare, 3*between)
	x := (pageWidth - width - spare*step) / 2
	x += (headerLeft + step/2 - x) % step // onto the grid between the wires
	for i := range ps {
		ps[i].left = x + (ps[i].width()-(len(ps[i].terminals)-1)*step)/2/step*step
		x += ps[i].width() + (spare*(i+1)/between-spare*i/between)*step
	}
	return ps
}

// width is what a part takes on the page.
func (p part) width() int {
	switch p.kind {
	case pad:
		return max(len(p.terminals), 7) * step
	case button, contact:
		return 4 * step
	}
	return 5 * step
}

// wires routes the wires. One that goes right lies above those that go right from further left, and the other way round: so
// none crosses another without need.
func wires(ps []place) []drawn {
	var ws []drawn
	for _, s := range ps {
		for i, t := range s.terminals {
			if t.pin > 0 {
				ws = append(ws, drawn{from: wireX(t.pin), to: s.left + i*step, pin: t.pin, colour: s.colour,
					title: fmt.Sprintf("%s: %s, pin %d", s.wireName(t), t.line, t.pin)})
			}
		}
	}
	slices.SortStableFunc(ws, func(a, b drawn) int {
		switch right, other := a.to > a.from, b.to > b.from; {
		case right && other:
			return b.from - a.from
		case !right && !other:
			return a.from - b.from
		case right:
			return -1
		}
		return 1
	})
	room := (partsTop - 60 - tracksTop) / max(1, len(ws))
	for i := range ws {
		ws[i].track = tracksTop + i*min(12, room)
	}
	return ws
}

// SVG draws the wiring as a picture that prints on a landscape page of A4: the header with its pins, a coloured and named wire
// for each terminal, the parts, and what to mind.
func (p Plan) SVG(w io.Writer) error {
	c, mind := &canvas{}, p.mind()
	height := max(pageHeight, mindTop+20+len(mind)*mindLine)
	c.printf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="system-ui,sans-serif" font-size="13" fill="#1c2333">`+"\n", pageWidth, height)
	c.printf("<title>%s: wiring</title>\n<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n", escape(p.Door), pageWidth, height)
	c.text(40, 52, `font-size="26" font-weight="700"`, p.Door)
	c.text(40, 76, `fill="#5a6376"`, "Wiring to the 40-pin header. Pin 1 lies towards the SD card, away from the board's edge.")
	places := p.places()
	c.board()
	c.wires(wires(places))
	c.pins(p)
	for _, s := range places {
		c.part(s)
	}
	c.warnings(mind)
	c.printf("</svg>\n")
	_, err := io.WriteString(w, c.String())
	return err
}

type canvas struct{ strings.Builder }

func (c *canvas) printf(format string, a ...any) { fmt.Fprintf(&c.Builder, format, a...) }

func (c *canvas) text(x, y int, attributes, s string) {
	c.printf(`<text x="%d" y="%d" %s>%s</text>`+"\n", x, y, attributes, escape(s))
}

func escape(s string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(s)) // a Builder takes everything
	return b.String()
}

var supplies = map[string]string{"5V": "#d22f2f", "3V3": "#e08a00", "GND": "#1c2333"}

// board draws the board's edge and the header's socket.
func (c *canvas) board() {
	last := pinX(len(header))
	c.printf(`<rect x="%d" y="%d" width="%d" height="%d" rx="14" fill="#2f7d4f"/>`+"\n", headerLeft-60, headerTop-86, last-headerLeft+120, 216)
	c.printf(`<rect x="%d" y="%d" width="%d" height="%d" rx="4" fill="#22262f"/>`+"\n", headerLeft-24, headerTop-22, last-headerLeft+48, 88)
}

// pins draws the pins, those that are wired in full colour, and rings one on which the door might open by itself.
func (c *canvas) pins(p Plan) {
	used, bad := map[int]bool{}, map[int]bool{}
	for _, part := range p.parts() {
		for _, t := range part.terminals {
			used[t.pin] = true
		}
	}
	bad[pinOf(p.Strike.Line)] = pullsUp(p.Strike.Line) != p.Strike.ActiveLow
	for i, name := range header {
		pin := i + 1
		x, y := pinX(pin), pinY(pin)
		colour, shown, weight := supplies[name], "1", "700"
		if colour == "" {
			colour = "#4c9f70"
		}
		if !used[pin] {
			shown, weight = ".5", "400"
		}
		c.printf(`<circle cx="%d" cy="%d" r="15" fill="#22262f"/><circle cx="%d" cy="%d" r="15" fill="%s" stroke="#e8d9a8" stroke-width="2.5" opacity="%s"/>`,
			x, y, x, y, colour, shown)
		if bad[pin] {
			c.printf(`<circle cx="%d" cy="%d" r="20" fill="none" stroke="#ff2d2d" stroke-width="4"/>`, x, y)
		}
		c.text(x, y+5, `text-anchor="middle" font-weight="600" fill="#fff"`, fmt.Sprint(pin))
		if pin%2 == 0 {
			c.printf(`<text transform="translate(%d %d) rotate(-90)" font-size="12" font-weight="%s" fill="#fff">%s</text>`+"\n", x+4, headerTop-26, weight, name)
		} else {
			c.printf(`<text transform="translate(%d %d) rotate(-90)" text-anchor="end" font-size="12" font-weight="%s" fill="#fff">%s</text>`+"\n", x+4, headerTop+pitch+26, weight, name)
		}
	}
}

// wires draws them, each with a white edge, so that crossings can be told from joints.
func (c *canvas) wires(ws []drawn) {
	for _, w := range ws {
		var path string
		if w.pin%2 == 0 {
			path = fmt.Sprintf("M%d %dL%d %dV%dH%dV%d", pinX(w.pin)+11, pinY(w.pin)+11, w.from, pinY(w.pin)+22, w.track, w.to, partsTop)
		} else {
			path = fmt.Sprintf("M%d %dV%dH%dV%d", w.from, headerTop+pitch+82, w.track, w.to, partsTop)
		}
		c.printf(`<g fill="none" stroke-linejoin="round"><title>%s</title><path d="%s" stroke="#fff" stroke-width="7"/><path d="%s" stroke="%s" stroke-width="3.5"/></g>`+"\n",
			escape(w.title), path, path, w.colour)
	}
}

// What to mind begins there, in lines that far apart.
const (
	mindTop  = partsTop + partHeight + 68
	mindLine = 18
)

func (p Plan) mind() (lines []string) {
	for _, w := range p.Warnings() {
		lines = append(lines, fold(w, 150)...)
	}
	return lines
}

func (c *canvas) warnings(lines []string) {
	c.text(40, mindTop, `font-weight="700"`, "Mind")
	for i, line := range lines {
		c.text(40, mindTop+(i+1)*mindLine, "", line)
	}
}

// fold breaks a sentence into lines of at most so many bytes.
func fold(s string, most int) (lines []string) {
	line := ""
	for _, word := range strings.Fields(s) {
		if line != "" && len(line)+1+len(word) > most {
			lines, line = append(lines, line), ""
		}
		line = strings.TrimSpace(line + " " + word)
	}
	return append(lines, line)
}
