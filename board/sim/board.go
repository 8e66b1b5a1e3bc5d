// Package sim is a board of copper and fingers: lines with drivers and pulls, a matrix of keys that join rows and
// columns (so that ghosts appear as they do in copper), a bell, a request-to-exit button, a door contact, a tamper
// switch and a strike. It offers its lines as package board wants them and with the habits of periph's gpioioctl that a
// caller can trip over, so that scanner and daemon run on it unchanged; and it offers fingers, in process and over a
// unix socket.
//
// It knows no codes and no rules of the door, and it is no model of time below the scheduler's: copper settles at once.
package sim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"periph.io/x/conn/v3/gpio"
)

// Wiring says which line carries what. A line is named as the kernel names it: "GPIO17". A board holds at most 64
// lines; what is named beyond them is not on it.
type Wiring struct {
	Rows, Cols []string
	Keys       []string // one string a row, one rune a column, as in the configuration
	Bell       Input
	Exit       Input
	Contact    Input // closed while the door is closed
	Tamper     Input
	Strike     string
	// StrikeActiveLow: the relay board switches on a low level. Its own resistor holds the line at the other level as
	// long as nothing drives it, so an undriven strike is locked.
	StrikeActiveLow bool
	Others          []string // further lines: lamps, a buzzer
}

// Input is a switch between a line and ground (ActiveLow) or the supply. No line: not fitted.
type Input struct {
	Line      string
	ActiveLow bool
}

// Board is a simulated board. Any number of goroutines may use it.
type Board struct {
	keys    map[rune]*contact
	pad     string // the keys in their order, for errors
	bell    *contact
	exit    *contact
	contact *contact
	tamper  *contact
	lines   []*line // by bit
	byName  map[string]*line

	mu       sync.Mutex
	copper   copper
	watchers []*watcher
	shorts   []Short
	bounce   time.Duration
}

// line is one line of the chip. Its bit stands for it in copper.
type line struct {
	name   string
	number int
	bit    uint64
	req    *request // who holds it; nil: free
}

// Short is a moment at which lines were driven high and low at once: on a real board, current without a resistor.
type Short struct {
	At    time.Time
	Lines []string
}

// maxShorts bounds what is kept: the first tell what is wrong.
const maxShorts = 100

// New makes a board at rest: no key pressed, door closed, nobody tampering, every line at the pull it has at power-on
// (GPIO0 to GPIO8 up, the others down) and the strike's at its relay board's.
func New(w Wiring) *Board {
	b := &Board{keys: make(map[rune]*contact), byName: make(map[string]*line)}
	single := []string{w.Bell.Line, w.Exit.Line, w.Contact.Line, w.Tamper.Line, w.Strike}
	for _, name := range slices.Concat(w.Rows, w.Cols, single, w.Others) {
		b.addLine(name)
	}
	if strike := b.byName[w.Strike]; strike != nil && w.StrikeActiveLow {
		b.copper.relayUp = strike.bit
	} else if strike != nil {
		b.copper.relayDown = strike.bit
	}
	b.bell, b.exit = b.newSwitch(w.Bell), b.newSwitch(w.Exit)
	b.contact, b.tamper = b.newSwitch(w.Contact), b.newSwitch(w.Tamper)
	b.addKeys(w)
	if b.contact != nil {
		b.flip(b.contact, true)
	}
	b.copper.resettle(^uint64(0) >> (64 - len(b.lines)))
	return b
}

func (b *Board) addLine(name string) {
	if name == "" || b.byName[name] != nil || len(b.lines) == 64 {
		return
	}
	l := &line{name: name, number: number(name, len(b.lines)), bit: 1 << len(b.lines)}
	b.lines, b.byName[name] = append(b.lines, l), l
	if l.number <= 8 {
		b.copper.up |= l.bit
	} else {
		b.copper.down |= l.bit
	}
}

// number is the line's offset on the chip: that of its name, or one that no GPIO has.
func number(name string, index int) int {
	if digits, ok := strings.CutPrefix(name, "GPIO"); ok {
		if n, err := strconv.Atoi(digits); err == nil && n >= 0 && n < 1000 {
			return n
		}
	}
	return 1000 + index
}

func (b *Board) addKeys(w Wiring) {
	for r, keys := range w.Keys {
		for c, key := range []rune(keys) {
			if r >= len(w.Rows) || c >= len(w.Cols) || b.keys[key] != nil {
				continue
			}
			row, col := b.byName[w.Rows[r]], b.byName[w.Cols[c]]
			if row == nil || col == nil {
				continue
			}
			b.keys[key] = newContact(uint64(key), func(c *copper, closed bool) uint64 {
				if pair := row.bit | col.bit; closed {
					c.join(pair)
				} else {
					c.part(pair)
				}
				return row.bit | col.bit
			})
			b.pad += string(key)
		}
	}
}

func (b *Board) newSwitch(in Input) *contact {
	l := b.byName[in.Line]
	if l == nil {
		return nil
	}
	return newContact(l.bit<<32|uint64(l.number), func(c *copper, closed bool) uint64 {
		rail := &c.supply
		if in.ActiveLow {
			rail = &c.ground
		}
		if closed {
			*rail |= l.bit
		} else {
			*rail &^= l.bit
		}
		return l.bit
	})
}

// Line returns a line's level as a meter would show it, whether or not anybody has requested it.
func (b *Board) Line(name string) (gpio.Level, error) {
	l, err := b.find(name)
	if err != nil {
		return gpio.Low, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.copper.level&l.bit != 0, nil
}

func (b *Board) find(name string) (*line, error) {
	if l := b.byName[name]; l != nil {
		return l, nil
	}
	names := make([]string, len(b.lines))
	for i, l := range b.lines {
		names[i] = l.name
	}
	return nil, usagef("line %q is not on the simulated board: it has %s", name, strings.Join(names, " "))
}

// Shorts returns the short circuits so far, the first 100 of them. There must never be one.
func (b *Board) Shorts() []Short {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.shorts)
}

// settle brings lines to their levels after something changed about them, and tells edges and watchers. The caller
// holds the lock, so that order and time stamps are those of the changes.
func (b *Board) settle(lines uint64) {
	changed, shorted := b.copper.resettle(lines)
	if changed|shorted == 0 {
		return
	}
	now := time.Now()
	each(changed, func(i int) {
		l, level := b.lines[i], gpio.Level(b.copper.level>>i&1 == 1)
		if l.req != nil {
			l.req.edge(l, level)
		}
		b.tell(Change{At: now, Line: l.name, Level: level}, l.bit)
	})
	if shorted != 0 && len(b.shorts) < maxShorts {
		s := Short{At: now}
		each(shorted, func(i int) { s.Lines = append(s.Lines, b.lines[i].name) })
		b.shorts = append(b.shorts, s)
	}
}

// String names the board in errors.
func (b *Board) String() string { return fmt.Sprintf("simulated board of %d lines", len(b.lines)) }
