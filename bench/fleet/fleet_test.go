package main

import (
	"encoding/xml"
	"errors"
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
	if len(e.access) == 0 || len(e.state) == 0 || e.deaf != 0 || e.access[0] <= 0 || e.in == 0 || e.out <= e.in {
		t.Errorf("an evening: %+v", e)
	}
	for _, u := range []proc.Usage{e.house, e.broker, e.me} {
		if u.Resident == 0 || u.Descriptors == 0 {
			t.Errorf("used: %+v", u)
		}
	}
	for _, o := range r.outages {
		if len(o.back) != 50 || o.back[0] < 0 || o.made < 50 || o.refused == 0 || o.within(0, time.Hour) != o.made {
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
	ds, missed := e.after(map[string][]int64{"a": {10, 20, 30}, "b": {1}, "c": {1}}, func(h *heard) []int64 { return h.granted })
	if slices.Sort(ds); missed != 2 || !slices.Equal(ds, []time.Duration{1, 2, 2}) {
		t.Errorf("%v, %d missed", ds, missed)
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
		outages: []outage{{counts: map[int64]int{}}, {counts: map[int64]int{0: 7, 49: 3, 50: 1}}}}} {
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
