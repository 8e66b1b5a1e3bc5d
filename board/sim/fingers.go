package sim

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// What a finger does, and what is asked of it at the most.
const (
	tapDown = 80 * time.Millisecond
	tapUp   = 80 * time.Millisecond
	// Ring is how long a finger stays on the bell or the exit button when nothing else is said.
	Ring    = 200 * time.Millisecond
	maxHold = time.Hour
	maxKeys = 20_000
)

// contact is a switch that fingers work.
type contact struct {
	id      uint64                                      // tells its bounce from other contacts'
	set     func(c *copper, closed bool) (lines uint64) // closes or opens it in copper; which lines that touches
	turn    chan struct{}                               // who may turn a switch that stays as it is left
	fingers int                                         // that close it now; under the board's lock, as random is
	random  *rand.Rand                                  // nil: no bounce
}

func newContact(id uint64, set func(*copper, bool) uint64) *contact {
	return &contact{id: id, set: set, turn: make(chan struct{}, 1)}
}

// Bounce makes every contact bounce from now on: whenever it is closed or opened it chatters for a time shorter than
// longest before it stays. 0 ends that. The same seed and the same fingers give the same bounce.
func (b *Board) Bounce(longest time.Duration, seed uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.bounce = longest
	reseed := func(c *contact) {
		if c != nil {
			c.random = rand.New(rand.NewPCG(seed, c.id))
		}
	}
	for _, c := range b.keys {
		reseed(c)
	}
	for _, c := range []*contact{b.bell, b.exit, b.contact, b.tamper} {
		reseed(c)
	}
}

// Press taps the keys one after the other, each 80 ms down and 80 ms up (bounce included), and returns when the last is
// up. Nothing is pressed when one of the keys is not on the pad, or when there are more than 20,000. When ctx ends, the
// finger is lifted and ctx's error returned.
func (b *Board) Press(ctx context.Context, keys string) error {
	var taps []*contact
	for _, key := range keys {
		c, err := b.key(key)
		if err != nil {
			return err
		}
		if taps = append(taps, c); len(taps) > maxKeys {
			return usagef("press: more than %d keys", maxKeys)
		}
	}
	for _, c := range taps {
		if err := b.push(ctx, c, tapDown, tapUp); err != nil {
			return fmt.Errorf("press: %w", err)
		}
	}
	return nil
}

// Hold keeps one key down for dur, at most 1 h.
func (b *Board) Hold(ctx context.Context, key rune, dur time.Duration) error {
	c, err := b.key(key)
	if err != nil {
		return err
	}
	return b.lean(ctx, "hold", c, dur)
}

// Bell keeps the bell's button down for dur, at most 1 h; 0 means Ring.
func (b *Board) Bell(ctx context.Context, dur time.Duration) error {
	return b.lean(ctx, "bell", b.bell, dur)
}

// Exit keeps the request-to-exit button down for dur, at most 1 h; 0 means Ring.
func (b *Board) Exit(ctx context.Context, dur time.Duration) error {
	return b.lean(ctx, "exit", b.exit, dur)
}

// Door opens or closes the door. It stays so.
func (b *Board) Door(open bool) error { return b.leave("door", b.contact, !open) }

// Tamper opens the case or closes it. It stays so.
func (b *Board) Tamper(on bool) error { return b.leave("tamper", b.tamper, on) }

func (b *Board) key(key rune) (*contact, error) {
	if c := b.keys[key]; c != nil {
		return c, nil
	}
	return nil, usagef("key %q is not on this pad: keys are %s", key, strings.Join(strings.Split(b.pad, ""), " "))
}

func (b *Board) lean(ctx context.Context, what string, c *contact, dur time.Duration) error {
	if dur == 0 {
		dur = Ring
	}
	if err := checkSpan(what, dur); err != nil {
		return err
	}
	if c == nil {
		return usagef("%s: none is wired to this board", what)
	}
	if err := b.push(ctx, c, dur, 0); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// leave turns a switch that stays as it is left.
func (b *Board) leave(what string, c *contact, closed bool) error {
	if c == nil {
		return usagef("%s: none is wired to this board", what)
	}
	c.turn <- struct{}{}
	defer func() { <-c.turn }()
	b.mu.Lock()
	done := closed == (c.fingers > 0)
	b.mu.Unlock()
	if done {
		return nil
	}
	return b.move(context.Background(), c, closed)
}

// push closes a contact for the time down, opens it, and waits for the time up. Bounce is part of both times.
func (b *Board) push(ctx context.Context, c *contact, down, up time.Duration) error {
	start := time.Now()
	err := b.move(ctx, c, true)
	if err == nil {
		err = pause(ctx, down-time.Since(start))
	}
	if err != nil {
		b.flip(c, false)
		return err
	}
	start = time.Now()
	if err := b.move(ctx, c, false); err != nil {
		return err
	}
	return pause(ctx, up-time.Since(start))
}

// move closes or opens a contact for one finger and chatters before it stays. When ctx ends it stays at once.
func (b *Board) move(ctx context.Context, c *contact, closed bool) error {
	next := closed
	var err error
	for _, gap := range b.chatter(c) {
		b.flip(c, next)
		next = !next
		if err = pause(ctx, gap); err != nil {
			break
		}
	}
	if next == closed {
		b.flip(c, closed)
	}
	return err
}

// chatter returns the times between the flips of one bounce: an even number of them, shorter together than the longest.
func (b *Board) chatter(c *contact) []time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.bounce <= 0 {
		return nil
	}
	gaps := make([]time.Duration, 2*(1+c.random.IntN(4)))
	for i := range gaps {
		gaps[i] = time.Duration(c.random.Int64N(int64(b.bounce)/int64(len(gaps)) + 1))
	}
	return gaps
}

// flip adds a finger to a contact or takes one away, and lets the copper settle.
func (b *Board) flip(c *contact, closed bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	was := c.fingers > 0
	if closed {
		c.fingers++
	} else {
		c.fingers--
	}
	if is := c.fingers > 0; is != was {
		b.settle(c.set(&b.copper, is))
	}
}

// pause waits for d, or until ctx ends, which it returns as an error.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
