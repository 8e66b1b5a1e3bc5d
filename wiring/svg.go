package wiring

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
)

const (
	ink      = "#1c2333"
	danger   = "#b3141c"
	mindLine = 23 // between lines of what to mind
)

// SVG draws the wiring as a picture that prints on a page: the header with its pins, a coloured and named wire for each
// terminal, the parts with what has to be soldered to them, and what to mind, marked at the pin and said below. Nothing is
// told by colour alone.
func (p Plan) SVG(w io.Writer) error {
	c, l := &canvas{}, p.layout()
	var mind [][]string
	bottom := l.bottom + 30
	for _, warning := range p.Warnings() {
		lines := fold(warning, (l.width-2*margin-28)/9)
		mind = append(mind, lines)
		bottom += len(lines) * mindLine
	}
	c.printf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="system-ui,sans-serif" font-size="%d" fill="%s">`+"\n", l.width, bottom, letters, ink)
	c.printf("<title>%s: wiring</title>\n<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n", escape(p.Door), l.width, bottom)
	c.text(margin, 40, `font-size="28" font-weight="700"`, p.Door)
	c.text(margin, 68, `fill="#4a5468"`, "Wiring to the 40-pin header. Pin 1 lies at its end towards the SD card, in the row away from the board's edge.")
	c.board(l)
	for _, w := range l.wires {
		c.wire(w, l)
	}
	c.pins(p, l)
	for _, s := range l.places {
		c.part(s)
	}
	y := l.bottom + 38
	for _, lines := range mind {
		c.triangle(margin+9, y-5)
		for _, line := range lines {
			c.text(margin+28, y, "", line)
			y += mindLine
		}
	}
	c.printf("</svg>\n")
	_, err := io.WriteString(w, c.String())
	return err
}

type canvas struct{ strings.Builder }

func (c *canvas) printf(format string, a ...any) { fmt.Fprintf(&c.Builder, format, a...) }

func (c *canvas) text(x, y int, attributes, s string) {
	c.printf(`<text x="%d" y="%d" %s>%s</text>`+"\n", x, y, attributes, escape(s))
}

// away writes a text that begins at x and goes away from the header.
func (c *canvas) away(f flank, x, y int, attributes, s string) {
	c.text(x, y, fmt.Sprintf(`text-anchor="%s" %s`, [2]string{"end", "start"}[f], attributes), s)
}

func escape(s string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(s)) // a Builder takes everything
	return b.String()
}

var supplyColour = map[string]string{"5V": "#d22f2f", "3V3": "#c97700", "GND": ink}

// pinColumn is the distance of the pins from the header's middle line.
const pinColumn = 18

// board draws the board's edge and the header's socket.
func (c *canvas) board(l layout) {
	c.printf(`<rect x="%d" y="%d" width="%d" height="%d" rx="14" fill="#2f7d4f"/>`+"\n", l.board[left], boardTop, l.board[right]-l.board[left], boardEnd-boardTop)
	c.printf(`<rect x="%d" y="%d" width="%d" height="%d" rx="4" fill="#22262f"/>`+"\n", l.middle-36, headerTop-20, 72, 19*pitch+40)
}

// pins draws the pins, those that are wired in full colour, and marks those at which something is to be minded.
func (c *canvas) pins(p Plan, l layout) {
	used := map[int]bool{}
	for _, part := range p.parts() {
		for _, t := range part.terminals {
			used[t.pin] = true
		}
	}
	for i, name := range header {
		pin := i + 1
		f := flankOf(pin)
		x, y := l.middle+f.out()*pinColumn, pinY(pin)
		colour, shown, weight := supplyColour[name], "1", "700"
		if colour == "" {
			colour = "#4c9f70"
		}
		if !used[pin] {
			shown, weight = ".5", "400"
		}
		c.printf(`<circle cx="%d" cy="%d" r="13" fill="#22262f"/><circle cx="%d" cy="%d" r="13" fill="%s" stroke="#e8d9a8" stroke-width="2.5" opacity="%s"/>`,
			x, y, x, y, colour, shown)
		c.text(x, y+6, `text-anchor="middle" font-weight="600" fill="#fff"`, fmt.Sprint(pin))
		c.away(f, l.middle+f.out()*40, y+6, fmt.Sprintf(`font-weight="%s" fill="#fff"`, weight), name)
		if tag := l.tags[pin]; tag != nil {
			c.tag(f, l.middle+f.out()*(pinLabel+2), y, tag)
			c.printf(`<circle cx="%d" cy="%d" r="14" fill="none" stroke="#ffd21e" stroke-width="3" stroke-dasharray="6 3"/>`+"\n", x, y)
		}
	}
}

// tag draws a mark: a triangle, and its words below each other.
func (c *canvas) tag(f flank, x, y int, words []string) {
	const line = 16
	width, high := tagWidth(words), 24+(len(words)-1)*(line-2)
	at := x
	if f == left {
		at = x - width
	}
	c.printf(`<rect x="%d" y="%d" width="%d" height="%d" rx="5" fill="#fff" stroke="%s" stroke-width="1.5"/>`, at, y-high/2, width, high, danger)
	c.triangle(at+14, y)
	for i, word := range words {
		c.text(at+27, y+6-(len(words)-1)*line/2+i*line, fmt.Sprintf(`font-weight="600" fill="%s"`, danger), word)
	}
}

// triangle draws the sign of a warning.
func (c *canvas) triangle(x, y int) {
	c.printf(`<path d="M%d %dl10 17h-20z" fill="%s" stroke="%s" stroke-width="2" stroke-linejoin="round"/><path d="M%d %dv6m0 3v2" stroke="#fff" stroke-width="2.4"/>`+"\n",
		x, y-9, danger, danger, x, y-4)
}

// wire draws one, with a white edge, so that crossings can be told from joints.
func (c *canvas) wire(w drawn, l layout) {
	path := fmt.Sprintf("M%d %dH%dV%dH%d", l.board[w.flank]-2*w.flank.out(), w.from, w.track, w.to, w.edge)
	if other := flankOf(w.pin); other != w.flank {
		x := l.middle + other.out()*pinColumn
		path = fmt.Sprintf("M%d %dL%d %dH%dV%dH%d", x, pinY(w.pin), x-other.out()*(w.from-pinY(w.pin)), w.from, w.track, w.to, w.edge)
	}
	c.printf(`<g fill="none" stroke-linejoin="round"><title>%s</title><path d="%s" stroke="#fff" stroke-width="6.5"/><path d="%s" stroke="%s" stroke-width="3.5"/></g>`+"\n",
		escape(w.title), path, path, w.colour)
}
