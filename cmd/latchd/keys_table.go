package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"latchd/configs"
	"latchd/keypad"
)

// table is what is known of the contacts under test.
type table struct {
	strike     string
	rows, cols []string
	debounce   time.Duration
	keys       [][]contact
	ghosts     []string
	frame      keypad.Matrix
	known      bool // there has been a frame
	inputs     []contact
	said       string // the newest event
}

// contact is a key or an input.
type contact struct {
	name, lines string
	down, seen  bool
	ghost       bool
	stuck       bool // down for too long
	was         bool // stuck, once
	high        bool // an input's level
	since       time.Time
	timed       bool
	last, worst time.Duration // of its bounce
	debounce    time.Duration // an input's
	activeLow   bool
}

const stuckAfter = 10 * time.Second // as in package keypad

func newTable(cfg *configs.Config, inputs []benchInput) *table {
	t := &table{strike: cfg.Strike.Line, rows: cfg.Keypad.Rows, cols: cfg.Keypad.Cols, debounce: time.Duration(cfg.Keypad.Debounce)}
	for r, row := range t.rows {
		var keys []contact
		for c, key := range []rune(cfg.Keypad.Keys[r]) {
			keys = append(keys, contact{name: string(key), lines: row + " × " + t.cols[c]})
		}
		t.keys = append(t.keys, keys)
	}
	for _, in := range inputs {
		t.inputs = append(t.inputs, contact{name: in.name, lines: in.line, debounce: in.debounce, activeLow: in.activeLow})
	}
	return t
}

// take notes what was heard at the time now and returns it in words.
func (t *table) take(now time.Time, n news) (said []string) {
	if n.input != nil {
		return t.tell(t.takeInput(now, n))
	}
	if t.known && n.pad.Frame == t.frame {
		return t.tell(fmt.Sprintf("%-8s on the columns, for %s: too short for a press, or interference", "spikes", ms(n.pad.Bounce)))
	}
	doubtful := n.pad.Frame.Doubtful()
	for r := range t.keys {
		for c := range t.keys[r] {
			k, down := &t.keys[r][c], n.pad.Frame[r]>>c&1 == 1
			was := k.ghost
			k.ghost = doubtful[r]>>c&1 == 1
			if down != k.down {
				k.move(now, down)
				if !t.known {
					said = append(said, fmt.Sprintf("%-8s down when the test began, %s", k.name, k.lines))
				} else if !k.ghost && !was {
					said = append(said, k.words(n.pad))
				}
			}
		}
	}
	if doubtful != (keypad.Matrix{}) && doubtful != t.frame.Doubtful() {
		said = append(said, t.ghostWords())
	}
	t.frame, t.known = n.pad.Frame, true
	return t.tell(said...)
}

func (t *table) tell(said ...string) []string {
	if len(said) > 0 {
		t.said = said[len(said)-1]
	}
	return said
}

func (t *table) takeInput(now time.Time, n news) string {
	i := slices.IndexFunc(t.inputs, func(c contact) bool { return c.name == n.input.name })
	in, active := &t.inputs[i], n.level != n.input.activeLow
	in.high = n.level
	switch {
	case !n.pad.Edges:
		in.down, in.since = active, now
		return fmt.Sprintf("%-8s %s, %s is %s", in.name, in.state(), in.lines, level(in.high))
	case in.down == active:
		return fmt.Sprintf("%-8s spikes on %s, for %s: too short for a press, or interference", in.name, in.lines, ms(n.pad.Bounce))
	}
	in.move(now, active)
	in.seen = true
	return in.words(n.pad)
}

func (c *contact) move(now time.Time, down bool) {
	c.down, c.since, c.stuck = down, now, false
}

// words tells that the contact has moved, and notes its bounce.
func (c *contact) words(r keypad.Reading) string {
	c.seen = c.seen || c.down
	bounce := "bounce not timed"
	if r.Edges {
		c.timed, c.last, c.worst = true, r.Bounce, max(c.worst, r.Bounce)
		bounce = "bounce " + ms(r.Bounce)
	}
	return fmt.Sprintf("%-8s %-7s %s, %s", c.name, c.state(), c.lines, bounce)
}

func (c *contact) state() string {
	switch {
	case c.name == "contact" && c.down:
		return "closed"
	case c.name == "contact":
		return "open"
	case c.down && c.debounce > 0:
		return "active"
	case c.down:
		return "down"
	case c.debounce > 0:
		return "at rest"
	}
	return "up"
}

// ghostWords names the keys that cannot be told apart.
func (t *table) ghostWords() string {
	var keys, rows, cols []string
	for r := range t.keys {
		for c, k := range t.keys[r] {
			if k.ghost {
				keys = append(keys, k.name)
				rows, cols = add(rows, t.rows[r]), add(cols, t.cols[c])
			}
		}
	}
	ghost := fmt.Sprintf("%s (rows %s × columns %s)", strings.Join(keys, " "), strings.Join(rows, ", "), strings.Join(cols, ", "))
	t.ghosts = add(t.ghosts, ghost)
	return fmt.Sprintf("%-8s among %s: the door takes none", "ghost", ghost)
}

func add(names []string, name string) []string {
	if slices.Contains(names, name) {
		return names
	}
	return append(names, name)
}

// stuck tells of keys that have been down for too long.
func (t *table) stuck(now time.Time) (said []string) {
	for r := range t.keys {
		for c := range t.keys[r] {
			if k := &t.keys[r][c]; k.down && !k.stuck && now.Sub(k.since) >= stuckAfter {
				k.stuck, k.was = true, true
				said = append(said, fmt.Sprintf("%-8s stuck: down for %.0f s, %s: free it, or look for a short between the two lines",
					k.name, stuckAfter.Seconds(), k.lines))
			}
		}
	}
	return t.tell(said...)
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond)) }

func level(high bool) string {
	if high {
		return "high"
	}
	return "low"
}
