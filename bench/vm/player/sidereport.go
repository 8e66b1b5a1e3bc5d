package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"latchd/bench/page"
)

// reportSide prints what the machine whose folder is named measured, and writes it into BENCHMARKS.md.
func reportSide(dir string) error {
	b, err := os.ReadFile(filepath.Join(dir, "verdicts"))
	if err != nil {
		return err
	}
	var r sideResult
	if err := json.Unmarshal(b, &r); err != nil {
		console, _ := os.ReadFile(filepath.Join(dir, "console"))
		return fmt.Errorf("the machine told nothing: %w: %s\n%s", err, b, console[max(0, len(console)-4000):])
	}
	if r.Error != "" {
		return fmt.Errorf("%s", r.Error)
	}
	text := r.section(time.Now())
	fmt.Print(text)
	return page.Write("BENCHMARKS.md", "side", text)
}

// section is the result for people. The programs are latchd and the peers; the second is the physical limit.
func (r *sideResult) section(on time.Time) string {
	var w bytes.Buffer
	fmt.Fprintf(&w, "`bench/vm/run --side` wrote this section on %s: in one run, on the same lines of Linux %s's gpio-sim, by the same fingers, latchd\n"+
		"as installed by the README (built with %s) beside [bench/vm/peers](bench/vm/peers): `bare.c`, the least that a C program can do on\n"+
		"the kernel's GPIO interface, and `polling.py`, what one would write in an evening with Debian's python3-libgpiod. Times are from the\n"+
		"kernel's trace. The machine is emulated, with one processor on which every instruction takes 2 ns, without caches: compare the\n"+
		"programs with each other, and do not take the times for a Raspberry Pi's. In brackets: times `bare.c`'s.\n\n",
		on.UTC().Format(time.DateOnly), r.Kernel, r.Go)
	head, line := "| figure |", "|---|"
	for _, p := range r.Programs {
		head, line = head+" "+p.Name+" |", line+"---|"
	}
	fmt.Fprintf(&w, "%s\n%s\n", head, line)
	row := func(figure string, cell func(p *sideProgram) string) {
		fmt.Fprintf(&w, "| %s |", figure)
		for _, p := range r.Programs {
			fmt.Fprintf(&w, " %s |", cell(p))
		}
		fmt.Fprintln(&w)
	}
	limit := r.Programs[1]
	spread := func(of func(p *sideProgram) []time.Duration, at float64) func(*sideProgram) string {
		return func(p *sideProgram) string { return beside(quantile(of(p), at), quantile(of(limit), at)) }
	}
	for _, f := range []struct {
		name string
		of   func(p *sideProgram) []time.Duration
	}{
		{"last key edge to strike edge, less the debounce of 15 ms", func(p *sideProgram) []time.Duration { return p.Key }},
		{"bell edge to the request's header at the API", func(p *sideProgram) []time.Duration { return p.Bell }},
		{"exec to strike locked", func(p *sideProgram) []time.Duration { return p.Start }},
	} {
		median := spread(f.of, 0.5)
		row(f.name+": median", func(p *sideProgram) string { return fmt.Sprintf("%s, n = %d", median(p), len(f.of(p))) })
		row("… p99", spread(f.of, 0.99))
		row("… longest", spread(f.of, 1))
	}
	row("context switches at rest", func(p *sideProgram) string { return fmt.Sprintf("%.2f/s", p.switches()) })
	row("processor at rest", func(p *sideProgram) string {
		return fmt.Sprintf("%.3f %%", 100*p.CPU.Seconds()/p.Rest.Seconds())
	})
	row("memory at rest: resident", func(p *sideProgram) string { return megabytes(p.RSS) })
	row("… its share (PSS)", func(p *sideProgram) string { return megabytes(p.PSS) })
	row("the bench's own part of the first figure: median", func(p *sideProgram) string { return beside(quantile(p.Bench, 0.5), 0) })
	fmt.Fprintf(&w, "\n%s", r.notes())
	return w.String()
}

func (r *sideResult) notes() string {
	var w strings.Builder
	key, limit := r.Programs[0], r.Programs[1]
	for _, aim := range []struct {
		what      string
		got, most float64
	}{
		{"median from key to strike, times `bare.c`'s", ratio(key.Key, limit.Key, 0.5), 1.5},
		{"p99 from key to strike, times `bare.c`'s", ratio(key.Key, limit.Key, 0.99), 2},
		{"latchd's context switches a second at rest", key.switches(), 1},
	} {
		word := "met"
		if aim.got > aim.most {
			word = "**missed**"
		}
		fmt.Fprintf(&w, "- Aim %s: %s: %.2f, at the most %g.\n", word, aim.what, aim.got, aim.most)
	}
	fmt.Fprintf(&w, "- All debounce a key for 15 ms. latchd and `bare.c` sleep until an edge and scan every 5 ms from then on; `polling.py` looks every\n"+
		"  10 ms. latchd also wants the bell pressed for 1 ms before it counts, keeps a journal and tells a broker.\n"+
		"- Rings at latchd are %v apart, as at a door, so each takes a new connection. Codes have 4 digits and the texts' budget is\n"+
		"  raised, to save the bench time; all else is as installed. At rest is %v, after %v alone; latchd is connected to its broker and fed its watchdog.\n"+
		"- The bench's own part is what its thread of copper, which pulls the columns as the keys join them, and the rest of it ran between\n"+
		"  the end of the debounce and the strike's edge, by the scheduler's trace, in %d further entries. On one processor it stands in every program's figure, so the\n"+
		"  ratios of the programs alone are higher.\n", sideGap, sideRest, sideSettle, sideTraced)
	if r.Zero != "" {
		fmt.Fprintf(&w, "- gpiozero does not run on this kernel's lines: `%s`.\n", r.Zero)
	}
	return w.String()
}

func (p *sideProgram) switches() float64 { return float64(p.Switches) / p.Rest.Seconds() }

// quantile is the nearest rank's.
func quantile(of []time.Duration, at float64) time.Duration {
	if len(of) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(of))
	return sorted[max(0, int(math.Ceil(at*float64(len(sorted))))-1)]
}

func ratio(of, to []time.Duration, at float64) float64 {
	return float64(quantile(of, at)) / float64(quantile(to, at))
}

func beside(d, limit time.Duration) string {
	text := fmt.Sprintf("%.2f ms", float64(d)/1e6)
	if limit > 0 {
		text += fmt.Sprintf(" (%.2f)", float64(d)/float64(limit))
	}
	return text
}

func megabytes(kB int) string { return fmt.Sprintf("%.1f MB", float64(kB)*1024/1e6) }
