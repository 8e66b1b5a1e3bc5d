package wiring

import (
	"fmt"
)

// How far from its edge, where the wires come in, what a part is made of lies.
const (
	atLabel = 12  // the wire's name
	atWord  = 122 // the terminal's
	atLine  = 118 // where the wire goes on behind its name
	atEnd   = boxWidth - 10
)

// at is the place so far from the part's edge.
func (s place) at(d int) int { return s.edge + s.flank.out()*d }

// part draws a part: its box and name, the names of its wires, and what is in it.
func (c *canvas) part(s place) {
	last := s.y(s.steps())
	c.box(s, 0, boxWidth, s.top-boxPad, last+boxPad, fmt.Sprintf(`rx="9" fill="#f5f6f9" stroke="%s" stroke-width="2"`, s.colour))
	name := `<tspan font-weight="700">` + escape(s.name) + `</tspan>`
	if s.note != "" {
		name += `<tspan dx="10" fill="#4a5468">` + escape(s.note) + `</tspan>`
	}
	c.printf(`<text x="%d" y="%d">%s</text>`+"\n", min(s.edge, s.at(boxWidth))+4, s.top-boxPad-7, name)
	for i, t := range s.terminals {
		label := t.line
		if t.pin > 0 {
			label = fmt.Sprintf("%s · %d", t.line, t.pin)
		}
		c.away(s.flank, s.at(atLabel), s.y(i)+6, "", label)
		c.printf(`<circle cx="%d" cy="%d" r="5" fill="#fff" stroke="%s" stroke-width="3"/>`+"\n", s.edge, s.y(i), s.colour)
	}
	switch s.kind {
	case pad:
		c.pad(s)
	case relay:
		c.relay(s)
	case button:
		c.button(s)
	case contact:
		c.contact(s)
	case lamp:
		c.lamp(s)
	case buzzer:
		c.buzzer(s)
	}
	c.printf("\n")
}

// box draws a rectangle between two distances and two heights.
func (c *canvas) box(s place, from, to, top, bottom int, attributes string) {
	c.printf(`<rect x="%d" y="%d" width="%d" height="%d" %s/>`, min(s.at(from), s.at(to)), top, to-from, bottom-top, attributes)
}

// line draws a conductor through points: distance and height in turn.
func (c *canvas) line(s place, points ...int) {
	c.printf(`<path d="M`)
	for i := 0; i < len(points); i += 2 {
		c.printf("%d %d ", s.at(points[i]), points[i+1])
	}
	c.printf(`" fill="none" stroke="%s" stroke-width="2.2" stroke-linecap="round" stroke-linejoin="round"/>`, ink)
}

func (c *canvas) dot(s place, d, y int) {
	c.printf(`<circle cx="%d" cy="%d" r="3.5"/>`, s.at(d), y)
}

// resistor draws one that lies in a wire, with its value in it.
func (c *canvas) resistor(s place, from, to, y int, value string) {
	c.box(s, from, to, y-11, y+11, fmt.Sprintf(`fill="#fff" stroke="%s" stroke-width="2"`, ink))
	c.text(s.at((from+to)/2), y+6, `text-anchor="middle"`, value)
}

func (c *canvas) pad(s place) {
	for i, t := range s.terminals {
		c.away(s.flank, s.at(atWord), s.y(i)+6, `fill="#4a5468"`, t.label)
	}
	if len(s.keys) == 0 {
		return
	}
	high := min(30, (len(s.terminals)*step)/len(s.keys))
	top := (s.y(0)+s.y(len(s.terminals)-1))/2 - len(s.keys)*high/2
	for r, row := range s.keys {
		keys := []rune(row)
		wide := min(28, (atEnd-176)/len(keys))
		first := (s.at(176)+s.at(atEnd))/2 - len(keys)*wide/2
		for k, key := range keys {
			if wide > letters { // else there is no room around it
				c.printf(`<rect x="%d" y="%d" width="%d" height="%d" rx="3" fill="#fff" stroke="#8089a0"/>`, first+k*wide+1, top+r*high+1, wide-2, high-2)
			}
			c.text(first+k*wide+wide/2, top+r*high+high/2+6, `text-anchor="middle"`, string(key))
		}
	}
}

func (c *canvas) relay(s place) {
	const module, hold = 200, 132
	var ends []int // the relay's own terminals
	for i, t := range s.terminals {
		if t.label == "10 kΩ" {
			c.line(s, atLine, s.y(i), hold, s.y(i))
			continue
		}
		ends = append(ends, i)
		c.line(s, atLine, s.y(i), module, s.y(i))
	}
	first, last := s.y(ends[0]), s.y(ends[len(ends)-1])
	lower := s.y(len(s.terminals) - 1)
	common, opener := lower+step, lower+2*step // COM and NO
	c.box(s, module, atEnd, first-14, opener+14, `rx="4" fill="#dde6f5" stroke="#2457a6" stroke-width="2"`)
	for _, i := range ends {
		c.away(s.flank, s.at(module+6), s.y(i)+6, "", s.terminals[i].label)
	}
	mid := (first + last) / 2
	c.box(s, module+50, atEnd-6, mid-30, mid-8, `rx="2" fill="#2457a6"`)
	c.strike(s, module, common, opener)
	if s.hold {
		i := ends[0] // IN is below the resistor's other end, or above it
		if len(ends) == len(s.terminals) {
			i++
		} else {
			i--
		}
		top := s.y(i)
		c.dot(s, hold, top)
		c.dot(s, hold, top+step)
		c.line(s, hold, top, hold, top+step)
		c.box(s, hold-6, hold+6, top+7, top+step-7, fmt.Sprintf(`fill="#fff" stroke="%s" stroke-width="2"`, ink))
		c.away(s.flank, s.at(hold+12), top+step/2+6, "", "10 kΩ")
	}
}

// strike draws what the relay switches: the strike, fed by a supply of its own from COM to NO, and the diode across its coil.
func (c *canvas) strike(s place, module, common, opener int) {
	const supply, coil, diode = 28, 143, 186
	rail := opener + 40
	mid := (common + rail) / 2
	c.away(s.flank, s.at(module+6), common+6, "", "COM")
	c.away(s.flank, s.at(module+6), opener+6, "", "NO")
	c.line(s, module+50, common, module+66, common, module+74, opener-4) // open
	c.line(s, module+50, opener, module+66, opener)
	c.line(s, module, common, supply, common, supply, mid-5)
	c.line(s, supply-11, mid-5, supply+11, mid-5)
	c.line(s, supply-6, mid+5, supply+6, mid+5)
	c.line(s, supply, mid+5, supply, rail, diode, rail, diode, opener)
	c.line(s, module, opener, coil, opener, coil, rail)
	c.dot(s, diode, opener)
	c.dot(s, coil, rail)
	c.printf("\n")
	c.away(s.flank, s.at(supply+18), mid-2, "", "its own")
	c.away(s.flank, s.at(supply+18), mid+16, "", "supply")
	c.box(s, coil-29, coil+29, opener+7, rail-7, fmt.Sprintf(`rx="3" fill="#fff" stroke="%s" stroke-width="2"`, ink))
	c.text(s.at(coil), (opener+rail)/2+6, `text-anchor="middle"`, "strike")
	c.printf(`<path d="M%d %dl8 14h-16z"/>`, s.at(diode), opener+13)
	c.line(s, diode-8, opener+13, diode+8, opener+13)
	c.text((s.at(0)+s.at(boxWidth))/2, rail+24, `text-anchor="middle" fill="#4a5468"`, "DC: + to COM, diode's bar to NO")
}

// leads draws the wires of something between two terminals, up to a distance.
func (c *canvas) leads(s place, to int) (top, bottom int) {
	top, bottom = s.y(0), s.y(1)
	c.away(s.flank, s.at(atWord), top+6, `fill="#4a5468"`, s.terminals[0].label)
	c.line(s, atWord+60, top, to, top)
	c.line(s, atLine, bottom, to, bottom)
	c.dot(s, to, top)
	c.dot(s, to, bottom)
	return top, bottom
}

func (c *canvas) button(s place) {
	top, bottom := c.leads(s, 206)
	mid := (top + bottom) / 2
	c.line(s, 217, top-2, 217, bottom+2)
	c.line(s, 217, mid, 236, mid)
	c.box(s, 236, 256, top-2, bottom+2, fmt.Sprintf(`rx="7" fill="%s"`, s.colour))
}

func (c *canvas) contact(s place) {
	top, bottom := c.leads(s, 206)
	c.line(s, 206, bottom, 224, top+3)
	if s.note == "" {
		return
	}
	mid := (top + bottom) / 2 // its magnet, on the door
	c.box(s, 244, 262, top-4, mid, `fill="#d22f2f"`)
	c.box(s, 244, 262, mid, bottom+4, `fill="#2457a6"`)
	c.text(s.at(253), mid-3, `text-anchor="middle" fill="#fff"`, "N")
	c.text(s.at(253), mid+15, `text-anchor="middle" fill="#fff"`, "S")
}

const greenLamp = "green lamp"

func (c *canvas) lamp(s place) {
	const diode = 222
	top, bottom := s.y(0), s.y(1)
	mid := (top + bottom) / 2
	colour := "#d22f2f"
	if s.name == greenLamp {
		colour = "#27a35a"
	}
	c.line(s, atLine, top, diode, top, diode, bottom, atLine, bottom)
	c.resistor(s, 128, 186, top, "330 Ω")
	c.printf(`<circle cx="%d" cy="%d" r="15" fill="#fff" stroke="%s" stroke-width="2"/><path d="M%d %dh18l-9 13z" fill="%s"/>`,
		s.at(diode), mid, ink, s.at(diode)-9, mid-7, colour)
	c.line(s, diode-9, mid+7, diode+9, mid+7)
	c.line(s, diode+19, mid-3, diode+29, mid-9)
	c.line(s, diode+19, mid+6, diode+29, mid)
}

// buzzer draws one at 5 V, switched by an NPN transistor: the header's lines give neither its voltage nor its current.
func (c *canvas) buzzer(s place) {
	const base, collector, sounder = 190, 204, 254
	supply, signal, ground := s.y(0), s.y(1), s.y(2)
	c.line(s, atLine, supply, sounder, supply, sounder, supply+8)
	c.line(s, sounder, supply+34, sounder, supply+38, collector, supply+38, collector, signal-4)
	c.line(s, atLine, signal, base, signal)
	c.printf("\n")
	c.resistor(s, 124, 170, signal, "1 kΩ")
	c.printf(`<circle cx="%d" cy="%d" r="17" fill="#fff" stroke="%s" stroke-width="2"/>`, s.at(base+8), signal, ink)
	c.line(s, 170, signal, base, signal)
	c.line(s, base, signal-9, base, signal+9)
	c.line(s, base, signal-4, collector, signal-13)
	c.line(s, base, signal+4, collector, signal+13, collector, ground, atLine, ground)
	c.away(s.flank, s.at(collector+18), signal+22, "", "NPN")
	c.printf(`<circle cx="%d" cy="%d" r="14" fill="#2b2f3a"/><circle cx="%d" cy="%d" r="3" fill="#f5f6f9"/>`, s.at(sounder), supply+21, s.at(sounder), supply+21)
}
