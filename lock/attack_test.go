package lock_test

import (
	"flag"
	"fmt"
	"math"
	"testing"
	"time"

	. "latchd/lock"
	"latchd/otp"
)

var years = flag.Int("years", 100, "simulated years of attack, each on a door of its own")

const year = 365 * 24 * time.Hour

// attacker stands at the keypad for a year. A live code is there at every guess: it is put there by ringing whenever the
// door would text, and the budget is set aside so that the guessing alone is measured.
type attacker struct {
	cutPower bool // after each refused entry: no count may be lost by it
	ring     bool // for a new code before each guess: no count may be lowered by it
	offline  bool // the door takes offline codes always: three more are right at each guess
}

// right returns how many codes are right at each guess.
func (a attacker) right() float64 {
	if a.offline {
		return 1 + 3
	}
	return 1
}

// year returns how many guesses were looked at, and whether one opened.
func (a attacker) year() (guesses int, opened bool) {
	cfg := rules()
	cfg.Digits, cfg.MinGap, cfg.PerHour, cfg.PerDay, cfg.TTL = 4, 0, 1<<30, 1<<30, 10*time.Minute
	if a.offline {
		cfg.Offline = Offline{OfflineAlways, otp.NewTOTP()}
	}
	now := Instant{Wall: noon, Synced: true}
	m := New(cfg, State{}, now)
	m.Step(now, Started{})
	var st State
	tried := 0 // a dead code, hit by chance, is told as such and is no guess at the live one
	step := func(in Input) (denied bool) {
		for _, e := range m.Step(now, in) {
			switch e := e.(type) {
			case Save:
				st = e.State
				st.Texts = nil
			case OpenStrike:
				opened = true
			case Emit:
				denied = denied || e.Event.Reason == WrongCode || e.Event.Reason == NoCode
			}
		}
		return denied
	}
	for now.Mono < year && !opened {
		if s := m.Status(); s.LockedOut {
			now.Mono += s.Remaining
			now.Wall = noon.Add(now.Mono)
			step(Tick{})
			continue
		}
		if a.ring || m.Status().CodeFor == 0 {
			step(Level{Sensor: Bell, Active: true})
			step(Level{Sensor: Bell})
		}
		denied := false
		for _, k := range fmt.Sprintf("%04d#", tried%10_000) {
			denied = step(Key{k}) || denied
		}
		tried++
		if denied || opened {
			guesses++
		}
		if a.cutPower && denied {
			now.Mono += 20 * time.Second // to start anew
			m = New(cfg, st, now)
			step(Started{})
		}
	}
	return guesses, opened
}

// guessesInAYear reckons, without the machine, how many entries a year of non-stop trying comes to.
func guessesInAYear(cfg Config) (n int) {
	wait := cfg.Lockout
	for at := time.Duration(0); at < year; n += cfg.Attempts {
		at += wait
		wait = min(2*wait, cfg.LockoutMax)
	}
	return n
}

func chance(guesses int, codes float64) float64 {
	return -math.Expm1(float64(guesses) * math.Log1p(-1/codes))
}

// TestAYearOfGuessing plays the attacker with four digits, so that luck shows in a few hundred years, and reckons the same
// for six.
func TestAYearOfGuessing(t *testing.T) {
	reckoned := guessesInAYear(rules())
	t.Logf("%d doors with codes of 4 digits, tried for a year each; the last column is reckoned for 6 digits", *years)
	t.Logf("%-44s %8s %19s %9s %9s", "", "guesses", "opened (95 %)", "reckoned", "6 digits")
	for _, c := range []struct {
		name string
		a    attacker
	}{
		{"three tries, wait, again", attacker{}},
		{"power cut after each wrong entry", attacker{cutPower: true}},
		{"a new code before each guess", attacker{ring: true}},
		{"both", attacker{cutPower: true, ring: true}},
		{"three tries, wait, again; offline codes too", attacker{offline: true}},
		{"all of it", attacker{cutPower: true, ring: true, offline: true}},
	} {
		hits, most := 0, 0
		for range *years {
			n, opened := c.a.year()
			most = max(most, n)
			if opened {
				hits++
			}
		}
		want := chance(reckoned, 1e4/c.a.right())
		got := float64(hits) / float64(*years)
		spread := 1.96 * math.Sqrt(got*(1-got)/float64(*years))
		t.Logf("%-44s %8d %11.1f ± %3.1f %% %7.1f %% %7.3f %%", c.name, most, 100*got, 100*spread, 100*want, 100*chance(reckoned, 1e6/c.a.right()))
		if most > reckoned {
			t.Errorf("%s: %d guesses in a year, reckoned %d", c.name, most, reckoned)
		}
		if sigma := math.Sqrt(want * (1 - want) / float64(*years)); got > want+6*sigma { // once in a thousand million runs
			t.Errorf("%s: opened %.2f%% of the doors, reckoned %.2f%%", c.name, 100*got, 100*want)
		}
	}
}
