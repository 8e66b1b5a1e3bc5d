package wiring

import "fmt"

// part draws a part under its terminals, with the names of the wires at them.
func (c *canvas) part(s place) {
	last := s.left + (len(s.terminals)-1)*step
	for i, t := range s.terminals {
		x := s.left + i*step
		label := t.line
		if t.pin > 0 {
			label = fmt.Sprintf("%s · %d", t.line, t.pin)
		}
		c.printf(`<text transform="translate(%d %d) rotate(-90)" font-size="11" stroke="#fff" stroke-width="4" paint-order="stroke" fill="%s">%s</text>`+"\n",
			x-5, partsTop-4, s.colour, escape(label))
		c.printf(`<circle cx="%d" cy="%d" r="5" fill="#fff" stroke="%s" stroke-width="3"/>`+"\n", x, partsTop, s.colour)
	}
	mid := (s.left + last) / 2
	half := max(s.width()-8, last-s.left+step) / 2
	c.printf(`<rect x="%d" y="%d" width="%d" height="%d" rx="9" fill="#f5f6f9" stroke="%s" stroke-width="2"/>`+"\n", mid-half, partsTop+12, 2*half, partHeight, s.colour)
	for i, t := range s.terminals {
		if t.label != "" {
			c.text(s.left+i*step, partsTop+27, `text-anchor="middle" font-size="9"`, short(t.label))
		}
	}
	c.symbol(s, mid, partsTop+78)
	c.text(mid, partsTop+partHeight+30, `text-anchor="middle" font-weight="700"`, s.name)
	if s.note != "" {
		c.text(mid, partsTop+partHeight+45, `text-anchor="middle" font-size="10" fill="#5a6376"`, s.note)
	}
	if s.kind == relay {
		c.resistor(s)
	}
}

// short is a label that fits between two terminals.
func short(label string) string {
	var n int
	if _, err := fmt.Sscanf(label, "row %d", &n); err == nil {
		return fmt.Sprintf("R%d", n)
	}
	if _, err := fmt.Sscanf(label, "col %d", &n); err == nil {
		return fmt.Sprintf("C%d", n)
	}
	return label
}

// symbol draws what a part looks like, around a point.
func (c *canvas) symbol(s place, x, y int) {
	line := fmt.Sprintf(`fill="none" stroke="%s" stroke-width="2.5" stroke-linecap="round"`, "#1c2333")
	switch s.kind {
	case pad:
		for r, row := range s.keys {
			keys := []rune(row)
			for k, key := range keys {
				kx, ky := x+(2*k-len(keys)+1)*13, y-30+r*20
				c.printf(`<rect x="%d" y="%d" width="22" height="17" rx="3" fill="#fff" stroke="#9aa2b4"/>`, kx-11, ky-7)
				c.text(kx, ky+6, `text-anchor="middle" font-size="12"`, string(key))
			}
		}
	case relay:
		c.printf(`<rect x="%d" y="%d" width="46" height="26" rx="3" fill="#2457a6"/>`, x-23, y-34)
		c.text(x, y-16, `text-anchor="middle" font-size="11" fill="#fff"`, "relay")
		c.printf(`<path d="M%d %dv14M%d %dv14M%d %dl-12 -9" %s/>`, x-14, y+4, x+14, y+4, x+14, y+4, line)
		c.text(x, y+36, `text-anchor="middle" font-size="11"`, "to the strike")
	case button:
		c.printf(`<circle cx="%d" cy="%d" r="24" fill="#fff" stroke="#9aa2b4" stroke-width="2"/><circle cx="%d" cy="%d" r="14" fill="%s"/>`, x, y, x, y, s.colour)
	case contact:
		c.printf(`<path d="M%d %dh12l24 -13M%d %dh12" %s/><circle cx="%d" cy="%d" r="3"/><circle cx="%d" cy="%d" r="3"/>`, x-28, y, x+16, y, line, x-16, y, x+16, y)
	case lamp:
		c.printf(`<path d="M%d %dv-12a14 14 0 0 1 28 0v12z" fill="%s" opacity=".85"/><path d="M%d %dv18M%d %dv18" %s/>`, x-14, y+6, lampColour(s.name), x-7, y+6, x+7, y+6, line)
	case buzzer:
		c.printf(`<circle cx="%d" cy="%d" r="24" fill="#2b2f3a"/><circle cx="%d" cy="%d" r="5" fill="#f5f6f9"/>`, x, y, x, y)
	}
	c.printf("\n")
}

func lampColour(name string) string {
	if name == "green lamp" {
		return "#27a35a"
	}
	return "#d22f2f"
}

// resistor draws the one that holds the strike's line, between the relay's first two terminals.
func (c *canvas) resistor(s place) {
	y := partsTop - 74
	c.printf(`<g stroke="#1c2333" stroke-width="2" fill="#fff"><title>10 kΩ</title><path d="M%d %dH%d"/><rect x="%d" y="%d" width="14" height="8"/></g>`+"\n",
		s.left, y, s.left+step, s.left+4, y-4)
}
