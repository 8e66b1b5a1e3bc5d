package keypad_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"latchd/keypad"
)

const (
	ms       = time.Millisecond
	debounce = 15 * ms
	stuck    = 10 * time.Second
)

var keys = []string{"123", "456", "789", "*0#"}

// place returns a key's row and column.
func place(key rune) (row, col int) {
	for r, k := range keys {
		if c := strings.IndexRune(k, key); c >= 0 {
			return r, c
		}
	}
	panic("no such key")
}

// seen returns the frame that a scan shows while the given keys are down: every row shows all columns that current can
// reach through keys that are down.
func seen(down string) (frame keypad.Matrix) {
	for r := range keys {
		rows, cols := 1<<r, 0
		for range down {
			for _, key := range down {
				if kr, kc := place(key); rows>>kr&1 == 1 || cols>>kc&1 == 1 {
					rows, cols = rows|1<<kr, cols|1<<kc
				}
			}
		}
		frame[r] = uint32(cols)
	}
	return frame
}

// says writes an event as the tables do.
func says(e keypad.Event) string {
	switch e := e.(type) {
	case keypad.Press:
		return string(e.Key)
	case keypad.Stuck:
		return fmt.Sprintf("stuck(%d,%d)", e.Row, e.Col)
	case keypad.Freed:
		return fmt.Sprintf("freed(%d,%d)", e.Row, e.Col)
	}
	return fmt.Sprint(e)
}

// hold is some keys kept down from one moment to another.
type hold struct {
	from, to time.Duration
	keys     string
}

// play scans every 5 ms while a key is down or the scanner is busy, beginning before time 0, until one second after the
// last key is up.
func play(s *keypad.Scanner, holds []hold) string {
	var came []string
	end, masked := time.Duration(0), 0
	for _, h := range holds {
		end = max(end, h.to)
	}
	for now := -100 * ms; now < end+time.Second; now += 5 * ms {
		down := ""
		for _, h := range holds {
			if h.from <= now && now < h.to {
				down += h.keys
			}
		}
		if now > -100*ms && down == "" && !s.Busy() && masked == 0 {
			continue
		}
		for _, e := range s.Step(now+time.Hour, seen(down)) {
			came = append(came, says(e))
			switch e.(type) {
			case keypad.Stuck:
				masked++
			case keypad.Freed:
				masked--
			}
		}
	}
	return strings.Join(came, " ")
}

func TestFingersAndWhatTheyPress(t *testing.T) {
	const sec = time.Second
	tests := []struct {
		name  string
		holds []hold
		want  string
	}{
		{"a tap is one press", []hold{{0, 80 * ms, "5"}}, "5"},
		{"a key that is held does not repeat", []hold{{0, 9 * sec, "5"}}, "5"},
		{"a touch shorter than the debounce is none", []hold{{0, 15 * ms, "5"}}, ""},
		{"a touch as long as the debounce is one", []hold{{0, 16 * ms, "5"}}, "5"},
		{"letting go for less than the debounce is no second press", []hold{{0, 80 * ms, "5"}, {90 * ms, 170 * ms, "5"}}, "5"},
		{"the same key twice is two presses", []hold{{0, 80 * ms, "5"}, {100 * ms, 180 * ms, "5"}}, "5 5"},
		{"a second key counts while the first is held", []hold{{0, 200 * ms, "1"}, {100 * ms, 300 * ms, "5"}}, "1 5"},
		{"two keys of a row count", []hold{{0, 200 * ms, "1"}, {100 * ms, 300 * ms, "2"}}, "1 2"},
		{"two keys of a column count", []hold{{0, 200 * ms, "1"}, {100 * ms, 300 * ms, "4"}}, "1 4"},
		{"a whole row counts, for it shows no ghosts", []hold{{0, 200 * ms, "123"}}, "1 2 3"},
		{"a whole column counts, for it shows no ghosts", []hold{{0, 200 * ms, "147*"}}, "1 4 7 *"},
		{"three keys of a rectangle are none", []hold{{0, 200 * ms, "125"}}, ""},
		{"four keys of a rectangle are none", []hold{{0, 200 * ms, "1245"}}, ""},
		{"three keys of a wide rectangle are none", []hold{{0, 200 * ms, "13#"}}, ""},
		{"three keys of a rectangle are none even when they come up one by one",
			[]hold{{0, 200 * ms, "1"}, {0, 300 * ms, "2"}, {0, 400 * ms, "5"}}, ""},
		{"a third key that makes a rectangle is none, and the two before are not repeated",
			[]hold{{0, 400 * ms, "12"}, {100 * ms, 200 * ms, "5"}}, "1 2"},
		{"nor is it taken when the rectangle ends before it",
			[]hold{{0, 400 * ms, "2"}, {0, 200 * ms, "1"}, {100 * ms, 400 * ms, "5"}}, "1 2"},
		{"a key outside the rectangle's rows counts", []hold{{0, 400 * ms, "125"}, {100 * ms, 200 * ms, "#"}}, "#"},
		{"after a rectangle keys work again", []hold{{0, 200 * ms, "125"}, {300 * ms, 400 * ms, "5"}}, "5"},
		{"three keys touched for a moment do not spoil the next press", []hold{{0, 5 * ms, "125"}, {sec, 2 * sec, "5"}}, "5"},
		{"a key that is down at the start is not taken", []hold{{-sec, 200 * ms, "5"}, {300 * ms, 400 * ms, "5"}}, "5"},
		{"a key that is down for 10 s is stuck, once", []hold{{0, 60 * sec, "5"}}, "5 stuck(1,1) freed(1,1)"},
		{"a key that comes up at the last moment is not stuck", []hold{{0, 10*sec + 10*ms, "5"}}, "5"},
		{"a key that is stuck from the start is never taken", []hold{{-sec, 60 * sec, "5"}}, "stuck(1,1) freed(1,1)"},
		{"beside a stuck key the others work", []hold{{0, 60 * sec, "5"}, {20 * sec, 21 * sec, "1"}, {22 * sec, 23 * sec, "4"},
			{24 * sec, 25 * sec, "2"}, {26 * sec, 27 * sec, "#"}}, "5 stuck(1,1) 1 4 2 # freed(1,1)"},
		{"a stuck key and two more make a rectangle", []hold{{0, 20 * sec, "5"}, {15 * sec, 16 * sec, "42"}},
			"5 stuck(1,1) freed(1,1)"},
		{"a stuck key that was freed is a key like any other", []hold{{0, 20 * sec, "5"}, {21 * sec, 22 * sec, "5"}},
			"5 stuck(1,1) freed(1,1) 5"},
		{"a rectangle that does not end is stuck, and keys of other rows and columns work",
			[]hold{{0, 20 * sec, "125"}, {15 * sec, 16 * sec, "#"}},
			"stuck(0,0) stuck(0,1) stuck(1,0) stuck(1,1) # freed(0,0) freed(0,1) freed(1,0) freed(1,1)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := keypad.NewScanner(keys, debounce, stuck)
			if got := play(s, tt.holds); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if s.Busy() {
				t.Error("the scanner still waits for something")
			}
		})
	}
}

// Contacts close and open untidily: one character a millisecond, after the shapes in Ganssle, A Guide to Debouncing.
func TestAContactThatBouncesIsOnePress(t *testing.T) {
	const up, down = "....................", "####################"
	tests := []struct{ name, trace string }{
		{"cleanly", up + down + up},
		{"with a few spikes", up + "#.#..##." + down + "#.#.." + up},
		{"with one long gap", up + "##.........##" + down + up},
		{"mostly while it opens", up + "#" + down + ".#.##...#..#" + up},
		{"on and off at every look", up + "#....#....#....#....#...." + down + "#....#....#...." + up},
		{"with a dropout in the middle", up + down + "..." + down + up},
		{"for long", up + strings.Repeat("#.", 20) + down + strings.Repeat(".#", 20) + up},
	}
	for _, tt := range tests {
		for phase := range 5 { // of the scans against the trace
			s := keypad.NewScanner(keys, debounce, stuck)
			presses := 0
			for i := phase; i < len(tt.trace); i += 5 {
				frame := keypad.Matrix{}
				if tt.trace[i] == '#' {
					frame = seen("5")
				}
				presses += len(s.Step(time.Hour+time.Duration(i)*ms, frame))
			}
			if presses != 1 {
				t.Errorf("%s, scanned from millisecond %d: %d presses", tt.name, phase, presses)
			}
		}
	}
}

func TestAfterMissedScansWhatIsDownIsNotTakenAndWhatIsStuckStays(t *testing.T) {
	s := keypad.NewScanner(keys, debounce, stuck)
	if got := play(s, []hold{{0, 20 * time.Second, ""}}); got != "" {
		t.Fatal(got)
	}
	now := 2 * time.Hour
	step := func(down string, d time.Duration) (came []string) {
		for end := now + d; now < end; now += 5 * ms {
			for _, e := range s.Step(now, seen(down)) {
				came = append(came, says(e))
			}
		}
		return came
	}
	steps := []struct {
		down string
		long time.Duration
		want string
	}{
		{"#", 11 * time.Second, "[# stuck(3,2)]"},
		{"#1", time.Second, "[1]"},
		{"#12", time.Second, "[]"}, // after Missed
		{"#", time.Second, "[]"},
		{"#1", time.Second, "[1]"},
		{"", time.Second, "[freed(3,2)]"},
	}
	for i, st := range steps {
		if i == 2 {
			s.Missed()
		}
		if got := fmt.Sprint(step(st.down, st.long)); got != st.want {
			t.Errorf("step %d: %s, want %s", i, got, st.want)
		}
	}
}

// stroke is one finger on one key, with the milliseconds of chatter at both ends.
type stroke struct {
	key        rune
	down, up   time.Duration
	chatter    time.Duration
	randomness uint64
}

// closed says whether the stroke's contact is closed.
func (s stroke) closed(at time.Duration) bool {
	switch {
	case at < s.down, at >= s.up+s.chatter:
		return false
	case at < s.down+s.chatter, at >= s.up:
		return s.randomness>>(uint64(at/(500*time.Microsecond))%64)&1 == 1
	}
	return true
}

// scanned plays strokes to a scanner, each row scanned at a moment of its own, and returns the presses.
func scanned(strokes []stroke) (presses string) {
	s := keypad.NewScanner(keys, debounce, stuck)
	end := time.Duration(0)
	for _, st := range strokes {
		end = max(end, st.up)
	}
	for now := -100 * ms; now < end+100*ms; now += 5 * ms {
		var frame keypad.Matrix
		for r := range keys {
			down := ""
			for _, st := range strokes {
				if st.closed(now + time.Duration(r)*100*time.Microsecond) {
					down += string(st.key)
				}
			}
			frame[r] = seen(down)[r]
		}
		for _, e := range s.Step(now+time.Hour, frame) {
			if p, ok := e.(keypad.Press); ok {
				presses += string(p.Key)
			}
		}
	}
	return presses
}

func drawStroke(t *rapid.T, earliest time.Duration) stroke {
	st := stroke{
		key:        rapid.SampledFrom([]rune("1234567890*#")).Draw(t, "key"),
		down:       earliest + time.Duration(rapid.IntRange(0, 200_000).Draw(t, "after"))*time.Microsecond,
		chatter:    time.Duration(rapid.IntRange(0, 10_000).Draw(t, "chatter")) * time.Microsecond,
		randomness: rapid.Uint64().Draw(t, "randomness"),
	}
	st.up = st.down + time.Duration(rapid.IntRange(40_000, 300_000).Draw(t, "held"))*time.Microsecond
	return st
}

// At most two keys are down together, and a finger needs 40 ms from key to key: then every stroke is one press, in order.
func TestWhatFingersPressComesOutInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var strokes []stroke
		var want string
		last, lastButOne := stroke{}, stroke{}
		for range rapid.IntRange(1, 12).Draw(t, "strokes") {
			earliest := max(last.down+40*ms, lastButOne.up+lastButOne.chatter+ms) // more than a scan takes
			st := drawStroke(t, earliest)
			for _, before := range strokes { // the same key has to come up first
				if quiet := before.up + before.chatter + 40*ms; before.key == st.key && st.down < quiet {
					st.up += quiet - st.down
					st.down = quiet
				}
			}
			strokes, want = append(strokes, st), want+string(st.key)
			if lastButOne = last; lastButOne.up > st.up { // which of the two comes up last
				last, lastButOne = lastButOne, st
				last.down = st.down
			} else {
				last = st
			}
		}
		if got := scanned(strokes); got != want {
			t.Fatalf("pressed %q, taken %q", want, got)
		}
	})
}

// However late scans come: a key is taken once for each time that scans over the debounce agreed that it is down, after
// scans over the debounce agreed that it is up.
func TestLateScansNeitherLoseNorRepeatAPress(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := keypad.NewScanner(keys, debounce, stuck)
		s.Step(0, seen(""))
		now, begun := time.Second, time.Duration(0)
		want, got := 0, 0
		down, settled := false, false // as the last scan saw it; as scans over the debounce did
		for range rapid.IntRange(1, 60).Draw(t, "scans") {
			now += time.Duration(rapid.SampledFrom([]int{5, 5, 5, 6, 9, 14, 15, 16, 70}).Draw(t, "gap")) * ms
			frame := ""
			if rapid.Bool().Draw(t, "changed") != down {
				frame = "5"
			}
			if is := frame != ""; is != down {
				down, begun = is, now
			}
			if now-begun >= debounce && settled != down {
				if settled = down; down {
					want++
				}
			}
			got += len(s.Step(now, seen(frame)))
		}
		if got != want {
			t.Fatalf("%d presses, want %d", got, want)
		}
	})
}

// Whatever fingers do, rectangles included, no key is taken more often than a finger pressed it.
func TestNoKeyIsTakenThatNoFingerPressed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var strokes []stroke
		pressed := make(map[rune]int)
		for range rapid.IntRange(1, 12).Draw(t, "strokes") {
			st := drawStroke(t, time.Duration(rapid.IntRange(0, 600).Draw(t, "from"))*ms)
			strokes = append(strokes, st)
			pressed[st.key]++
		}
		for _, key := range scanned(strokes) {
			if pressed[key]--; pressed[key] < 0 {
				t.Fatalf("%c was taken once more than it was pressed", key)
			}
		}
	})
}

// Any frames at any times: no panic, no press of a key that was never seen, none without seeing the key anew, and every
// stuck key was taken for one before it is freed.
func FuzzStep(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 0, 5, 1, 0, 0, 0, 5, 1, 0, 0, 0, 5, 1, 0, 0, 0, 5, 1, 0, 0, 0})
	f.Add([]byte("\x00\x00\x00\x00\x00\x05\x03\x03\x00\x00\xff\x03\x03\x00\x00\xff\x00\x02\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s := keypad.NewScanner(keys, debounce, time.Second)
		var now time.Duration
		var appeared, before keypad.Matrix // keys that went from up to down since they were last taken
		masked := make(map[string]bool)
		for ; len(data) >= 5; data = data[5:] {
			now += time.Duration(data[0]) * ms
			var frame keypad.Matrix
			for r := range keys {
				frame[r] = uint32(data[1+r])
				appeared[r] |= frame[r] &^ before[r]
			}
			before = frame
			for _, e := range s.Step(now, frame) {
				switch e := e.(type) {
				case keypad.Press:
					r, c := place(e.Key)
					if appeared[r]>>c&1 == 0 || frame[r]>>c&1 == 0 {
						t.Fatalf("at %v: %c is not newly down", now, e.Key)
					}
					appeared[r] &^= 1 << c
				case keypad.Stuck:
					at := fmt.Sprint(e.Row, e.Col)
					if masked[at] || frame[e.Row]>>e.Col&1 == 0 {
						t.Fatalf("at %v: key %s reported stuck twice, or up", now, at)
					}
					masked[at] = true
				case keypad.Freed:
					at := fmt.Sprint(e.Row, e.Col)
					if !masked[at] {
						t.Fatalf("at %v: key %s freed, but it was not stuck", now, at)
					}
					delete(masked, at)
				}
			}
		}
	})
}

func BenchmarkStep(b *testing.B) {
	for _, down := range []string{"", "5", "125"} {
		b.Run(fmt.Sprintf("%d keys down", len(down)), func(b *testing.B) {
			s := keypad.NewScanner(keys, debounce, time.Duration(1<<62))
			frame, now := seen(down), time.Duration(0)
			b.ReportAllocs()
			for b.Loop() {
				now += 5 * ms
				s.Step(now, frame)
			}
		})
	}
}
