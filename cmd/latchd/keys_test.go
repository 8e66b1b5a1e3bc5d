package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"latchd/board"
	"latchd/configs"
	"latchd/keypad"
)

// testTable is of the default pad, with a bell.
func testTable() (*table, *benchInput) {
	cfg := configs.Default()
	in := benchInput{name: "bell", line: "GPIO26", activeLow: true, debounce: 20 * time.Millisecond}
	return newTable(&cfg, []benchInput{in}), &in
}

// frame is one in which these keys of the default pad are down.
func frame(keys string) (m keypad.Matrix) {
	for _, k := range keys {
		i := strings.IndexRune("123456789*0#", k)
		m[i/3] |= 1 << (i % 3)
	}
	return m
}

func padNews(keys string, bounce time.Duration) news {
	return news{pad: keypad.Reading{Frame: frame(keys), Bounce: bounce, Edges: true}}
}

func TestTheTableTellsWhatTheContactsDo(t *testing.T) {
	table, bell := testTable()
	start := time.Now()
	for i, c := range []struct {
		news
		want string
	}{
		{news{pad: keypad.Reading{Frame: frame("9")}}, "9        down when the test began, GPIO13 × GPIO21"},
		{padNews("", time.Millisecond), "9        up      GPIO13 × GPIO21, bounce 1.0 ms"},
		{padNews("5", 4500*time.Microsecond), "5        down    GPIO6 × GPIO20, bounce 4.5 ms"},
		{news{pad: keypad.Reading{Frame: frame("25")}}, "2        down    GPIO5 × GPIO20, bounce not timed"},
		{padNews("25", 2*time.Millisecond), "spikes   on the columns, for 2.0 ms: too short for a press, or interference"},
		{padNews("1245", 0), "ghost    among 1 2 4 5 (rows GPIO5, GPIO6 × columns GPIO16, GPIO20): the door takes none"},
		{padNews("", 0), ""},
		{news{input: bell, level: true}, "bell     at rest, GPIO26 is high"},
		{news{input: bell, level: false, pad: keypad.Reading{Bounce: 12 * time.Millisecond, Edges: true}},
			"bell     active  GPIO26, bounce 12.0 ms"},
	} {
		if got := strings.Join(table.take(start, c.news), "\n"); got != c.want {
			t.Errorf("%d: %q, want %q", i, got, c.want)
		}
	}
	want := `keys seen: 2 of 12: 2 5
keys never seen: 1 3 4 6 7 8 9 * 0 #
no key of row GPIO13 was seen: press them, or look at its wire
no key of row GPIO19 was seen: press them, or look at its wire
no key of column GPIO16 was seen: press them, or look at its wire
no key of column GPIO21 was seen: press them, or look at its wire
worst bounce 4.5 ms (key 5); keypad.debounce = "15ms" is right (9ms would do)
ghost among: 1 2 4 5 (rows GPIO5, GPIO6 × columns GPIO16, GPIO20)
bell: worst bounce 12.0 ms; set bell.debounce = "24ms" (it is 20ms)
`
	if got := table.summary(); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

func TestAKeyThatStaysDownIsStuckOnce(t *testing.T) {
	table, _ := testTable()
	start := time.Now()
	table.take(start, padNews("", 0))
	table.take(start, padNews("7", 0))
	if said := table.stuck(start.Add(stuckAfter - 1)); said != nil {
		t.Errorf("too early: %q", said)
	}
	if said := table.stuck(start.Add(stuckAfter)); len(said) != 1 || !strings.Contains(said[0], "7        stuck") ||
		!strings.Contains(said[0], "GPIO13 × GPIO16") {
		t.Errorf("%q", said)
	}
	if said := table.stuck(start.Add(2 * stuckAfter)); said != nil {
		t.Errorf("again: %q", said)
	}
	if s := table.summary(); !strings.Contains(s, "\nstuck: 7 (GPIO13 × GPIO16)\n") {
		t.Error(s)
	}
}

func TestTheAdviceNamesWhatNoDebounceCovers(t *testing.T) {
	for worst, want := range map[time.Duration]string{
		3 * time.Millisecond:   `keypad.debounce = "15ms" is right (6ms would do)`,
		9 * time.Millisecond:   `set keypad.debounce = "18ms" (it is 15ms)`,
		150 * time.Millisecond: "no debounce covers that: look for a loose wire or a worn contact",
	} {
		if got := advise("keypad", worst, 15*time.Millisecond); got != want {
			t.Errorf("%v: %s, want %s", worst, got, want)
		}
	}
}

func TestTheScreenFitsAndMarksWhatItColours(t *testing.T) {
	table, bell := testTable()
	now := time.Now()
	table.take(now, padNews("", 0))
	table.take(now, padNews("5", time.Millisecond))
	table.take(now, padNews("", time.Millisecond))
	table.take(now, padNews("8", time.Millisecond))
	table.stuck(now.Add(stuckAfter))
	table.take(now, padNews("8#", time.Millisecond))
	table.take(now, news{input: bell, level: true})
	for _, size := range [][2]int{{80, 24}, {60, 24}, {40, 24}, {80, 10}, {200, 60}} {
		all := table.draw(size[0], size[1])
		if len(all) > size[1] {
			t.Errorf("%v: %d lines", size, len(all))
		}
		for _, line := range all {
			if n := utf8.RuneCountInString(uncolour(line)); n > size[0] {
				t.Errorf("%v: %d columns: %q", size, n, uncolour(line))
			}
		}
	}
	for _, width := range []int{60, 40} {
		drawn := uncolour(strings.Join(table.draw(width, 24), "\n"))
		for _, want := range []string{"Ctrl-C ends", "· never seen", "?5? ghost", "!5! stuck"} {
			if !strings.Contains(drawn, want) {
				t.Errorf("%d columns: %q is not in\n%s", width, want, drawn)
			}
		}
	}
	drawn := uncolour(strings.Join(table.draw(80, 24), "\n"))
	for _, want := range []string{"·1·", " 5  1.0 ms", "!8!", "[#]", "GPIO13", "GPIO21", "bell     at rest GPIO26 is high"} {
		if !strings.Contains(drawn, want) {
			t.Errorf("%q is not in\n%s", want, drawn)
		}
	}
}

func TestABusyLineSaysWhoHoldsItMostOften(t *testing.T) {
	err := stopTheDaemon(fmt.Errorf("strike: %w", board.ErrBusy))
	if !errors.Is(err, board.ErrBusy) || !strings.Contains(err.Error(), "systemctl stop latchd") {
		t.Error(err)
	}
	if other := errors.New("no chip"); stopTheDaemon(other) != other {
		t.Error("another error was changed")
	}
}
