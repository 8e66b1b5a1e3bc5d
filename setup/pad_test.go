package setup_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"latchd/setup"
)

// pad is a pad as it may be wired: any layout, lines and diodes.
type pad struct {
	layout     []string
	rows, cols []string
	diodes     int // 0: none; 1: the columns are read while rows are driven; 2: the other way round
	spare      []string
}

func anyPad(t *rapid.T) pad {
	p := pad{layout: rapid.SampledFrom([][]string{setup.Pad3x4, setup.Pad4x4}).Draw(t, "layout"),
		diodes: rapid.IntRange(0, 2).Draw(t, "diodes")}
	var header []string
	for n := 2; n <= 27; n++ {
		header = append(header, fmt.Sprintf("GPIO%d", n))
	}
	lines := rapid.Permutation(header).Draw(t, "lines")
	n, m := len(p.layout), len(p.layout[0])
	p.rows, p.cols, p.spare = lines[:n], lines[n:n+m], lines[n+m:]
	return p
}

func (p pad) contacts() map[rune]setup.Contact {
	contacts := map[rune]setup.Contact{}
	for r, keys := range p.layout {
		for c, key := range keys {
			contacts[key] = p.touch(p.rows[r], p.cols[c])
		}
	}
	return contacts
}

func (p pad) touch(row, col string) setup.Contact {
	var links []setup.Link
	if p.diodes != 2 {
		links = append(links, setup.Link{From: row, To: col})
	}
	if p.diodes != 1 {
		links = append(links, setup.Link{From: col, To: row})
	}
	c, err := setup.Touch(links)
	if err != nil {
		panic(err)
	}
	return c
}

func (p pad) key(t *rapid.T, label string) rune {
	return rapid.SampledFrom([]rune(strings.Join(p.layout, ""))).Draw(t, label)
}

func TestAnyWiringOfAnyPadIsFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anyPad(t)
		want := setup.Pad{Rows: p.rows, Cols: p.cols, Keys: p.layout}
		if p.diodes == 2 { // then the columns are what can be driven
			want = setup.Pad{Rows: p.cols, Cols: p.rows, Turned: true}
			for c := range p.cols {
				var keys string
				for _, row := range p.layout {
					keys += row[c : c+1]
				}
				want.Keys = append(want.Keys, keys)
			}
		}
		got, err := setup.Derive(p.layout, p.contacts())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

// Each fault is made on a sound pad, and says what the message must name.
var faults = map[string]func(t *rapid.T, p pad, contacts map[rune]setup.Contact) (key rune, names []string){
	"another key was pressed": func(t *rapid.T, p pad, contacts map[rune]setup.Contact) (rune, []string) {
		a, b := p.key(t, "asked for"), p.key(t, "pressed")
		if a == b {
			t.Skip("the key that was asked for")
		}
		contacts[a] = contacts[b]
		return -1, []string{string(a), string(b), "same lines"}
	},
	"a key joins two lines of no key": func(t *rapid.T, p pad, contacts map[rune]setup.Contact) (rune, []string) {
		key := p.key(t, "key")
		odd := p.touch(p.spare[0], rapid.SampledFrom(append([]string{p.spare[1]}, p.cols...)).Draw(t, "other"))
		contacts[key] = odd
		return key, []string{string(key), odd.Links[0].From, odd.Links[0].To}
	},
	"a key joins two rows": func(t *rapid.T, p pad, contacts map[rune]setup.Contact) (rune, []string) {
		key := p.key(t, "key")
		contacts[key] = p.touch(p.rows[0], p.rows[1])
		return key, []string{string(key), p.rows[0], p.rows[1]}
	},
	"a worn key": func(t *rapid.T, p pad, contacts map[rune]setup.Contact) (rune, []string) {
		key := p.key(t, "key")
		delete(contacts, key)
		return key, []string{string(key), "nothing"}
	},
	"a broken wire of a row": func(t *rapid.T, p pad, contacts map[rune]setup.Contact) (rune, []string) {
		keys := rapid.SampledFrom(p.layout).Draw(t, "row")
		for _, key := range keys {
			delete(contacts, key)
		}
		return 0, []string{"row " + strings.Join(strings.Split(keys, ""), " "), "broken"}
	},
	"a row and a column on one pin": func(t *rapid.T, p pad, contacts map[rune]setup.Contact) (rune, []string) {
		r, c := rapid.IntRange(0, len(p.rows)-1).Draw(t, "row"), rapid.IntRange(0, len(p.cols)-1).Draw(t, "column")
		merged := p
		merged.rows = slices.Clone(p.rows)
		merged.rows[r] = p.cols[c]
		clear(contacts)
		for i, keys := range p.layout {
			for j, key := range keys {
				if i != r || j != c { // that one joins the line to itself
					contacts[key] = merged.touch(merged.rows[i], merged.cols[j])
				}
			}
		}
		return 0, []string{p.cols[c] + " is a row", "a column"}
	},
	"two rows on one pin": func(t *rapid.T, p pad, contacts map[rune]setup.Contact) (rune, []string) {
		r := rapid.IntRange(1, len(p.rows)-1).Draw(t, "row")
		for c, key := range p.layout[r] {
			contacts[key] = p.touch(p.rows[0], p.cols[c])
		}
		return -1, []string{"same lines", "one pin"}
	},
	"one diode the wrong way round": func(t *rapid.T, p pad, contacts map[rune]setup.Contact) (rune, []string) {
		if p.diodes == 0 {
			t.Skip("a pad without diodes")
		}
		key := p.key(t, "key")
		l := contacts[key].Links[0]
		contacts[key] = setup.Contact{Links: []setup.Link{{From: l.To, To: l.From}}}
		return key, []string{string(key), "diode"}
	},
}

func TestAnySingleFaultIsNamed(t *testing.T) {
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				p := anyPad(t)
				contacts := p.contacts()
				key, names := fault(t, p, contacts)
				_, err := setup.Derive(p.layout, contacts)
				var f *setup.Fault
				if !errors.As(err, &f) {
					t.Fatalf("error %v", err)
				}
				if key >= 0 && f.Key != key {
					t.Errorf("key %q: %q, want %q", f.Key, err, key)
				}
				for _, word := range names {
					if !strings.Contains(err.Error(), word) {
						t.Errorf("%q does not name %q", err, word)
					}
				}
			})
		})
	}
}

func TestKeysInAnyOrderNeitherPanicNorMakeAPadOfOneLineTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		line := rapid.SampledFrom([]string{"GPIO2", "GPIO3", "GPIO4", "GPIO5", "GPIO6", "GPIO7", "GPIO8"})
		contacts := map[rune]setup.Contact{}
		for _, key := range strings.Join(setup.Pad3x4, "") {
			if c, err := setup.Touch([]setup.Link{{From: line.Draw(t, "from"), To: line.Draw(t, "to")}}); err == nil {
				contacts[key] = c
			}
		}
		got, err := setup.Derive(setup.Pad3x4, contacts)
		if lines := append(got.Rows, got.Cols...); err == nil {
			slices.Sort(lines)
			if len(slices.Compact(lines)) != 7 {
				t.Errorf("%+v", got)
			}
		}
	})
}

func TestATouchOfMoreThanTwoLinesIsNoKey(t *testing.T) {
	_, err := setup.Touch([]setup.Link{{From: "GPIO5", To: "GPIO6"}, {From: "GPIO6", To: "GPIO13"}})
	if err == nil || !strings.Contains(err.Error(), "GPIO5, GPIO6, GPIO13") {
		t.Error(err)
	}
}
