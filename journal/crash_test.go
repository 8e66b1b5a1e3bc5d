package journal

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"latchd/lock"
)

// writerDir names the variable that makes the test binary a writer on that folder.
const writerDir = "LATCHD_JOURNAL_TEST_WRITER"

// writeUntilKilled saves state n before it adds event n, and prints each event once it is told.
func writeUntilKilled(dir string) {
	j, was, err := Open(options(dir))
	if err != nil || was.Why != "" {
		fmt.Println("cannot open:", was.Why, err)
		os.Exit(1)
	}
	room := make(chan struct{}, 50)
	go func() {
		for n := was.State.Failures + 1; ; n++ {
			room <- struct{}{}
			j.Save(lock.State{Failures: n})
			e := bell(n)
			e.Count = n
			j.Add(e)
		}
	}()
	j.Run(context.Background(), func(events []lock.Event, again bool) {
		for _, e := range events {
			fmt.Println(e.Seq, e.ID, e.Count)
			if e.Seq%7 == 0 {
				j.Delivered(context.Background(), e.Seq)
			}
			<-room
		}
	}, func(in lock.Input) { fmt.Println("fault:", in) })
}

func TestAKilledWriterLosesNothingThatWasTold(t *testing.T) {
	dir := t.TempDir()
	told := map[uint64]string{}
	random := rand.New(rand.NewPCG(1, 2))
	for range 30 {
		killed(t, dir, 1+random.IntN(400), func(seq uint64, id string) {
			if told[seq] != "" {
				t.Fatalf("seq %d was told twice", seq)
			}
			told[seq] = id
		})
	}
	j, was, err := Open(options(dir))
	if err != nil || was.Why != "" {
		t.Fatal(was.Why, err)
	}
	defer j.Close()
	events := all(t, dir, Query{})
	equal(t, "seq", seqs(events), span(1, uint64(len(events))))
	for _, e := range events {
		if id := told[e.Seq]; id != "" && id != e.ID {
			t.Errorf("seq %d was told with id %s and has %s", e.Seq, id, e.ID)
		}
		delete(told, e.Seq)
	}
	equal(t, "told and not there", told, map[uint64]string{})
}

// killed lets another process write in dir and kills it after lines events. The state must not be older than what it told.
func killed(t *testing.T, dir string, lines int, each func(seq uint64, id string)) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), writerDir+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	last := 0
	in := bufio.NewScanner(out)
	for got := 1; in.Scan(); got++ {
		var seq uint64
		var id string
		if _, err := fmt.Sscan(in.Text(), &seq, &id, &last); err != nil {
			t.Fatalf("the writer said %q", in.Text())
		}
		each(seq, id)
		if got == lines {
			cmd.Process.Kill()
		}
	}
	cmd.Wait()
	j, was, err := Open(options(dir))
	if err != nil || was.Why != "" {
		t.Fatal(was.Why, err)
	}
	if was.State.Failures < last {
		t.Fatalf("the state is of event %d, though event %d was told", was.State.Failures, last)
	}
	j.file.shut() // as a kill would, without the clean end's mark
	j.file.lock.Close()
}

// copyDir copies the journal as it is at this moment.
func copyDir(t testing.TB, from string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return to
}

func TestALogTornWithinATransactionLosesThatOneOnly(t *testing.T) {
	dir := t.TempDir()
	d, _ := begin(t, options(dir))
	d.Save(lock.State{Failures: 1})
	d.add(bells(1, 5)...)
	d.hear(5)
	wal := filepath.Join(dir, "journal.db-wal")
	before, err := os.Stat(wal)
	if err != nil {
		t.Fatal(err)
	}
	old := copyDir(t, dir)
	if err := d.Delivered(t.Context(), 5); err != nil { // goes into the transaction of the next event
		t.Fatal(err)
	}
	d.add(bell(6))
	d.hear(1)
	after, err := os.ReadFile(wal)
	if err != nil {
		t.Fatal(err)
	}
	for size := before.Size(); size < int64(len(after)); size += 97 {
		cut := copyDir(t, old)
		if err := os.WriteFile(filepath.Join(cut, "journal.db-wal"), after[:size], 0o600); err != nil {
			t.Fatal(err)
		}
		j, was, err := Open(options(cut))
		if err != nil || was.Why != "" {
			t.Fatalf("log cut at %d: %q, %v", size, was.Why, err)
		}
		if was.State.Failures != 1 || j.given.Load() != 5 || j.delivered.Load() != 0 {
			t.Errorf("log cut at %d: state %+v, seq %d, delivered %d", size, was.State, j.given.Load(), j.delivered.Load())
		}
		j.Close()
	}
}

func TestAPowerCutAfterAnyCommitKeepsWhatWasTold(t *testing.T) {
	dir := t.TempDir()
	j, _, err := Open(options(dir))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	last, cuts := uint64(0), 0
	told := func(events []lock.Event, _ bool) { // nothing is written until it returns
		last = events[len(events)-1].Seq
		cut, was, err := Open(options(copyDir(t, dir)))
		if err != nil || was.Why != "" {
			t.Fatal(was.Why, err)
		}
		if cut.given.Load() != last || was.State.Failures != int(last) {
			t.Errorf("cut after seq %d: found seq %d and the state of %d", last, cut.given.Load(), was.State.Failures)
		}
		cut.Close()
		if cuts++; cuts == 40 {
			cancel()
			return
		}
		j.Save(lock.State{Failures: int(last) + 17})
		for n := range 17 {
			j.Add(bell(n))
		}
	}
	j.Save(lock.State{Failures: 1})
	j.Add(bell(0))
	if err := j.Run(ctx, told, func(in lock.Input) { t.Error("fault:", in) }); err != nil {
		t.Fatal(err)
	}
}
