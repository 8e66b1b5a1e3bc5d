package board

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"periph.io/x/conn/v3/gpio"

	"latchd/lock"
)

var rewrite = flag.Bool("write", false, "write the table of docs/feedback.md from the patterns")

// meanings are the signals in the order of the table.
var meanings = []struct {
	signal lock.Signal
	when   string
}{
	{lock.KeyTaken, "a key was taken"},
	{lock.TextOnItsWay, "the text with the code is on its way"},
	{lock.TextNotSent, "the text could not be sent, or the strike does not move: ring again, or knock"},
	{lock.BellNotTexted, "it rings, but no text goes out this time: too soon, the budget is spent, quiet hours, or locked out"},
	{lock.DoorOpen, "the door is open: push"},
	{lock.EntryWrong, "refused: a wrong, expired or used code, not that many digits, or none was texted"},
	{lock.KeypadLocked, "too many wrong codes: the keypad is locked out"},
}

// ons is for how long each time any of these lamps is on without a break.
func ons(beats []beat, lamps lamp) (ons []time.Duration) {
	was := false
	for _, b := range beats {
		if b.d == 0 {
			continue
		}
		is := b.on&lamps != 0
		switch {
		case is && was:
			ons[len(ons)-1] += b.d
		case is:
			ons = append(ons, b.d)
		}
		was = is
	}
	return ons
}

// apart says whether a person tells two rhythms from each other: by the count, or by a length at least twice the other.
func apart(a, b []time.Duration) bool {
	if len(a) != len(b) {
		return true
	}
	for i := range a {
		if max(a[i], b[i]) >= 2*min(a[i], b[i]) {
			return true
		}
	}
	return false
}

// seen is a signal's pattern as it shows: with the green of the strike, unlocked for that pulse.
func seen(s lock.Signal, pulse time.Duration) (beats []beat) {
	if s != lock.DoorOpen {
		return patterns[s]
	}
	for _, b := range patterns[s] {
		d := min(pulse, b.d)
		beats = append(beats, beat{shown(b.on, true), d}, beat{b.on, b.d - d})
		pulse -= d
	}
	return append(beats, beat{shown(dark, true), pulse})
}

func TestSignalsAreToldApartByLightAndBySoundAlone(t *testing.T) {
	if len(meanings) != len(patterns) {
		t.Fatalf("%d signals in the table, %d patterns", len(meanings), len(patterns))
	}
	for what, lamps := range map[string]lamp{"light of any colour": green | red, "buzzer": buzzer} {
		for i, a := range meanings {
			if len(ons(seen(a.signal, 5*time.Second), lamps)) == 0 {
				t.Errorf("%s is not told by %s", a.signal, what)
			}
			for _, b := range meanings[:i] {
				for _, pulse := range []time.Duration{time.Second / 2, 5 * time.Second, MaxPulse} {
					if !apart(ons(seen(a.signal, pulse), lamps), ons(seen(b.signal, pulse), lamps)) {
						t.Errorf("%s and %s are the same by %s, with a pulse of %v", a.signal, b.signal, what, pulse)
					}
				}
			}
		}
	}
}

// Whoever has fitted one part alone is told everything by it.
func TestSignalsAreToldApartByOnePartAlone(t *testing.T) {
	for name, fitted := range map[string]lamp{"green": green, "red": red, "buzzer": buzzer} {
		tells := map[lock.Signal][]time.Duration{}
		for _, m := range meanings {
			synctest.Test(t, func(t *testing.T) {
				strike, pins := newFakePin("strike", gpio.Low), map[lamp]gpio.PinOut{}
				only := newFakePin(name, gpio.Low)
				pins[fitted] = only
				f := NewFeedback(pins[green], pins[red], pins[buzzer], func(err error) { t.Error(err) })
				defer f.Close()
				s := NewStrike(strike, false, 0, func(err error) { t.Error(err) })
				defer s.Close()
				s.Watch(f.Unlocked)
				if m.signal == lock.DoorOpen {
					s.Open(5 * time.Second)
				}
				f.Show(m.signal)
				<-time.After(time.Minute)
				tells[m.signal] = highs(only.log())
			})
			if len(tells[m.signal]) == 0 {
				t.Errorf("%s alone does not tell %s", name, m.signal)
			}
		}
		for i, a := range meanings {
			for _, b := range meanings[:i] {
				if !apart(tells[a.signal], tells[b.signal]) {
					t.Errorf("%s alone: %s and %s are the same", name, a.signal, b.signal)
				}
			}
		}
		want := []time.Duration{5 * time.Second}
		if fitted == buzzer {
			want[0] = long
		}
		if got := tells[lock.DoorOpen]; !slices.Equal(got, want) {
			t.Errorf("%s alone is on for %v while the door is open, want %v", name, got, want)
		}
	}
}

func TestTheDocumentationShowsThePatterns(t *testing.T) {
	const path, begin, end = "../docs/feedback.md", "<!-- patterns -->\n", "<!-- end -->\n"
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(page), begin)
	old, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no place for the table", path)
	}
	table := patternTable()
	if old == table {
		return
	}
	if !*rewrite {
		t.Fatalf("%s shows other patterns; go test ./board -run Documentation -write mends that. They are:\n%s", path, table)
	}
	if err := os.WriteFile(path, []byte(before+begin+table+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

func patternTable() string {
	var b strings.Builder
	b.WriteString("| signal | it means | green | red | buzzer |\n|---|---|---|---|---|\n")
	for _, m := range meanings {
		p := patterns[m.signal]
		light := draw(p, green)
		if m.signal == lock.DoorOpen {
			light = "lit until it locks"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", m.signal, m.when, light, draw(p, red), draw(p, buzzer))
	}
	return b.String()
}

func draw(p []beat, l lamp) string {
	var marks []string
	for _, on := range ons(p, l) {
		mark := fmt.Sprintf("━ %v", on)
		if i := slices.Index([]time.Duration{blip, short, long}, on); i >= 0 {
			mark = []string{"·", "•", "━━"}[i]
		}
		marks = append(marks, mark)
	}
	return strings.Join(marks, " ")
}
