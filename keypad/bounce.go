package keypad

import (
	"context"
	"math/bits"
	"time"
)

// A contact counts as at rest when it has been still for quiet, and as one that never rests after restless.
const (
	quiet    = 25 * time.Millisecond
	restless = time.Second
	look     = 100 * time.Millisecond // from one look at all keys to the next
)

// Bounce times a contact's raw edges, from the first one until it rests. The zero value waits for the first.
type Bounce struct {
	moving      bool
	first, last time.Duration
}

// Edge takes an edge seen at the time now, on any clock that does not go back.
func (b *Bounce) Edge(now time.Duration) {
	if !b.moving {
		b.moving, b.first = true, now
	}
	b.last = now
}

// Left is how long from now the contact must still be quiet to be at rest; 0: it rests, or has moved for a second, or there
// was no edge.
func (b *Bounce) Left(now time.Duration) time.Duration {
	if !b.moving || b.last-b.first >= restless {
		return 0
	}
	return max(0, b.last+quiet-now)
}

// Took is the time from the first edge to the last, and whether there was one.
func (b *Bounce) Took() (time.Duration, bool) { return b.last - b.first, b.moving }

// Advise returns the debounce that fits contacts whose longest bounce is worst: twice that, for contacts age, in whole
// milliseconds from 5 ms, which is one scan, to 200 ms, which is the most that can be set.
func Advise(worst time.Duration) time.Duration {
	twice := (2*worst + time.Millisecond - 1).Truncate(time.Millisecond)
	return min(max(twice, scanEvery), 200*time.Millisecond)
}

// Reading is what Probe found once contacts had moved and come to rest.
type Reading struct {
	Frame  Matrix
	Bounce time.Duration // of the contact that moved
	Edges  bool          // whether its first edge was seen; Bounce is not known otherwise, as where another key holds the column low
}

// Probe watches a pad's raw contacts until ctx ends, and then returns nil; it fails when a line does. The sink gets the first
// frame, each one that differs from the last, and the last one again where edges came and changed nothing.
//
// It waits for edges with all rows low. While a key is down it looks at every key each tenth of a second, because a second key
// of a column gives no edge. A bounce that begins during that look, of a few milliseconds, is not timed. It is a tool for the
// bench: Run is what a door sleeps with.
func Probe(ctx context.Context, pad Pad, rows int, sink func(Reading)) error {
	start := time.Now()
	now := func() time.Duration { return time.Since(start) }
	var r Reading
	for known := false; ctx.Err() == nil; known = true {
		frame, err := scan(pad, rows)
		if err != nil {
			return err
		}
		if !known || r.Edges || frame != r.Frame {
			r.Frame = frame
			sink(r)
		}
		r.Bounce, r.Edges, err = listen(ctx, pad, frame, now)
		if err != nil {
			return err
		}
	}
	return nil
}

// scan looks at every key once.
func scan(pad Pad, rows int) (frame Matrix, err error) {
	for row := range rows {
		if err = pad.Drive(row); err != nil {
			return frame, err
		}
		if frame[row], err = pad.Columns(); err != nil {
			return frame, err
		}
	}
	return frame, nil
}

// listen waits for edges and for their end, and says how long that took, and whether it saw the first one. frame is what was
// down before.
func listen(ctx context.Context, pad Pad, frame Matrix, now func() time.Duration) (time.Duration, bool, error) {
	var b Bounce
	if err := pad.Rest(); err != nil {
		return 0, false, err
	}
	pad.Drain()
	low, err := pad.Columns()
	if err != nil {
		return 0, false, err
	}
	wait, missed := look, low != frame.columns()
	if missed {
		b.Edge(now())
		wait = b.Left(now())
	}
	for wait > 0 {
		moved, err := pad.Wait(wait)
		if err != nil {
			return 0, false, err
		}
		switch {
		case moved:
			b.Edge(now())
		case !b.moving && frame == Matrix{} && ctx.Err() == nil:
			continue // no key is down: the next one gives an edge
		}
		wait = b.Left(now())
	}
	took, edges := b.Took()
	return took, edges && !missed, nil
}

// columns are those that a key that is down holds low at rest.
func (m *Matrix) columns() (low uint32) {
	for _, row := range m {
		low |= row
	}
	return low
}

// Doubtful are the keys of a frame that cannot be told from ghosts, as a frame of their own.
func (m Matrix) Doubtful() (d Matrix) {
	for rows := m.ghosts(); rows != 0; rows &= rows - 1 {
		r := bits.TrailingZeros32(rows)
		d[r] = m[r]
	}
	return d
}
