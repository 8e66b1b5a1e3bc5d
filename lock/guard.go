package lock

import "time"

// guard folds a flood: it lets burst events through in any span, then none until a whole span has passed without one.
type guard struct {
	span   time.Duration
	recent []time.Duration // the last events that came through, oldest first
	burst  int
	folded int           // events kept back since the flood began; 0: no flood
	last   time.Duration // when the last event came
}

func newGuard(burst int, span time.Duration) guard {
	return guard{span: span, burst: burst, recent: make([]time.Duration, 0, burst)}
}

// take says whether an event at now comes through.
func (g *guard) take(now time.Duration) bool {
	g.last = now
	if g.folded > 0 {
		g.folded++
		return false
	}
	if len(g.recent) == g.burst {
		if now-g.recent[0] < g.span {
			g.folded = 1
			return false
		}
		g.recent = append(g.recent[:0], g.recent[1:]...)
	}
	g.recent = append(g.recent, now)
	return true
}

// next returns when the flood is over if nothing more comes.
func (g *guard) next() time.Duration {
	if g.folded == 0 {
		return never
	}
	return g.last + g.span
}

// allow asks the guard of a part; the event that is too many raises the part's fault.
func (m *Machine) allow(g *guard, part, kind, detail string) bool {
	flooded := g.folded > 0
	ok := g.take(m.now.Mono)
	if !ok && !flooded {
		m.fault(Fault{Part: part, Kind: kind, Standing: true, Detail: detail, Hint: "further ones are counted, not told, until it is calm"})
	}
	return ok
}

// calm ends a flood whose span has passed, and says whether it did.
func (m *Machine) calm(g *guard, part, kind string) bool {
	if m.now.Mono < g.next() {
		return false
	}
	folded := g.folded
	g.folded, g.recent = 0, g.recent[:0]
	m.clearFault(Fault{Part: part, Kind: kind}, folded)
	return true
}
