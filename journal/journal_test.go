package journal

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/oklog/ulid/v2"
	"go.uber.org/goleak"

	"latchd/lock"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(writerDir); dir != "" {
		writeUntilKilled(dir)
		return
	}
	goleak.VerifyTestMain(m)
}

// noon is the wall time of the tests' events.
var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func bell(n int) lock.Event {
	return lock.Event{At: noon.Add(time.Duration(n) * time.Second), Clock: "synced", Door: "front", Type: lock.BellRung}
}

func bells(from, to int) (events []lock.Event) {
	for n := from; n <= to; n++ {
		events = append(events, bell(n))
	}
	return events
}

// telling is one call of told.
type telling struct {
	events []lock.Event
	again  bool
}

// desk is a running journal, and what it has said.
type desk struct {
	*Journal
	t      testing.TB
	told   chan telling
	faults chan lock.Fault
	cancel context.CancelFunc
	ended  chan error
}

func options(dir string) Options { return Options{Dir: dir, Door: "front"} }

// begin opens and runs the journal in dir.
func begin(t testing.TB, o Options) (*desk, Opened) {
	t.Helper()
	j, was, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return run(t, j), was
}

func run(t testing.TB, j *Journal) *desk {
	ctx, cancel := context.WithCancel(context.Background())
	d := &desk{Journal: j, t: t, told: make(chan telling, 30_000), faults: make(chan lock.Fault, 1000), cancel: cancel, ended: make(chan error, 1)}
	go func() {
		d.ended <- j.Run(ctx, func(events []lock.Event, again bool) { d.told <- telling{events, again} },
			func(in lock.Input) { d.faults <- in.(lock.Fault) })
	}()
	t.Cleanup(func() { d.end() })
	return d
}

// end stops the journal and returns Run's error.
func (d *desk) end() error {
	d.cancel()
	err := <-d.ended
	d.ended <- err
	return err
}

// hear returns the next n events that were told.
func (d *desk) hear(n int) (events []lock.Event, again bool) {
	d.t.Helper()
	for len(events) < n {
		t := <-d.told
		events, again = append(events, t.events...), t.again
	}
	if len(events) > n {
		d.t.Fatalf("told %d events, want %d", len(events), n)
	}
	return events, again
}

func (d *desk) add(events ...lock.Event) {
	for _, e := range events {
		d.Add(e)
	}
}

// all reads the journal in dir.
func all(t testing.TB, dir string, q Query) (events []lock.Event) {
	t.Helper()
	err := Read(t.Context(), dir, q, func(e lock.Event) error { events = append(events, e); return nil })
	if err != nil {
		t.Fatal(err)
	}
	return events
}

func seqs(events []lock.Event) (n []uint64) {
	for _, e := range events {
		n = append(n, e.Seq)
	}
	return n
}

func span(from, to uint64) (n []uint64) {
	for ; from <= to; from++ {
		n = append(n, from)
	}
	return n
}

func equal[T any](t testing.TB, what string, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestEventsComeBackAsTheyWereToldOverARestart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "latchd")
	d, was := begin(t, options(dir))
	equal(t, "opened at first", was, Opened{})
	level := 2
	full := lock.Event{At: noon, Clock: "unsynced", Door: "front", Type: lock.LockoutStarted, Reason: lock.WrongCode, Method: lock.ByCode,
		Action: lock.Open, Owner: "Ada", Phone: "…67", Part: "strike", Detail: "in words", Hint: "a hint", Code: 30007,
		Wait: 90 * time.Second, Until: noon.Add(time.Hour), Level: &level, Count: 3}
	d.add(full, bell(1))
	told, _ := d.hear(2)
	for i := range told {
		if _, err := ulid.ParseStrict(told[i].ID); err != nil {
			t.Errorf("id %q: %v", told[i].ID, err)
		}
	}
	full.ID, full.Seq = told[0].ID, 1
	equal(t, "told", told[0], full)
	if err := d.end(); err != nil {
		t.Fatal(err)
	}

	d, _ = begin(t, options(dir))
	d.add(bell(2))
	more, _ := d.hear(1)
	equal(t, "read while it runs", all(t, dir, Query{}), append(told, more...))
	equal(t, "seq", seqs(append(told, more...)), span(1, 3))
	d.end()
	equal(t, "read after its end", all(t, dir, Query{}), append(told, more...))
}

func TestIDsRiseWithinAMillisecond(t *testing.T) {
	d, _ := begin(t, options(t.TempDir()))
	for range 500 {
		d.Add(bell(0))
	}
	events, _ := d.hear(500)
	for i := 1; i < len(events); i++ {
		if events[i].ID <= events[i-1].ID {
			t.Fatalf("id %s after %s", events[i].ID, events[i-1].ID)
		}
	}
	if id := ulid.MustParse(events[0].ID); !id.Timestamp().Equal(noon) {
		t.Errorf("the id's time is %v, the event's %v", id.Timestamp(), noon)
	}
}

func TestAnEventFromBefore1970OrFarAheadGetsAnID(t *testing.T) {
	d, _ := begin(t, options(t.TempDir()))
	d.add(lock.Event{At: time.Unix(-5, 0)}, lock.Event{At: time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC)}, lock.Event{})
	events, _ := d.hear(3)
	for _, e := range events {
		if _, err := ulid.ParseStrict(e.ID); err != nil {
			t.Errorf("id %q: %v", e.ID, err)
		}
	}
}

func TestWhatIsQueuedWhenRunEndsIsWritten(t *testing.T) {
	dir := t.TempDir()
	j, _, err := Open(options(dir))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range bells(1, 2500) {
		j.Add(e)
	}
	j.Save(lock.State{Failures: 2})
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := j.Run(ended, func([]lock.Event, bool) {}, func(lock.Input) {}); err != nil {
		t.Fatal(err)
	}
	equal(t, "seq", seqs(all(t, dir, Query{})), span(1, 2500))
	j, was, err := Open(options(dir))
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	equal(t, "state", was.State, lock.State{Failures: 2})
	if j.unsure {
		t.Error("a clean end was taken for a crash")
	}
}

func TestAFullQueueDropsTheOldestAndSaysSo(t *testing.T) {
	j, _, err := Open(options(t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range bells(1, queueLimit+7) {
		j.Add(e)
	}
	d := run(t, j)
	events, _ := d.hear(queueLimit + 1)
	hole := events[0]
	if hole.Type != lock.FaultCleared || hole.Part != lock.JournalPart || hole.Count != 7 || hole.Seq != 1 {
		t.Errorf("the hole is told as %+v", hole)
	}
	equal(t, "first kept", events[1].At, bell(8).At)
	equal(t, "last kept", events[len(events)-1].At, bell(queueLimit+7).At)
}

func TestASecondWriterIsRefused(t *testing.T) {
	dir := t.TempDir()
	begin(t, options(dir))
	if j, _, err := Open(options(dir)); !errors.Is(err, ErrInUse) {
		t.Fatalf("opened %v, error %v", j, err)
	}
}

func TestNobodyElseMayReadTheFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "latchd")
	d, _ := begin(t, options(dir))
	d.add(bell(1))
	d.hear(1)
	for name, want := range map[string]fs.FileMode{"": 0o700 | fs.ModeDir, "journal.db": 0o600, "journal.db-wal": 0o600, "journal.db-shm": 0o600, "seq": 0o600, "lock": 0o600} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != want {
			t.Errorf("%q has mode %v, want %v", name, info.Mode(), want)
		}
	}
}

func TestAnEventAfterTheEndIsRefusedQuietly(t *testing.T) {
	dir := t.TempDir()
	d, _ := begin(t, options(dir))
	d.end()
	d.Add(bell(1))
	equal(t, "events", len(all(t, dir, Query{})), 0)
}

func TestACommitIsOnTheDiskBeforeItIsTold(t *testing.T) {
	d, _ := begin(t, options(t.TempDir()))
	d.end()
	j, _, err := Open(d.opt)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "mmap_size": "0", "cache_size": "-256"} {
		var got string
		if err := j.file.w.QueryRow("PRAGMA " + pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %q, want %q (%v)", pragma, got, want, err)
		}
	}
}
