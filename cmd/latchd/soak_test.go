package main

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"latchd/bench/page"
)

var (
	soakEvents = flag.Uint64("soak", 6_000, "events of the soak; when given, growth of more than 5 % fails it")
	soakSeed   = flag.Uint64("seed", 1, "of what is random in the soak and between kills")
	soakWrite  = flag.Bool("write", false, "write the section soak or kills of BENCHMARKS.md; only with -soak or -kills")
)

// rounds is how many parts the soak has. The first ones are the warm-up: of a million events, 23 days, in which the journal
// reaches the 14 days that it keeps.
const (
	rounds = 10
	warm   = 2
)

// The whole daemon, with everything in one process and in virtual time, through weeks of a busy door.
func TestSoakHoldsTheRulesAndGrowsNothing(t *testing.T) {
	long := false
	flag.Visit(func(f *flag.Flag) { long = long || f.Name == "soak" })
	if *soakWrite && !long {
		t.Fatal("-write is for a soak whose length was given: add -soak 1000000")
	}
	if *soakEvents < rounds {
		t.Fatalf("-soak %d: want %d or more", *soakEvents, rounds)
	}
	dir, err := os.MkdirTemp("/dev/shm", "latchd-soak-")
	if err != nil {
		t.Logf("no tmpfs: %v", err)
		dir = t.TempDir()
	}
	defer os.RemoveAll(dir)
	t.Logf("the journal is in %s; seed %d", dir, *soakSeed)
	stamp := page.Stamp() // by the real clock
	synctest.Test(t, func(t *testing.T) { soak(t, dir, stamp, long) })
}

// born is when the soak begins. A bubble begins in 2000, when no latchd can have run.
var born = time.Date(2026, 11, 20, 6, 0, 0, 0, time.UTC)

func soak(t *testing.T, dir, stamp string, long bool) {
	<-time.After(time.Until(born))
	began := realTime()
	s := openStreet(t, dir)
	defer s.close()
	var took []figures
	for i := range uint64(rounds) {
		s.liveUntil(*soakEvents*(i+1)/rounds, *soakSeed*1000+i)
		s.calm()
		now := s.measure()
		took = append(took, now)
		t.Logf("%8d events, %5.1f days, %6.1f s: resident %.1f MB, live heap %.2f MB in %d objects, %d goroutines, %d descriptors, journal %.2f MB",
			s.witness.stored, time.Since(born).Hours()/24, (realTime() - began).Seconds(), mb(now.resident), mb(now.heap), now.objects,
			now.goroutines, now.descriptors, mb(now.journal))
		for _, p := range s.witness.verdict() {
			t.Error(p)
		}
		if t.Failed() {
			return
		}
	}
	if left, err := s.h.journal.Pending(context.Background(), 1); err != nil || len(left) > 0 {
		t.Errorf("the outbox holds %v, %v", left, err)
	}
	if shorts := s.h.sim.Shorts(); len(shorts) > 0 {
		t.Errorf("lines were driven both ways: %v", shorts)
	}
	s.enough(long)
	compare(t, took[warm-1], took[rounds-1], long)
	body := s.render(took[warm-1], took[rounds-1], stamp, realTime()-began)
	t.Logf("\n%s\n%s", body, s.tally())
	if *soakWrite && !t.Failed() {
		if err := page.Write("../../BENCHMARKS.md", "soak", body); err != nil {
			t.Error(err)
		}
	}
}

// figures are what may grow. Sizes are in bytes.
type figures struct {
	resident, peak, heap, journal    int64 // peak: of resident, so far
	objects, goroutines, descriptors int
}

// measure takes the figures of this process: the daemon, and the broker, the stand-in and the people, too. It does not open the
// journal: within one process SQLite may keep a descriptor for that.
func (s *street) measure() (f figures) {
	runtime.GC() // the second takes what the first one's finalizers let go of
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	f.heap, f.objects, f.goroutines = int64(m.HeapAlloc), int(m.HeapObjects), runtime.NumGoroutine()
	f.resident, f.peak = status("VmRSS:"), status("VmHWM:")
	if open, err := os.ReadDir("/proc/self/fd"); err == nil {
		f.descriptors = len(open)
	}
	dir := s.cfg.Journal.Path
	files, _ := os.ReadDir(dir)
	for _, e := range files {
		if info, err := os.Stat(filepath.Join(dir, e.Name())); err == nil {
			f.journal += info.Size()
		}
	}
	return f
}

// status reads a size of this process (proc_pid_status(5)), in bytes.
func status(key string) int64 {
	text, _ := os.ReadFile("/proc/self/status")
	_, rest, _ := strings.Cut(string(text), key)
	var kb int64
	fmt.Sscan(rest, &kb)
	return kb << 10
}

func mb(n int64) float64 { return float64(n) / 1e6 }

// realTime is a clock that a bubble does not hold.
func realTime() time.Duration {
	var t unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &t) // fails only for a clock that does not exist
	return time.Duration(t.Nano())
}

// compare judges growth. What is counted must be as before. What is measured in bytes may vary by 5 %; a short soak is not yet
// settled, so that of it only the heap is judged, roughly.
func compare(t *testing.T, before, after figures, long bool) {
	if after.goroutines != before.goroutines {
		t.Errorf("%d goroutines, %d before", after.goroutines, before.goroutines)
		pprof.Lookup("goroutine").WriteTo(os.Stderr, 1)
	}
	if after.descriptors != before.descriptors {
		t.Errorf("%d descriptors, %d before", after.descriptors, before.descriptors)
	}
	if grown := after.heap - before.heap; grown > 1e6 {
		t.Errorf("the live heap has grown by %.2f MB", mb(grown))
	}
	if !long {
		return
	}
	for _, x := range []struct {
		what          string
		before, after int64
	}{{"resident memory", before.resident, after.resident}, {"live heap", before.heap, after.heap}, {"journal", before.journal, after.journal}} {
		if x.after > x.before+x.before/20 {
			t.Errorf("%s: %.2f MB, %.2f MB before: more than 5 %%", x.what, mb(x.after), mb(x.before))
		}
	}
}

// enough says what a soak has to have seen, lest it pass because nothing happened.
func (s *street) enough(long bool) {
	want := []string{"bell.rung", "bell.limited min_gap", "code.sent", "code.delivered", "access.granted", "access.denied wrong_code",
		"access.denied malformed", "access.denied used", "access.denied expired", "lockout.started",
		"lockout.ended", "door.opened", "door.closed", "door.held", "door.forced", "exit.pressed", "command.done", "command.refused stale"}
	if long {
		want = append(want, "access.denied no_code", "access.denied locked_out", "bell.limited per_day", "bell.limited locked_out", "code.failed", "tamper.on",
			"command.refused retained", "fault.raised keypad", "fault.raised keypad entries", "fault.raised exit flapping", "fault.raised bell stuck",
			"fault.raised contact flapping", "fault.raised bell flapping", "fault.raised twilio", "fault.raised mqtt")
	}
	for _, w := range want {
		if s.witness.counts[w] == 0 {
			s.t.Errorf("there was no %s: that was too easy", w)
		}
	}
	if long && s.witness.repeated == 0 {
		s.t.Error("no event came twice: the connection to the broker never broke in mid-flow")
	}
}

// render is the section of BENCHMARKS.md.
func (s *street) render(before, after figures, stamp string, spent time.Duration) string {
	var b strings.Builder
	fmt.Fprintf(&b, "## Soak\n\n")
	fmt.Fprintf(&b, "`go test ./cmd/latchd -run Soak -soak %d -seed %d -write -timeout 60m` wrote this section on %s.\n", *soakEvents, *soakSeed, stamp)
	fmt.Fprintf(&b, `The whole daemon, on a simulated board and with connections in memory, passed %.0f days of a busy door in %.0f s of real time:
%d events, among them %d openings, %d wrong entries and %d lockouts, of %d pressed keys and %d rings; %d times the
connection to the broker broke or fell silent, and the broker stayed away for up to a day; %d events came to the consumer twice.
Memory, goroutines and descriptors are those of the whole test process, so with the broker, Twilio's stand-in and the people;
memory is taken after a collection of garbage that returned what is free. Before: after the first fifth, a warm-up in which the
journal reaches the 14 days that it keeps; its file does not shrink, so it is as large as the busiest 15 days so far made it.
After: at the end. Both with the broker connected and the outbox empty.
`,
		time.Since(born).Hours()/24, spent.Seconds(), s.witness.stored, s.witness.openings,
		s.witness.counts["access.denied wrong_code"]+s.witness.counts["access.denied no_code"], s.witness.counts["lockout.started"],
		s.acts["keys"], s.acts["rings"], s.acts["partings of the broker"], s.witness.repeated)
	fmt.Fprintf(&b, "\n| figure | before | after | change | aim |\n|---|---|---|---|---|\n")
	row := func(what, form string, before, after float64, aim string) {
		fmt.Fprintf(&b, "| %s | "+form+" | "+form+" | %+.1f %% | %s |\n", what, before, after, 100*(after-before)/before, aim)
	}
	const flat, same = "+5 % at the most", "the same"
	row("resident memory", "%.1f MB", mb(before.resident), mb(after.resident), flat)
	row("the most that was ever resident", "%.1f MB", mb(before.peak), mb(after.peak), "–")
	row("live heap", "%.2f MB", mb(before.heap), mb(after.heap), flat)
	row("goroutines", "%.0f", float64(before.goroutines), float64(after.goroutines), same)
	row("descriptors", "%.0f", float64(before.descriptors), float64(after.descriptors), same)
	row("the journal's folder", "%.2f MB", mb(before.journal), mb(after.journal), flat)
	return b.String()
}

// tally is what happened, for people to judge whether it was like a house.
func (s *street) tally() string {
	var b strings.Builder
	for _, counts := range []map[string]int{s.acts, s.witness.counts} {
		for _, what := range slices.Sorted(maps.Keys(counts)) {
			fmt.Fprintf(&b, "%9d %s\n", counts[what], what)
		}
	}
	return b.String()
}
