package main

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"latchd/bench/badnet"
	"latchd/lock"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestASmallRunOverABadNetworkLosesNothing(t *testing.T) {
	mix := badnet.Mix{Odds: map[badnet.Kind]int{badnet.Stall: 1, badnet.Drop: 1, badnet.Truncate: 1, badnet.HalfClose: 1, badnet.Refuse: 1},
		Bytes: 60_000, Delay: time.Millisecond, Stall: 50 * time.Millisecond, Refuse: 50 * time.Millisecond}
	o, err := trial{doors: 4, events: 2000, rate: 2000, mix: mix, seed: 1, patience: time.Minute}.run(t.TempDir())
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("without mosquitto there is nothing to try: ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if o.lost != 0 || o.disorder != 0 {
		t.Errorf("%d lost, %d out of order", o.lost, o.disorder)
	}
	if n, how := broken(o.network); n < 3 {
		t.Errorf("only %d connections were broken: %s", n, how)
	}
	for _, r := range o.rows() {
		t.Log(strings.Join(r[:], " | "))
	}
}

func TestAnOutageEndsWithTheStatesThenTheBacklog(t *testing.T) {
	h, err := newHouse(t.TempDir())
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("without mosquitto there is nothing to try: ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := h.close(); err != nil {
			t.Error(err)
		}
	}()
	s := &stay{}
	if err := h.outage(s, 500); err != nil {
		t.Fatal(err)
	}
	if s.early != 0 || s.fromBroker[0] <= 0 || s.fromDoor[0] <= 0 || s.drains[0] < s.fromDoor[0] {
		t.Errorf("%+v", s)
	}
	if rows, err := h.filling(100); err != nil || len(rows) != 4 {
		t.Errorf("%v, %v", rows, err)
	}
}

func TestTheLedgerTellsLostFromLateFromRepeated(t *testing.T) {
	stored := []lock.Event{{ID: "A", Seq: 1}, {ID: "B", Seq: 2}, {ID: "C", Seq: 3}}
	for _, c := range []struct {
		what                     string
		stored                   []lock.Event
		heard                    string
		lost, disorder, repeated int
		err                      string
	}{
		{"all is well", stored, "ABC", 0, 0, 0, ""},
		{"some came again", stored, "ABABC", 0, 0, 2, ""},
		{"one is missing", stored, "AC", 1, 0, 0, ""},
		{"the last is missing", stored, "AB", 1, 0, 0, ""},
		{"one came late", stored, "ACBC", 0, 1, 1, ""},
		{"a stranger came instead", stored, "ABD", 1, 0, 0, "nobody stored"},
		{"the journal left one out", []lock.Event{stored[0], stored[2]}, "AC", 0, 0, 0, "seq 3 after 1"},
	} {
		l := newLedger()
		l.store(c.stored)
		for _, id := range c.heard {
			e := lock.Event{ID: string(id), Seq: uint64(id - 'A' + 1), Type: lock.BellRung}
			b, _ := e.MarshalJSON()
			if err := l.hear(b); err != nil {
				t.Errorf("%s: %v", c.what, err)
			}
		}
		lost, err := l.close()
		if lost != c.lost || l.disorder != c.disorder || l.repeated != c.repeated {
			t.Errorf("%s: %d lost, %d out of order, %d repeated", c.what, lost, l.disorder, l.repeated)
		}
		if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: error %v", c.what, err)
		}
	}
	if newLedger().hear([]byte(`{"id":`)) == nil {
		t.Error("half an event is taken for one")
	}
}
