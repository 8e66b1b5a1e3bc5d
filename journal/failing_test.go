package journal

import (
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"latchd/lock"
)

// fault returns the next fault, which has to be of this kind, standing or not.
func (d *desk) fault(kind string, standing bool) lock.Fault {
	d.t.Helper()
	f := <-d.faults
	if f.Part != lock.JournalPart || f.Kind != kind || f.Standing != standing {
		d.t.Fatalf("fault %+v, want %s standing: %v", f, kind, standing)
	}
	if standing && (f.Detail == "" || f.Hint == "") {
		d.t.Errorf("fault %+v says nothing", f)
	}
	return f
}

// outage lets the journal fail, has events told with seq 0, mends it and has them told again.
func (d *desk) outage(breakIt, mend func()) lock.Fault {
	d.t.Helper()
	d.add(bell(1))
	d.hear(1)
	breakIt()
	d.Save(lock.State{Failures: 2})
	d.add(bells(2, 3)...)
	first, again := d.hear(2)
	if first[0].Seq != 0 || first[1].Seq != 0 || first[0].ID == "" || again {
		d.t.Errorf("told %+v at first, again: %v", first, again)
	}
	f := d.fault(Unwritable, true)
	mend()
	second, again := d.hear(2)
	if first[0].ID != second[0].ID || first[1].ID != second[1].ID || !again {
		d.t.Errorf("told %+v, then %+v, again: %v", first, second, again)
	}
	equal(d.t, "seq", seqs(second), span(2, 3))
	d.fault(Unwritable, false)
	d.add(bell(4))
	last, again := d.hear(1)
	if last[0].Seq != 4 || again {
		d.t.Errorf("told %+v after it all, again: %v", last, again)
	}
	if err := d.end(); err != nil {
		d.t.Error(err)
	}
	j, was, err := Open(d.opt)
	if err != nil || was.Why != "" || was.State.Failures != 2 || j.given.Load() != 4 {
		d.t.Errorf("opened %+v, %v", was, err)
	}
	j.Close()
	return f
}

func TestAnIOErrorIsLivedThrough(t *testing.T) {
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	var old unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	limit := func(n uint64) {
		if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: n, Max: old.Max}); err != nil {
			t.Error(err)
		}
	}
	defer limit(old.Cur)
	synctest.Test(t, func(t *testing.T) {
		d, _ := begin(t, options(t.TempDir()))
		f := d.outage(func() { limit(0) }, func() { limit(old.Cur) })
		if !strings.Contains(f.Hint, "dmesg") {
			t.Errorf("hint %q", f.Hint)
		}
	})
}

// ramDisk mounts a small file system of its own.
func ramDisk(t *testing.T) string {
	dir := t.TempDir()
	if err := unix.Mount("latchd-test", dir, "tmpfs", 0, "size=1m,mode=0700"); err != nil {
		t.Skipf("a disk of its own cannot be mounted (it takes root): %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func TestAFullDiskIsLivedThrough(t *testing.T) {
	dir := ramDisk(t)
	ballast := filepath.Join(dir, "ballast")
	synctest.Test(t, func(t *testing.T) {
		d, _ := begin(t, options(dir))
		f := d.outage(func() {
			if err := os.WriteFile(ballast, make([]byte, 2<<20), 0o600); !errors.Is(err, unix.ENOSPC) {
				t.Fatal(err)
			}
		}, func() { os.Remove(ballast) })
		if !strings.Contains(f.Hint, "room") {
			t.Errorf("hint %q", f.Hint)
		}
	})
}

// SQLite calls it an I/O error when there is no room for the log's index: no reason to replace the card.
func TestAFullDiskIsNotTakenForAWornOutOne(t *testing.T) {
	full := ramDisk(t)
	synctest.Test(t, func(t *testing.T) {
		d, _ := begin(t, options(t.TempDir()))
		d.add(bell(1))
		d.hear(1)
		for _, s := range []string{"", "-wal"} {
			b, err := os.ReadFile(d.path + s)
			if err != nil || len(b) == 0 {
				t.Fatalf("%s: %d bytes, %v", d.path+s, len(b), err)
			}
			if err := os.WriteFile(filepath.Join(full, "journal.db"+s), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := d.end(); err != nil {
			t.Error(err)
		}
	})
	if err := os.WriteFile(filepath.Join(full, "ballast"), make([]byte, 2<<20), 0o600); !errors.Is(err, unix.ENOSPC) {
		t.Fatal(err)
	}
	_, err := inspect(filepath.Join(full, "journal.db"), Boot{})
	if err == nil {
		t.Fatal("the index had room")
	}
	if _, hint := explain(err); !strings.Contains(hint, "room") {
		t.Errorf("%v: %s", err, hint)
	}
}

func TestADiskThatIsMountedReadOnlyAtTheStart(t *testing.T) {
	dir := ramDisk(t)
	remount := func(flags uintptr) {
		if err := unix.Mount("latchd-test", dir, "tmpfs", unix.MS_REMOUNT|flags, "size=1m"); err != nil {
			t.Fatal(err)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		d, _ := begin(t, options(dir))
		d.Save(lock.State{Level: 3})
		d.add(bell(1))
		d.hear(1)
		d.end()
		remount(unix.MS_RDONLY)
		d, was := begin(t, options(dir))
		if was.Why == "" {
			t.Errorf("opened %+v", was)
		}
		d.add(bell(2))
		first, _ := d.hear(1)
		f := d.fault(Unwritable, true)
		if !strings.Contains(f.Hint, "mount") {
			t.Errorf("hint %q for %q", f.Hint, f.Detail)
		}
		remount(0)
		second, again := d.hear(1)
		if first[0].Seq != 0 || second[0].Seq != 2 || !again {
			t.Errorf("told %+v, then %+v, again: %v", first, second, again)
		}
		d.fault(Unwritable, false)
	})
}

func TestAFolderThatCannotBeMadeAtTheStart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		o := options(filepath.Join(file, "latchd"))
		d, was := begin(t, o)
		if was.Why == "" || was.Known {
			t.Errorf("opened %+v", was)
		}
		d.fault(Unwritable, true)
		d.Save(lock.State{Level: 5})
		d.add(bell(1))
		if events, _ := d.hear(1); events[0].Seq != 0 {
			t.Errorf("told %+v", events)
		}
		if events, err := d.Pending(t.Context(), 10); len(events) > 0 || err != nil {
			t.Errorf("pending %v, %v", events, err)
		}
		<-time.After(time.Hour) // the wait grows to its longest
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		mended := time.Now()
		events, again := d.hear(1)
		if events[0].Seq != 1 || !again {
			t.Errorf("told %+v, again: %v", events, again)
		}
		if took := time.Since(mended); took > maxWait {
			t.Errorf("it took %v to go on", took)
		}
		d.fault(Unwritable, false)
		d.end()
		equal(t, "events", seqs(all(t, o.Dir, Query{})), span(1, 1))
	})
}

func TestTooManyEventsDuringAnOutageLeaveAHoleThatIsTold(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		d, _ := begin(t, options(filepath.Join(file, "latchd")))
		d.fault(Unwritable, true)
		for n := range 3 {
			d.add(bells(n*5000+1, n*5000+5000)...)
			synctest.Wait()
		}
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		d.fault(Unwritable, false)
		synctest.Wait()
		d.end()
		events := all(t, d.opt.Dir, Query{})
		hole := events[0]
		if len(events) != queueLimit+1 || hole.Count != 5000 || hole.Type != lock.FaultCleared || hole.Door != "front" {
			t.Errorf("%d events, the first is %+v", len(events), hole)
		}
		equal(t, "first kept", events[1].At, bell(5001).At)
		equal(t, "seq", seqs(events), span(1, queueLimit+1))
	})
}

func TestWhatIsUnwrittenAtTheEndIsSaid(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	d, _ := begin(t, options(filepath.Join(file, "latchd")))
	d.Save(lock.State{Level: 1})
	d.add(bells(1, 3)...)
	d.hear(3)
	err := d.end()
	for _, want := range []string{"3 events were never written", "state was never written", "not a directory"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ended with %v, want %q", err, want)
		}
	}
}

// The witness is a file that needs no more room than it has.
func TestWhatAFullDiskHasCostIsToldByTheNextRun(t *testing.T) {
	dir := ramDisk(t)
	ballast := filepath.Join(dir, "ballast")
	fill := func() {
		if err := os.WriteFile(ballast, make([]byte, 2<<20), 0o600); !errors.Is(err, unix.ENOSPC) {
			t.Fatal(err)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		d, _ := begin(t, options(dir))
		d.add(bell(1))
		d.hear(1)
		fill()
		d.add(bells(2, 5)...)
		d.hear(4)
		d.end()
		for range 2 {
			fill() // the end has made some room
			d, _ = begin(t, options(dir))
			d.add(bell(6))
			for t := range d.told { // the hole may come with it
				if t.events[len(t.events)-1].Type == lock.BellRung {
					break
				}
			}
			d.end()
		}
		os.Remove(ballast)
		d, _ = begin(t, options(dir))
		d.add(bell(7))
		d.hear(2)
		if err := d.end(); err != nil {
			t.Error(err)
		}
		events := all(t, dir, Query{})
		equal(t, "seq", seqs(events), span(1, 3))
		if hole := events[1]; hole.Type != lock.FaultCleared || hole.Reason != Lost || hole.Count != 6 {
			t.Errorf("in the place of the events stands %+v", hole)
		}
		d, _ = begin(t, options(dir))
		d.add(bell(8))
		d.hear(1)
		d.end()
		if events := all(t, dir, Query{}); len(events) != 4 {
			t.Errorf("told again: %+v", events)
		}
	})
}

func TestACommitThatFailedAndWasOnTheDiskIsNotWrittenTwice(t *testing.T) {
	j, _, err := Open(options(t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	var told []lock.Event
	w := &writer{Journal: j, told: func(e []lock.Event, again bool) {
		if again {
			told = append(told, e...)
		}
	}, sink: func(lock.Input) {},
		backlog: newBacklog("front"), unask: func() {}}
	w.backlog.take(bells(1, 5), 0)
	if err := w.reserve(5); err != nil {
		t.Fatal(err)
	}
	if _, err := w.insert(w.backlog.items[:3], 0); err != nil { // as if the commit's answer had been lost
		t.Fatal(err)
	}
	w.fail(errors.New("disk I/O error"))
	w.retryAt = time.Time{}
	w.work()
	w.unask()
	equal(t, "seq", seqs(told), span(1, 5))
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	equal(t, "events", all(t, j.opt.Dir, Query{}), told)
}
