package badnet

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Kind is what happens to a connection.
type Kind int

// The kinds. All but Pass and Stall break the connection, sooner or later.
const (
	Pass      Kind = iota // nothing
	Stall                 // nothing passes either way for a while; then the next fate begins
	Drop                  // both ends are reset
	Truncate              // both ends are closed after exactly Bytes: mostly in the middle of a packet
	HalfClose             // one way is closed, the other goes on
	Silence               // what goes one way is thrown away from then on, the other goes on
	Refuse                // both ends are reset, and for a while each new connection is reset as it comes
)

var kindNames = []string{"pass", "stall", "drop", "truncate", "half-close", "silence", "refuse"}

func (k Kind) String() string {
	if k < 0 || int(k) >= len(kindNames) {
		return fmt.Sprintf("kind %d", int(k))
	}
	return kindNames[k]
}

// Fate is what happens to a connection, and when.
type Fate struct {
	Kind  Kind
	Bytes int           // passed, both ways together, before it happens; counted from the beginning of this fate
	For   time.Duration // how long a Stall or a Refuse lasts
	Back  bool          // of HalfClose and Silence: the way from the server to the client, else the other one
	Delay time.Duration // how long each piece of up to 1 KiB is held back, on either way, while this fate lasts
}

// Mix says how fates are drawn. Bytes and times are means: each is drawn evenly from zero to twice that.
type Mix struct {
	Odds                 map[Kind]int // against each other
	Bytes                int
	Delay, Stall, Refuse time.Duration
}

// Plan returns a plan for New. The same seed gives the same fates, in the order in which they are asked for.
func (m Mix) Plan(seed uint64) func() Fate {
	rng := rand.New(rand.NewPCG(seed, 0))
	upTo := func(mean time.Duration) time.Duration { return time.Duration(rng.Int64N(2*int64(mean) + 1)) }
	var bag []Kind
	for k := range Kind(len(kindNames)) {
		for range m.Odds[k] {
			bag = append(bag, k)
		}
	}
	return func() Fate {
		f := Fate{Bytes: 1 + rng.IntN(2*m.Bytes), Back: rng.IntN(2) == 0, Delay: upTo(m.Delay)}
		stall, refuse := upTo(m.Stall), upTo(m.Refuse)
		switch f.Kind = bag[rng.IntN(len(bag))]; f.Kind {
		case Stall:
			f.For = stall
		case Refuse:
			f.For = refuse
		}
		return f
	}
}
