package journal

import (
	"bytes"
	"database/sql"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"latchd/lock"
)

var aState = lock.State{Failures: 2, Level: 4, CommandAt: 77}

// filled makes a journal of 300 events and a state, ended cleanly or cut short with its log still beside it.
func filled(t testing.TB, clean bool) string {
	d, _ := begin(t, options(t.TempDir()))
	d.Save(aState)
	d.add(bells(1, 150)...)
	d.hear(150)
	d.add(bells(151, 300)...)
	d.hear(150)
	cut := copyDir(t, d.opt.Dir)
	if d.end(); clean {
		return d.opt.Dir
	}
	return cut
}

func alter(t testing.TB, path string, how func([]byte) []byte) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, how(b), 0o600); err != nil {
		t.Fatal(err)
	}
}

func execute(t testing.TB, path, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(statement); err != nil {
		t.Fatal(err)
	}
}

func TestAJournalThatCannotBeTrustedIsSetAside(t *testing.T) {
	clean, cut := filled(t, true), filled(t, false)
	cutTo := func(n int) func([]byte) []byte { return func(b []byte) []byte { return b[:n] } }
	for name, c := range map[string]struct {
		from   string
		hurt   func(t *testing.T, path string)
		why    string
		strays bool // nothing is set aside but what lay beside the file
	}{
		"emptied":                  {clean, func(t *testing.T, p string) { alter(t, p, cutTo(0)) }, "empty", false},
		"cut within its header":    {clean, func(t *testing.T, p string) { alter(t, p, cutTo(50)) }, "malformed", false},
		"cut after its first page": {clean, func(t *testing.T, p string) { alter(t, p, cutTo(4096)) }, "malformed", false},
		"cut by one byte":          {clean, func(t *testing.T, p string) { alter(t, p, func(b []byte) []byte { return b[:len(b)-1] }) }, "cut short", false},
		"replaced by text": {clean, func(t *testing.T, p string) {
			alter(t, p, func([]byte) []byte { return bytes.Repeat([]byte("Hello"), 2000) })
		}, "not a database", false},
		"of a newer version":         {clean, func(t *testing.T, p string) { execute(t, p, "PRAGMA user_version = 2") }, "version 2", false},
		"another program's database": {clean, func(t *testing.T, p string) { execute(t, p, "PRAGMA application_id = 1") }, "another program's", false},
		"without its tables":         {clean, func(t *testing.T, p string) { execute(t, p, "DROP TABLE events") }, "no such table", false},
		"without its state":          {clean, func(t *testing.T, p string) { execute(t, p, "DELETE FROM state") }, "no rows", false},
		"with a state that was altered": {clean, func(t *testing.T, p string) {
			execute(t, p, `UPDATE state SET body = replace(body, '"level":4', '"level":0')`)
		}, "checksum", false},
		"a folder":                    {clean, func(t *testing.T, p string) { os.Remove(p); os.Mkdir(p, 0o700) }, "not a file", false},
		"an old copy":                 {clean, func(t *testing.T, p string) { execute(t, p, "DELETE FROM events WHERE seq > 200") }, "old copy", false},
		"without its log":             {cut, func(t *testing.T, p string) { os.Remove(p + "-wal") }, "old copy", false},
		"missing, with its log there": {cut, func(t *testing.T, p string) { os.Remove(p) }, "missing", true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := copyDir(t, c.from)
			path := filepath.Join(dir, "journal.db")
			c.hurt(t, path)
			hurt, _ := os.ReadFile(path)
			d, was := begin(t, options(dir))
			if was.Known || !strings.Contains(was.Why, c.why) || !strings.HasPrefix(was.Aside, path+".damaged-2") {
				t.Fatalf("opened %+v", was)
			}
			if aside, err := os.ReadFile(was.Aside); !bytes.Equal(aside, hurt) || (err != nil && !c.strays && c.why != "not a file") {
				t.Errorf("what was set aside is not what was there (%v)", err)
			}
			if f := d.fault(Damaged, true); !strings.Contains(f.Detail, filepath.Base(was.Aside)) {
				t.Errorf("fault %+v", f)
			}
			d.add(bell(1))
			events, _ := d.hear(1)
			if events[0].Seq <= 300 {
				t.Errorf("seq went back to %d", events[0].Seq)
			}
			if pending, err := d.Pending(t.Context(), 10); err != nil || len(pending) != 1 {
				t.Errorf("pending %v, %v", pending, err)
			}
			d.end()
			j, was, err := Open(options(dir))
			if err != nil || was.Known || was.Why == "" {
				t.Errorf("with no state saved since, opened %+v, %v", was, err)
			}
			j.Close()
		})
	}
}

func TestAJournalThatIsGoneIsNoFirstStart(t *testing.T) {
	dir := filled(t, true)
	if err := os.Remove(filepath.Join(dir, "journal.db")); err != nil {
		t.Fatal(err)
	}
	d, was := begin(t, options(dir))
	if was.Why == "" || was.Aside != "" || was.Known {
		t.Errorf("opened %+v", was)
	}
	d.Save(aState)
	d.add(bell(1))
	if events, _ := d.hear(1); events[0].Seq != 301 {
		t.Errorf("seq %d", events[0].Seq)
	}
	d.end()
	j, was, err := Open(options(dir))
	if err != nil || was.Why != "" || !was.Known {
		t.Errorf("after a state was saved, opened %+v, %v", was, err)
	}
	j.Close()
}

func TestSeqDoesNotGoBackWhenItsCeilingIsLostToo(t *testing.T) {
	for name, ceiling := range map[string][]byte{"missing": nil, "empty": {}, "garbled": []byte("\x00x"), "beyond all numbers": []byte("99999999999999999999")} {
		t.Run(name, func(t *testing.T) {
			dir := copyDir(t, filled(t, true))
			os.Remove(filepath.Join(dir, "lock"))
			os.Remove(filepath.Join(dir, "seq"))
			if ceiling != nil {
				if err := os.WriteFile(filepath.Join(dir, "seq"), ceiling, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			alter(t, filepath.Join(dir, "journal.db"), func(b []byte) []byte { return b[:5000] })
			o := options(dir)
			o.Now = func() (time.Time, bool) { return time.Unix(10, 0), false }
			d, was := begin(t, o)
			d.add(bell(1))
			if events, _ := d.hear(1); was.Why == "" || events[0].Seq < 1_000_000_000 {
				t.Errorf("opened %+v, told %+v", was, events)
			}
		})
	}
}

func TestSettingAsideOverwritesNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "journal.db")
	now := time.Unix(5, 0)
	seen := map[string]bool{}
	for range 4 {
		for _, s := range suffixes[:2] {
			if err := os.WriteFile(path+s, []byte(s), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		aside, err := setAside(path, now)
		if err != nil || seen[aside] {
			t.Fatal(aside, err)
		}
		seen[aside] = true
	}
	for aside := range seen {
		if b, err := os.ReadFile(aside + "-wal"); err != nil || string(b) != "-wal" {
			t.Errorf("%s-wal holds %q, %v", aside, b, err)
		}
	}
}

// Whatever is done to the bytes, Open gives a journal that works, and seq goes on.
func TestAGarbledJournalNeverStopsTheDoor(t *testing.T) {
	images := []string{filled(t, true), filled(t, false)}
	rounds := 60
	if testing.Short() {
		rounds = 10
	}
	for seed := range uint64(rounds) {
		random := rand.New(rand.NewPCG(seed, 0))
		dir := copyDir(t, images[random.IntN(2)])
		files, err := filepath.Glob(filepath.Join(dir, "journal.db*"))
		if err != nil {
			t.Fatal(err)
		}
		alter(t, files[random.IntN(len(files))], func(b []byte) []byte { return garble(random, b) })
		synctest.Test(t, func(t *testing.T) {
			d, was := begin(t, options(dir))
			if was.Why == "" && (was.State.Level != aState.Level || was.State.Failures != aState.Failures) {
				t.Errorf("seed %d: trusted the state %+v", seed, was.State)
			}
			d.add(bell(301))
			events, _ := d.hear(1)
			<-time.After(2 * checkAfter) // the check of the inside may set it aside now
			d.add(bell(302))
			more, _ := d.hear(1)
			if seq := events[0].Seq; seq <= 300 || more[0].Seq <= seq || was.Why == "" && seq != 301 {
				t.Errorf("seed %d: seq %d, %d, %+v", seed, seq, more[0].Seq, was)
			}
			if err := d.end(); err != nil {
				t.Errorf("seed %d: %v", seed, err)
			}
		})
	}
}

// garble cuts, zeroes or flips a random part of b.
func garble(random *rand.Rand, b []byte) []byte {
	if len(b) == 0 {
		return b
	}
	at := random.IntN(len(b))
	switch part := b[at:min(len(b), at+1+random.IntN(6000))]; random.IntN(4) {
	case 0:
		return b[:at]
	case 1:
		clear(part)
	case 2:
		for i := range part {
			part[i] = byte(random.Uint32())
		}
	case 3:
		for range 1 + random.IntN(64) {
			b[random.IntN(len(b))] ^= 1 << random.IntN(8)
		}
	}
	return b
}

func TestDamageFoundWhileItRunsIsSetAsideWithoutAHoleOrALoss(t *testing.T) {
	dir := copyDir(t, filled(t, false))
	synctest.Test(t, func(t *testing.T) {
		d, was := begin(t, options(dir))
		if was.Why != "" {
			t.Fatalf("opened %+v", was)
		}
		d.Save(lock.State{Level: 9})
		d.add(bell(301))
		d.hear(1)
		d.doubt(damage{os.ErrInvalid})
		d.fault(Damaged, true)
		d.add(bell(302))
		events, _ := d.hear(1)
		equal(t, "seq", seqs(events), span(302, 302))
		<-time.After(asideFor)
		d.fault(Damaged, false)
		d.end()
		j, was, err := Open(options(dir))
		if err != nil || was.Why != "" || was.State.Level != 9 {
			t.Errorf("opened %+v, %v", was, err)
		}
		j.Close()
	})
}

// hollow makes a journal of 3,000 undelivered events with a page of zeros in its middle, which Open has no reason to read.
func hollow(t *testing.T, cutShort bool) string {
	d, _ := begin(t, options(t.TempDir()))
	d.Save(aState)
	d.add(bells(1, 3000)...)
	d.hear(3000)
	d.end()
	alter(t, d.path, func(b []byte) []byte { clear(b[40*4096 : 41*4096]); return b })
	if cutShort {
		if err := writeCeiling(d.opt.Dir, 3500); err != nil {
			t.Fatal(err)
		}
	}
	return d.opt.Dir
}

func TestDamageThatOpenDoesNotSee(t *testing.T) {
	t.Run("is met by the outbox", func(t *testing.T) {
		d, was := begin(t, options(hollow(t, false)))
		if !was.Known || was.Why != "" {
			t.Fatalf("opened %+v", was)
		}
		if events, err := d.Pending(t.Context(), 5000); err == nil {
			t.Errorf("%d events were read", len(events))
		}
		d.fault(Damaged, true)
		d.add(bell(1))
		events, _ := d.hear(1)
		equal(t, "seq", seqs(events), span(3001, 3001))
		equal(t, "pending", d.pending(10), events)
	})
	t.Run("is found after a power cut", func(t *testing.T) {
		dir := hollow(t, true)
		synctest.Test(t, func(t *testing.T) {
			d, was := begin(t, options(dir))
			if !was.Known || was.Why != "" {
				t.Fatalf("opened %+v", was)
			}
			began := time.Now()
			d.fault(Damaged, true)
			equal(t, "found after", time.Since(began), checkAfter)
		})
	})
}

func FuzzWhatAnEventHoldsNeverLosesItsPlace(f *testing.F) {
	f.Add(uint64(3), "id", int64(5), "bell.rung", `{"seq":3,"at":"2026-11-20T12:00:00.000Z","type":"bell.rung"}`)
	f.Add(uint64(3), "id", int64(5), "bell.rung", `{"seq":4}`)
	f.Add(uint64(3), "id", int64(-1<<60), "bell.rung", `[`)
	f.Fuzz(func(t *testing.T, seq uint64, id string, at int64, typ, body string) {
		if e := decodeEvent(seq, id, at, typ, body); e.Seq != seq {
			t.Errorf("seq %d became %d", seq, e.Seq)
		}
	})
}
