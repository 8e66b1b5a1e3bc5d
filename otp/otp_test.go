package otp

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestCodesAreUniformAndKeepTheirZeros(t *testing.T) {
	const n = 200_000
	var places [6][10]int
	for range n {
		c := NewCode(6).Reveal()
		if len(c) != 6 {
			t.Fatalf("a code of %d digits", len(c))
		}
		for i, r := range c {
			places[i][r-'0']++
		}
	}
	for i, counts := range places {
		chi := 0.0
		for _, got := range counts {
			d := float64(got) - n/10
			chi += d * d / (n / 10)
		}
		if chi > 60 { // 9 degrees of freedom: once in a thousand million runs
			t.Errorf("digit %d is not uniform: %v (chi square %.1f)", i, counts, chi)
		}
	}
}

func TestACodeDoesNotPrint(t *testing.T) {
	c := NewCode(8)
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "code", c, "in", struct{ C Code }{c})
	j, err := json.Marshal(map[string]any{"c": c, "p": &c})
	if err != nil {
		t.Fatal(err)
	}
	all := fmt.Sprintf("%v %+v %#v %s %q %d %x %v %#v", c, c, c, c, c, c, c, &c, struct{ C Code }{c}) + log.String() + string(j)
	if strings.Contains(all, c.Reveal()) {
		t.Errorf("the code stands in %q", strings.ReplaceAll(all, c.Reveal(), "<HERE>"))
	}
}

func TestTellsEntriesApart(t *testing.T) {
	const ttl = 2 * time.Minute
	s := NewStore()
	check := func(at time.Duration, entry string, want Verdict, when string) {
		t.Helper()
		if got := s.Try(at, entry); got != want {
			t.Errorf("%s: verdict %d, want %d", when, got, want)
		}
	}
	a, b, c := Code{"111111"}, Code{"222222"}, Code{"333333"}
	check(0, "111111", NoCode, "before any code")
	s.Put(0, a, ttl)
	check(1, "999999", Wrong, "a wrong entry")
	check(ttl-1, "111111", Right, "the right one at the last moment")
	check(ttl-1, "111111", Used, "the same again")
	check(ttl-1, "999999", NoCode, "a wrong entry after the code is spent")
	s.Put(ttl, b, ttl)
	check(2*ttl, "222222", Expired, "at the very end of its life")
	check(2*ttl, "111111", Used, "one spent long ago")
	s.Put(2*ttl, c, ttl)
	s.Put(2*ttl, a, ttl)
	check(2*ttl, "333333", Expired, "one that a newer one voided")
	check(2*ttl, "111111", Right, "a code that was used before, made again by chance")
	for range remembered {
		s.Put(3*ttl, NewCode(10), ttl)
	}
	check(3*ttl, "111111", Wrong, "one too old to be remembered")
}

func TestACodeOpensOnceWhateverTheOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, now, opened := NewStore(), time.Duration(0), map[int]bool{}
		var codes []Code
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				codes = append(codes, Code{fmt.Sprintf("%06d", len(codes))})
				s.Put(now, codes[len(codes)-1], time.Minute)
			},
			"try": func(t *rapid.T) {
				i := rapid.IntRange(0, len(codes)).Draw(t, "which")
				live := s.Left(now) > 0
				right := s.Try(now, fmt.Sprintf("%06d", i)) == Right
				if want := live && i == len(codes)-1 && !opened[i]; right != want {
					t.Fatalf("entry %d of %d: right %v, want %v", i, len(codes), right, want)
				}
				opened[i] = opened[i] || right
			},
			"wait": func(t *rapid.T) {
				now += time.Duration(rapid.IntRange(1, 90).Draw(t, "s")) * time.Second
			},
		})
	})
}

var rules = Rules{Attempts: 3, Lockout: 10 * time.Minute, Max: Day}

func TestLockoutsDoubleUpToTheLongest(t *testing.T) {
	c, now := Counter{Rules: rules}, time.Duration(0)
	for i, want := range []time.Duration{10, 20, 40, 80, 160, 320, 640, 1280, 1440, 1440, 1440} {
		for try := range 3 {
			if began := c.Fail(now, false); began != (try == 2) {
				t.Fatalf("lockout %d, try %d: began %v", i, try, began)
			}
		}
		if got := c.Until() - now; got != want*time.Minute {
			t.Errorf("lockout %d lasts %v, want %v min", i, got, int(want))
		}
		c.Advance(c.Until() - 1)
		if !c.Out() {
			t.Error("ended early")
		}
		now = c.Until()
		if ended, _ := c.Advance(now); !ended || c.Out() {
			t.Error("did not end on time")
		}
	}
}

func TestTheLevelFallsByOneForEachDayWithoutALockout(t *testing.T) {
	c := Counter{Rules: rules}
	for range 3 {
		for range 3 {
			c.Fail(0, false)
		}
		c.Advance(c.Until())
	}
	end := c.Until()
	for day := range 4 {
		if want := max(0, 3-day); c.Level() != want {
			t.Errorf("after %d days level %d, want %d", day, c.Level(), want)
		}
		at := end + time.Duration(day+1)*Day
		c.Advance(at - 1)
		if want := max(0, 3-day); c.Level() != want {
			t.Errorf("a moment before day %d the level is %d", day+1, c.Level())
		}
		c.Advance(at)
	}
	if _, due := c.Next(); due {
		t.Error("at rest something is due")
	}
}

func TestARightCodeForgetsTheCountNotTheLevel(t *testing.T) {
	c := Counter{Rules: rules}
	for range 3 {
		c.Fail(0, false)
	}
	c.Advance(c.Until())
	c.Fail(c.Until(), false)
	c.Right()
	if c.Failures() != 0 || c.Level() != 1 {
		t.Errorf("failures %d, level %d", c.Failures(), c.Level())
	}
}

func TestAStrictLockoutIsTheLongest(t *testing.T) {
	c := Counter{Rules: rules}
	for range 3 {
		c.Fail(0, true)
	}
	if c.Until() != Day {
		t.Errorf("lasts %v", c.Until())
	}
}

func TestCountingSurvivesARestartAtAnyMoment(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, now := Counter{Rules: rules}, time.Duration(0)
		b, shift := a, time.Duration(0) // b is restarted again and again, and its clock starts anew each time
		for range 60 {
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0:
				if !a.Out() {
					if a.Fail(now, false) != b.Fail(now-shift, false) {
						t.Fatal("one is locked out, the other not")
					}
				}
			case 1:
				remaining, decay := b.Left(now - shift)
				shift = now
				r := Counter{Rules: rules}
				r.Restore(0, b.Failures(), b.Level(), remaining, decay)
				b = r
			default:
				now += time.Duration(rapid.Int64Range(0, int64(30*time.Hour)).Draw(t, "wait"))
				a.Advance(now)
				b.Advance(now - shift)
			}
			if a.Out() != b.Out() || a.Failures() != b.Failures() || a.Level() != b.Level() || a.Out() && a.Until() != b.Until()+shift {
				t.Fatalf("never restarted %+v, restarted %+v (shift %v)", a, b, shift)
			}
		}
	})
}
