package setup_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"latchd/setup"
)

// ask goes through a pad's keys as they are asked for. The keys of wrong are pressed instead of others, once each.
func ask(p pad, wrong map[rune]rune) (contacts map[rune]setup.Contact, again []rune) {
	right, sure := p.contacts(), map[rune]bool{}
	contacts = map[rune]setup.Contact{}
	press := func(key rune) {
		pressed := key
		if instead, ok := wrong[key]; ok {
			pressed = instead
			delete(wrong, key)
		}
		contacts[key] = right[pressed]
	}
	for _, key := range setup.Order {
		if _, ok := right[key]; !ok {
			break
		}
		press(key)
		for f := setup.Odd(contacts, sure); f != nil; f = setup.Odd(contacts, sure) {
			sure[f.Key] = true
			again = append(again, f.Key)
			press(f.Key)
		}
	}
	return contacts, again
}

func TestKeysPressedForOthersAreAskedForAgainAndThePadIsFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anyPad(t)
		p.diodes = 0
		a, b := p.key(t, "asked for"), p.key(t, "pressed")
		wrong := map[rune]rune{a: b}
		if rapid.Bool().Draw(t, "exchanged") {
			wrong[b] = a
		}
		contacts, again := ask(p, wrong)
		if a != b && !slices.Contains(again, a) {
			t.Errorf("asked again for %q, not for %c", again, a)
		}
		got, err := setup.Derive(p.layout, contacts)
		if diff := cmp.Diff(setup.Pad{Rows: p.rows, Cols: p.cols, Keys: p.layout}, got); err != nil || diff != "" {
			t.Errorf("%v, asked again for %q\n%s", err, again, diff)
		}
	})
}

func TestASoundPadIsAskedForNoKeyAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		if _, again := ask(anyPad(t), nil); len(again) > 0 {
			t.Errorf("asked again for %q", again)
		}
	})
}

func TestTheOddKeyIsNamedWithWhy(t *testing.T) {
	p := pad{layout: setup.Pad3x4, rows: []string{"GPIO2", "GPIO3", "GPIO4", "GPIO5"}, cols: []string{"GPIO6", "GPIO7", "GPIO8"}}
	for _, c := range []struct {
		asked, pressed rune
		key            rune
		why            string
	}{
		{'2', '1', '2', "2 joins the same lines as 1: the same key was pressed twice, or two wires of the pad touch or are on one pin"},
		{'2', '8', '2', "2 joins GPIO4 and GPIO7, neither of them a line of 1, which is in its row"},
		{'4', '2', '4', "4 joins the same lines as 2: the same key was pressed twice, or two wires of the pad touch or are on one pin"},
		{'4', '8', '4', "4 joins GPIO4 and GPIO7, neither of them a line of 1, which is in its column"},
		{'5', '3', '5', "5 joins the same lines as 3: the same key was pressed twice, or two wires of the pad touch or are on one pin"},
		{'5', '6', '5', "5 joins GPIO3 and GPIO8, neither of them a line of 2, which is in its column"},
		{'1', '8', '1', "1 joins GPIO4 and GPIO7, neither of them a line of 3, which is in its row"},
	} {
		contacts := map[rune]setup.Contact{}
		right := p.contacts()
		for _, key := range "12345" {
			contacts[key] = right[key]
		}
		contacts[c.asked] = right[c.pressed]
		if f := setup.Odd(contacts, nil); f == nil || f.Key != c.key || f.Why != c.why {
			t.Errorf("%c for %c: %+v", c.pressed, c.asked, f)
		}
	}
}
