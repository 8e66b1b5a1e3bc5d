package sim

import "math/bits"

// copper is the electrics of the board, one bit a line: what drives each line, what pulls it, which lines are joined by
// closed keys, and the level at which each has settled.
type copper struct {
	out, high          uint64   // driven by the chip; which of those high
	up, down           uint64   // the chip's own pull resistors
	relayUp, relayDown uint64   // resistors of what is wired to the line: they win over the chip's own
	ground, supply     uint64   // tied by a closed contact
	joins              []uint64 // one for each closed key: its row's and its column's bit
	level              uint64   // settled
}

// net returns all lines that are joined to the given one, itself included.
func (c *copper) net(line uint64) uint64 {
	for net := line; ; line = net {
		for _, j := range c.joins {
			if net&j != 0 {
				net |= j
			}
		}
		if net == line {
			return net
		}
	}
}

// settled returns the level of a net, and whether it is driven both ways at once: a short circuit, which reads low.
// What drives wins over what pulls; between two pulls of the same strength, and where nothing pulls, the net is low.
func (c *copper) settled(net uint64) (high, short bool) {
	low := net&(c.out&^c.high|c.ground) != 0
	high = net&(c.out&c.high|c.supply) != 0
	switch {
	case low || high:
		return !low, low && high
	case net&(c.relayUp|c.relayDown) != 0:
		return net&c.relayDown == 0, false
	default:
		return net&c.up != 0 && net&c.down == 0, false
	}
}

// join closes a key between two lines; part opens it again.
func (c *copper) join(pair uint64) { c.joins = append(c.joins, pair) }

func (c *copper) part(pair uint64) {
	for i, j := range c.joins {
		if j == pair {
			c.joins = append(c.joins[:i], c.joins[i+1:]...)
			return
		}
	}
}

// resettle brings every net that touches one of the lines to its level. It returns the lines that changed, and those
// that are in a short circuit.
func (c *copper) resettle(lines uint64) (changed, shorted uint64) {
	for lines != 0 {
		net := c.net(lines & -lines)
		lines &^= net
		high, short := c.settled(net)
		old := c.level
		c.level &^= net
		if high {
			c.level |= net
		}
		changed |= old ^ c.level
		if short {
			shorted |= net
		}
	}
	return changed, shorted
}

// each calls f with the index of every set bit, lowest first.
func each(set uint64, f func(i int)) {
	for ; set != 0; set &= set - 1 {
		f(bits.TrailingZeros64(set))
	}
}
