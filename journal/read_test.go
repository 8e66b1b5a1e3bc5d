package journal

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"latchd/lock"
)

func TestAQueryChoosesEvents(t *testing.T) {
	d, _ := begin(t, options(t.TempDir()))
	for n, typ := range []lock.Type{lock.BellRung, lock.AccessDenied, lock.AccessGranted, lock.LockUnlocked, lock.AccessDenied} {
		e := bell(n)
		e.Type = typ
		d.Add(e)
	}
	d.hear(5)
	for name, c := range map[string]struct {
		q    Query
		want []uint64
	}{
		"all":                     {Query{}, span(1, 5)},
		"a family of types":       {Query{Types: "access.*"}, []uint64{2, 3, 5}},
		"one type":                {Query{Types: "access.denied"}, []uint64{2, 5}},
		"two patterns":            {Query{Types: "bell.*,lock.unlocked"}, []uint64{1, 4}},
		"words, in any case":      {Query{Words: "ACCESS granted"}, []uint64{3}},
		"words that none has":     {Query{Words: "granted denied"}, nil},
		"no such type":            {Query{Types: "access"}, nil},
		"from a moment on":        {Query{Since: noon.Add(3 * time.Second)}, span(4, 5)},
		"after a seq":             {Query{After: 3}, span(4, 5)},
		"before a seq":            {Query{Before: 3}, span(1, 2)},
		"up to a moment":          {Query{Until: noon.Add(3 * time.Second)}, span(1, 3)},
		"the first two":           {Query{Limit: 2}, span(1, 2)},
		"the first two of a type": {Query{Types: "access.*", After: 2, Limit: 2}, []uint64{3, 5}},
	} {
		t.Run(name, func(t *testing.T) {
			equal(t, "seq", seqs(all(t, d.opt.Dir, c.q)), c.want)
			looked, err := d.Look(t.Context(), c.q)
			if err != nil {
				t.Error(err)
			}
			equal(t, "seq", seqs(looked), c.want)
		})
	}
	newest, err := d.Look(t.Context(), Query{Newest: true, Before: 5, Limit: 3})
	if err != nil {
		t.Error(err)
	}
	equal(t, "seq", seqs(newest), []uint64{4, 3, 2})
	for _, bad := range []Query{{Types: "["}, {Types: "access.*,["}, {Words: strings.Repeat("a ", 100)}} {
		if _, err := d.Look(t.Context(), bad); err == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
}

func TestReadGoesThroughManyPages(t *testing.T) {
	d, _ := begin(t, options(t.TempDir()))
	d.add(bells(1, 2*pageSize+1)...)
	d.hear(2*pageSize + 1)
	equal(t, "seq", seqs(all(t, d.opt.Dir, Query{})), span(1, 2*pageSize+1))
}

func TestReadSaysWhyItCannot(t *testing.T) {
	empty, newer := t.TempDir(), filled(t, true)
	execute(t, filepath.Join(newer, "journal.db"), "PRAGMA user_version = 9")
	each := func(lock.Event) error { return nil }
	if err := Read(t.Context(), empty, Query{}, each); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), empty) {
		t.Errorf("no journal: %v", err)
	}
	if err := Read(t.Context(), newer, Query{}, each); err == nil || !strings.Contains(err.Error(), "version 9") {
		t.Errorf("a newer journal: %v", err)
	}
	if err := Read(t.Context(), newer, Query{Types: "["}, each); !errors.Is(err, path.ErrBadPattern) {
		t.Errorf("a bad pattern: %v", err)
	}
	enough := errors.New("enough")
	if err := Read(t.Context(), filled(t, true), Query{}, func(lock.Event) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("a reader that has enough: %v", err)
	}
}

func TestFollowGoesOnOverARestartAndAJournalSetAside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, _ := begin(t, options(t.TempDir()))
		d.add(bells(1, 3)...)
		d.hear(3)
		ctx, cancel := context.WithCancel(t.Context())
		heard, ended := make(chan uint64, 100), make(chan error)
		go func() {
			ended <- Follow(ctx, d.opt.Dir, Query{After: 1}, func(e lock.Event) error { heard <- e.Seq; return nil })
		}()
		expect := func(want ...uint64) {
			t.Helper()
			for _, seq := range want {
				if got := <-heard; got != seq {
					t.Fatalf("heard seq %d, want %d", got, seq)
				}
			}
		}
		expect(2, 3)
		d.add(bell(4))
		expect(4)
		d.end()
		d, _ = begin(t, d.opt)
		d.add(bell(5))
		expect(5)
		d.doubt(damage{errors.New("found while running")})
		d.fault(Damaged, true)
		d.add(bell(6))
		expect(6)
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestFollowEndsAtItsLimit(t *testing.T) {
	n := 0
	err := Follow(t.Context(), filled(t, true), Query{Limit: 5}, func(lock.Event) error { n++; return nil })
	if n != 5 || err != nil {
		t.Errorf("%d events, %v", n, err)
	}
}
