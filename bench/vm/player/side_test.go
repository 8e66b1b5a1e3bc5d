package main

import (
	"strings"
	"testing"
	"time"
)

func TestTheBenchsPartIsWhatItsThreadsRanBetweenTheTwoEdges(t *testing.T) {
	const trace = `
 latchd-9 [000] d..2.  1.000500: sched_switch: prev_comm=latchd prev_pid=9 ==> next_comm=player next_pid=7
 player-7 [000] d..2.  1.001030: sched_switch: prev_comm=player prev_pid=7 ==> next_comm=latchd next_pid=9
 latchd-9 [000] d..2.  1.001100: sched_switch: prev_comm=latchd prev_pid=9 ==> next_comm=player next_pid=8
 player-8 [000] d..2.  1.001120: sched_switch: prev_comm=player prev_pid=8 ==> next_comm=swapper/0 next_pid=0
 <idle>-0 [000] d..2.  1.001500: sched_switch: prev_comm=swapper/0 prev_pid=0 ==> next_comm=player next_pid=7
 player-7 [000] d..2.  1.003000: sched_switch: prev_comm=player prev_pid=7 ==> next_comm=latchd next_pid=9
`
	between := opening{from: 1_001_000_000, to: 1_001_600_000}
	if got, want := ranFor(trace, "player", between), (30+20+100)*time.Microsecond; got != want {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestAQuantileIsTheNearestRanks(t *testing.T) {
	var of []time.Duration
	for n := 200; n > 0; n-- {
		of = append(of, time.Duration(n))
	}
	for at, want := range map[float64]time.Duration{0.5: 100, 0.99: 198, 1: 200} {
		if got := quantile(of, at); got != want {
			t.Errorf("quantile %g is %d, want %d", at, got, want)
		}
	}
}

func TestTheSectionSaysWhichAimsAreMissed(t *testing.T) {
	same := func(d time.Duration) []time.Duration { return []time.Duration{d} }
	r := sideResult{Zero: "no factory", Programs: []*sideProgram{
		{Name: "latchd", Key: same(14), Bell: same(3), Start: same(9), Rest: time.Minute, Switches: 90},
		{Name: "bare.c", Key: same(10), Bell: same(1), Start: same(3), Rest: time.Minute}}}
	text := r.section(time.Now())
	for _, want := range []string{"Aim met: median from key to strike, times `bare.c`'s: 1.40", "Aim **missed**: latchd's context switches a second at rest: 1.50",
		"`no factory`"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
