package board

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"periph.io/x/conn/v3/gpio"

	"latchd/lock"
)

// fakeLines records what was asked for, in order.
type fakeLines struct {
	asked  []string
	pins   map[string]*fakePin
	broken []string
}

func (f *fakeLines) pin(ask, name string, level gpio.Level) (*fakePin, error) {
	f.asked = append(f.asked, ask+" "+name)
	if slices.Contains(f.broken, name) {
		return nil, errors.New("line " + name + " is broken")
	}
	p := newFakePin(name, level)
	if f.pins == nil {
		f.pins = map[string]*fakePin{}
	}
	f.pins[name] = p
	return p, nil
}

func (f *fakeLines) Output(name string, l gpio.Level) (gpio.PinOut, error) {
	return f.pin("output "+l.String(), name, l)
}
func (f *fakeLines) Row(name string) (gpio.PinIO, error) { return f.pin("row", name, gpio.High) }
func (f *fakeLines) Input(name string, pull gpio.Pull) (gpio.PinIn, error) {
	return f.pin("input "+pull.String(), name, pull == gpio.PullUp)
}

func (f *fakeLines) Columns(names []string) (gpio.Group, error) {
	_, err := f.pin("columns", strings.Join(names, ","), gpio.High)
	return newFakeGroup(len(names)), err
}

func (f *fakeLines) Close() error {
	f.asked = append(f.asked, "close")
	return nil
}

func wiring() Wiring {
	return Wiring{
		Rows: []string{"R0", "R1"}, Cols: []string{"C0", "C1"}, Settle: 20 * time.Microsecond,
		Bell:    Input{Line: "BELL", ActiveLow: true, Debounce: 20 * time.Millisecond},
		Contact: Input{Line: "DOOR", Debounce: 20 * time.Millisecond},
		Strike:  Output{Line: "STRIKE"}, Green: "GREEN",
	}
}

func TestOpenAsksForTheStrikeFirstAndAtItsLockedLevel(t *testing.T) {
	for _, activeLow := range []bool{false, true} {
		w, lines := wiring(), &fakeLines{}
		w.Strike.ActiveLow = activeLow
		b, err := Open(lines, w)
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"output Low STRIKE", "row R0", "row R1", "columns C0,C1", "input PullUp BELL", "input PullDown DOOR",
			"output Low GREEN"}
		if activeLow {
			want[0] = "output High STRIKE"
		}
		if !slices.Equal(lines.asked, want) {
			t.Errorf("asked for %q, want %q", lines.asked, want)
		}
		if err := b.Strike.Open(time.Second); err != nil {
			t.Error(err)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
		if lines.pins["STRIKE"].Read() != gpio.Level(activeLow) || lines.asked[len(lines.asked)-1] != "close" {
			t.Errorf("after Close: strike %v, asked %q", lines.pins["STRIKE"].Read(), lines.asked)
		}
	}
}

func TestOpenGivesTheBellAShortAttackAndTheContactNone(t *testing.T) {
	b, err := Open(&fakeLines{}, wiring())
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	want := []SwitchOptions{
		{lock.Bell, true, 20 * time.Millisecond, time.Millisecond},
		{lock.Contact, false, 20 * time.Millisecond, 20 * time.Millisecond},
	}
	for i, s := range b.Switches {
		if i >= len(want) || s.o != want[i] {
			t.Errorf("switch %d: %+v", i, s.o)
		}
	}
	if len(b.Switches) != len(want) {
		t.Errorf("%d switches", len(b.Switches))
	}
}

func TestOpenTellsOfEveryLineThatFailsAndLeavesTheStrikeLocked(t *testing.T) {
	lines := &fakeLines{broken: []string{"R1", "C0,C1", "BELL", "GREEN"}}
	_, err := Open(lines, wiring())
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"keypad row: line R1", "keypad columns: line C0,C1", "bell: line BELL", "green light: line GREEN"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %v", want, err)
		}
	}
	if lines.pins["STRIKE"].Read() != gpio.Low || lines.asked[len(lines.asked)-1] != "close" {
		t.Errorf("strike %v, asked %q", lines.pins["STRIKE"].Read(), lines.asked)
	}
}

func TestOpenGoesOnAskingWhenTheStrikeCannotBeHad(t *testing.T) {
	_, err := Open(&fakeLines{broken: []string{"STRIKE", "DOOR"}}, wiring())
	if err == nil || !strings.Contains(err.Error(), "strike: line STRIKE") || !strings.Contains(err.Error(), "contact: line DOOR") {
		t.Errorf("error %v", err)
	}
}

func TestOpenReportsTheStrikesFaultsAsFaultsOfThatPart(t *testing.T) {
	heard := make(chan lock.Fault)
	w, lines := wiring(), &fakeLines{}
	w.Report = func(f lock.Fault) { heard <- f }
	b, err := Open(lines, w)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	lines.pins["STRIKE"].fail(func(p *fakePin) { p.outErr = errors.New("no answer") })
	if err := b.Strike.Open(time.Second); err == nil {
		t.Error("no error")
	}
	if f := <-heard; f.Part != "strike" || !f.Standing || f.Hint == "" || !strings.Contains(f.Detail, "no answer") {
		t.Errorf("heard %+v", f)
	}
	lines.pins["STRIKE"].fail(func(p *fakePin) { p.outErr = nil })
	for f := range heard { // words of further tries may come first
		if !f.Standing {
			break
		}
	}
}
