package main

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"latchd/bench/proc"
)

// This program starts itself as the doors; so do the tests.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "doors" {
		if err := beDoors(os.Args[2:], os.Stdin, os.Stdout); err != nil {
			println(err.Error())
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func TestASmallFleetLosesNothingAndIsBackAfterItsBroker(t *testing.T) {
	r, err := short.run(t.TempDir(), &progress{every: time.Hour, last: time.Now()})
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("without mosquitto there is nothing to try: ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	e := r.rates[0]
	if len(e.access) == 0 || len(e.state) == 0 || e.access.deaf()+e.state.deaf() != 0 || e.access[0] <= 0 || e.in == 0 || e.out <= e.in {
		t.Errorf("an evening: %+v", e)
	}
	for _, u := range []proc.Usage{e.house, e.broker, e.me} {
		if u.Resident == 0 || u.Descriptors == 0 {
			t.Errorf("used: %+v", u)
		}
	}
	if len(r.outages) != 2 || !strings.Contains(r.text(), "| killed, away for 1 s, 50 doors, mqtt.spread 1s, TLS | ") {
		t.Errorf("%d outages:\n%s", len(r.outages), r.text())
	}
	for _, o := range r.outages {
		if o.house.Resident == 0 || o.house.CPU <= 0 || o.broker.Resident == 0 {
			t.Errorf("an outage's use: %+v, %+v", o.house, o.broker)
		}
		if len(o.back) != 50 || o.back[0] < 0 || o.within(0, time.Hour) < 50 || o.refused == 0 {
			t.Errorf("an outage: %+v", o)
		}
	}
	if r.events < 50*2 || strings.Contains(r.text(), "%!") {
		t.Errorf("%d events:\n%s", r.events, r.text())
	}
}

func TestAConsumerKnowsWhatIsMissingAndWhatComesAgain(t *testing.T) {
	h := &heard{beyond: map[uint64]bool{}}
	for _, c := range []struct{ seq, upto uint64 }{{1, 1}, {2, 2}, {2, 2}, {5, 2}, {4, 2}, {4, 2}, {3, 5}, {1, 5}, {6, 6}} {
		if h.take(c.seq); h.upto != c.upto {
			t.Fatalf("after %d: all up to %d, want %d", c.seq, h.upto, c.upto)
		}
	}
	if h.again != 3 || len(h.beyond) != 0 {
		t.Errorf("%d again, %d beyond", h.again, len(h.beyond))
	}
}

func TestEachOpeningIsHeldAgainstWhatWasHeardBeforeTheNext(t *testing.T) {
	e := newEar()
	e.doors["a"], e.doors["b"] = &heard{granted: []int64{5, 12, 31}}, &heard{granted: []int64{3}}
	ds := e.after(map[string][]int64{"a": {10, 20, 30}, "b": {1}, "c": {1}}, func(h *heard) []int64 { return h.granted })
	if slices.Sort(ds); !slices.Equal(ds, []time.Duration{1, 2, 2, never, never}) {
		t.Errorf("%v", ds)
	}
}

func TestAnOpeningThatIsNotHeardCountsAsLongerThanAny(t *testing.T) {
	e := newEar()
	opened := map[string][]int64{}
	for i := range 200 {
		id := fmt.Sprint(i)
		opened[id], e.doors[id] = []int64{1}, &heard{unlocked: []int64{1_000_001}}
		if i >= 2 {
			e.doors[id].granted = []int64{2_000_001}
		}
	}
	v := evening{doors: 200, times: usual, took: time.Minute}
	v.latencies(e, opened)
	r := results{rates: []evening{v}}
	for _, want := range []string{"| 200 | 60 s | 2.00 ms | not in time | – | 1.00 ms | 1.00 ms | 2, 0 |", "| not in time (n = 200) | under 50 ms: **failed** |"} {
		if !strings.Contains(r.text(), want) {
			t.Errorf("no %s in\n%s", want, r.text())
		}
	}
	if v.gave() != "2 openings were not heard in time" {
		t.Error(v.gave())
	}
}

func TestEachAimHasItsVerdict(t *testing.T) {
	of := func(p99 time.Duration, resident float64, back time.Duration) results {
		return results{rates: []evening{{doors: 100, times: usual, took: time.Minute, access: slices.Repeat(latencies{p99}, 100), house: proc.Usage{Resident: 100 * resident}}},
			outages: []outage{{doors: 1, back: latencies{back}}}, events: 1}
	}
	few := of(time.Second, 1e6, time.Second)
	few.rates[0].access = few.rates[0].access[:99]
	for _, c := range []struct {
		r              results
		passed, failed int
	}{
		{of(aim-1, 4e6-1, 30*time.Second), 4, 0},
		{of(aim, 4e6-1, 30*time.Second), 3, 1},
		{of(aim-1, 4e6, 30*time.Second), 3, 1},
		{of(aim-1, 4e6-1, 30*time.Second+1), 3, 1},
		{of(never, 5e6, time.Minute), 1, 3},
		{few, 3, 0}, // and one that nobody can tell
	} {
		text := c.r.text()
		if p, f := strings.Count(text, ": passed |"), strings.Count(text, ": **failed** |"); p != c.passed || f != c.failed || len(c.r.failed()) != f {
			t.Errorf("%d passed and %d failed, want %d and %d; failed are %q in\n%s", p, f, c.passed, c.failed, c.r.failed(), text)
		}
	}
	if n := strings.Count(few.text(), "under 50 ms: too few to tell |"); n != 1 {
		t.Errorf("too few, told %d times:\n%s", n, few.text())
	}
}

func TestAShortRunSaysNothingOfWhatItLeavesOut(t *testing.T) {
	for _, c := range []struct {
		p    plan
		told int
	}{{short, 0}, {whole, 1}} {
		text := results{plan: c.p, idle: 0.87}.text()
		for _, of := range []string{"doubled", "wrote this section", "docs/fleet-latency.svg"} {
			if n := strings.Count(text, of); n != c.told {
				t.Errorf("%q stands %d times, want %d, in\n%s", of, n, c.told, text)
			}
		}
		if !strings.Contains(text, "idle for 87 % before") {
			t.Errorf("no idle share in\n%s", text)
		}
	}
}

func TestFiguresOfABusyMachineAreNotWritten(t *testing.T) {
	for _, c := range []struct {
		p    plan
		idle float64
		fit  bool
	}{{whole, 0.7, true}, {whole, 0.69, false}, {short, 1, false}} {
		if err := c.p.writable(c.idle); (err == nil) != c.fit {
			t.Errorf("%v idle: %v", c.idle, err)
		}
	}
}

func TestAPercentileThatNothingLiesAboveIsNotTold(t *testing.T) {
	l := make(latencies, 100)
	for i := range l {
		l[i] = time.Duration(i+1) * time.Millisecond
	}
	for _, c := range []struct {
		l    latencies
		q    float64
		want string
	}{{l, 0.5, "51.00 ms"}, {l, 0.99, "100.00 ms"}, {l, 0.999, "–"}, {l[:99], 0.99, "–"}, {nil, 0.5, "–"}} {
		if got := quantile(c.l, c.q); got != c.want {
			t.Errorf("%v of %d: %s, want %s", c.q, len(c.l), got, c.want)
		}
	}
}

func TestThePlotIsAPictureOfWhatThereIs(t *testing.T) {
	e := evening{doors: 1000, times: usual, access: make(latencies, 2000)}
	for i := range e.access {
		e.access[i] = time.Duration(i+1) * time.Millisecond
	}
	for _, r := range []results{{}, {rates: []evening{{doors: 1000, times: 1}, e}, grown: []evening{e, e},
		outages: []outage{{counts: map[int64]int{}}, {counts: map[int64]int{0: 7, 119: 3, 120: 1}}}}} {
		svg := string(r.plot())
		for d := xml.NewDecoder(strings.NewReader(svg)); ; {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%v in\n%s", err, svg)
			}
		}
		if bars := strings.Count(svg, `class="bar"`); bars != len(r.outages) {
			t.Errorf("%d bars", bars)
		}
		if strings.Contains(svg, "NaN") || strings.Count(svg, "<circle") != 3*(len(r.grown)+len(r.grown)) {
			t.Errorf("%d points:\n%s", strings.Count(svg, "<circle"), svg)
		}
	}
}
