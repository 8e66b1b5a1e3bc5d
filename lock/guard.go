package lock

import "time"

// guard folds a flood: it lets burst events through in any span. After that it lets one through now and then, or none at
// all, until a whole span has passed without any.
type guard struct {
	span   time.Duration
	recent []time.Duration // the last events that came through, oldest first
	burst  int
	every  time.Duration // during a flood one event is let through after this; 0: none
	folded int           // events kept back since the flood began; 0: no flood
	last   time.Duration // when the last event came
}

// newGuard makes a guard that tells a flood at the pace of burst in a span: what is guarded is never silent for long.
func newGuard(burst int, span time.Duration) guard {
	return guard{span: span, burst: burst, every: span / time.Duration(burst), recent: make([]time.Duration, 0, burst)}
}

// newFlapGuard makes a guard that is silent during a flood: what is guarded is a state, told again when it is calm.
func newFlapGuard(burst int, span time.Duration) guard {
	g := newGuard(burst, span)
	g.every = 0
	return g
}

// take says whether an event at now comes through.
func (g *guard) take(now time.Duration) bool {
	g.last = now
	full := len(g.recent) == g.burst
	switch {
	case g.folded > 0 && (g.every == 0 || now-g.recent[len(g.recent)-1] < g.every),
		g.folded == 0 && full && now-g.recent[0] < g.span:
		g.folded++
		return false
	case full:
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
		m.fault(Fault{Part: part, Kind: kind, Standing: true, Detail: detail, Hint: "not each one is told until it is calm"})
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
