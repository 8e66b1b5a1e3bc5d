package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestTheKernelsTraceIsRead(t *testing.T) {
	h := header{base: 976}
	for text, want := range map[string]move{
		"          latchd-235     [000] .....    10.872201: gpio_value: 993 set 1":       {at: 10_872_201_000, line: 17, high: true},
		"          latchd-235     [000] .N...    10.000005: gpio_value: 993 set 0":       {at: 10_000_005_000, line: 17},
		" irq/25-a: b [x] [000] d..1. 3.000001: gpio_direction: 981 out (0)":             {at: 3_000_001_000, line: 5, direction: true, out: true},
		"          latchd-226     [000] .....    10.824985: gpio_direction: 981  in (0)": {at: 10_824_985_000, line: 5, direction: true},
	} {
		if got, ok := h.parseMove(text); !ok || got != want {
			t.Errorf("%q is %+v, %v, want %+v", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "CPU:0 [LOST 12 EVENTS]", "x: gpio_value: ", "x [000] now: gpio_value: 1 set 1"} {
		if got, ok := h.parseMove(text); ok {
			t.Errorf("%q is %+v, want none", text, got)
		}
	}
}

func TestWhatABootTakesIsTheMedianOfAllAndTheLongest(t *testing.T) {
	got := figures([]verdict{{Name: "install", Said: []string{"boot to locked: 9.00 s"}},
		{Name: "boot", Said: []string{"boot to locked: 4.20 s", "exposed: 1.1", "boot to locked: 900.0 ms", "boot to locked: 4.10 s", "installed by hand"}}})
	var said []string
	for _, f := range got {
		said = append(said, f.name+": "+spread(f.values))
	}
	if want := []string{"boot to locked: median 4.10 s, longest 4.20 s (n = 3)", "exposed: 1.1"}; !slices.Equal(said, want) {
		t.Errorf("%q, want %q", said, want)
	}
}

func TestTheWitnessAccountsForEveryOpening(t *testing.T) {
	w := &witness{moved: make(chan struct{})}
	drive := func(at int64, high bool) { w.see(move{at: at, high: high}) }
	w.forget(true) // active low: open is low
	drive(1, true)
	drive(2, true)
	if err := w.account(); err != nil {
		t.Errorf("locked twice: %v", err)
	}
	drive(3, false)
	if err := w.account(); err == nil {
		t.Error("an opening that nobody claimed was let pass")
	}
	if o, ok := w.opens(0); !ok || o.from != 3 {
		t.Errorf("the opening is %+v, %v", o, ok)
	}
	if err := w.account(); err == nil {
		t.Error("a strike that is open in the end was let pass")
	}
	drive(8, true)
	if o, ok := w.locks(0); !ok || o != (opening{3, 8}) {
		t.Errorf("the opening is %+v, %v", o, ok)
	}
	if err := w.account(); err != nil {
		t.Errorf("claimed and locked: %v", err)
	}
	w.see(move{at: 9, direction: true})
	if err := w.account(); err == nil {
		t.Error("a strike's line that floats was let pass")
	}
}

// The daemon has started before the player knows which level opens.
func TestTheWitnessJudgesWhatWasDrivenSinceTheBoot(t *testing.T) {
	for activeLow, fine := range map[bool]bool{true: true, false: false} {
		w := &witness{moved: make(chan struct{})}
		w.see(move{at: 1, high: true})
		w.resume(activeLow)
		w.see(move{at: 2, high: activeLow})
		if err := w.account(); (err == nil) != fine {
			t.Errorf("driven high, active low %v: %v", activeLow, err)
		}
		if drives, _ := w.counts(); drives != 2 {
			t.Errorf("%d drives, want 2", drives)
		}
	}
}

// What a machine did not get to must never count as passed.
func TestWhatAMachineLeftOpenHasFailed(t *testing.T) {
	for name, c := range map[string]struct {
		verdicts string
		failed   int
	}{
		"all":               {`{"Name":"install"}` + "\n" + `{"Name":"a"}` + "\r\n" + `{"Name":"b"}` + "\n", 0},
		"one failed":        {`{"Name":"install"}` + "\n" + `{"Name":"a","Error":"x"}` + "\n" + `{"Name":"b"}` + "\n", 1},
		"ended before b":    {`{"Name":"install"}` + "\n" + `{"Name":"a"}` + "\n", 1},
		"torn":              {`{"Name":"install"}` + "\n" + `{"Name":"a"}` + "\n" + `{"Name":"b`, 2},
		"never came so far": {"", 3},
	} {
		dir := filepath.Join(t.TempDir(), "once")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		for file, text := range map[string]string{"todo": "a\nb\n", "verdicts": c.verdicts} {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		vs, err := readVerdicts(dir)
		if err != nil {
			t.Fatal(err)
		}
		failed := 0
		for _, v := range vs {
			if v.Error != "" {
				failed++
			}
		}
		if failed != c.failed {
			t.Errorf("%s: %d failed, want %d: %+v", name, failed, c.failed, vs)
		}
	}
	if err := report([]string{t.TempDir()}); err == nil || !strings.Contains(err.Error(), "nothing") {
		t.Errorf("no machine at all: %v", err)
	}
}
