package sms

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"latchd/bench/page"
	"latchd/lock"
	"latchd/sms/standin"
)

var (
	bells      = flag.Int("bells", 500, "bells of the trial against an API that fails")
	bellsSeed  = flag.Uint64("seed", 1, "of the failures in the trial")
	bellsWrite = flag.Bool("write", false, "write the section bells of BENCHMARKS.md")
)

// house is how its two owners hear of a ring.
type house struct {
	turn  bool // one after the other, not at once
	voice bool // by a call, where the text fails or stays away
}

var houses = []house{{}, {turn: true}, {voice: true}, {turn: true, voice: true}}

// A door's machine, its texts and its visitors, in virtual time, against an API that fails in every way at random. Each
// house has its share of the bells.
func TestBellsAgainstAnAPIThatFailsInEveryWay(t *testing.T) {
	stamp, files, routines := page.Stamp(), descriptors(t), goleak.IgnoreCurrent()
	var witnesses []*witness
	for i, h := range houses {
		synctest.Test(t, func(t *testing.T) {
			w := newWitness(h, *bellsSeed, uint64(2*i))
			w.trial(t, *bells/len(houses))
			witnesses = append(witnesses, w)
		})
	}
	for _, w := range witnesses {
		for _, fault := range w.verdict() {
			t.Errorf("%+v: %s", w.house, fault)
		}
	}
	if err := goleak.Find(routines); err != nil { // it waits for those that are about to end
		t.Error(err)
	}
	if open := descriptors(t) - files; open > 0 {
		t.Errorf("left over: %d descriptors", open)
	}
	lasted, body := report(witnesses)
	t.Logf("seed %d\n%s", *bellsSeed, body)
	if *bellsWrite && !t.Failed() {
		head := fmt.Sprintf(bellsText, *bells, *bellsSeed, stamp, lasted.Hours()/24)
		if err := page.Write("../BENCHMARKS.md", "bells", head+body); err != nil {
			t.Error(err)
		}
	}
}

const bellsText = `## Bells against an API that fails

` + "`go test ./sms -run Bells -bells %d -seed %d -write -timeout 30m`" + ` wrote this section on %s.
The door's machine, its texts and its visitors, in %.1f days of virtual time. Two owners are texted at once or in turn, without calls and
with them: a quarter of the bells each. Codes live for two minutes, the gap is a minute, and after half of the bells somebody types the
newest code, within two and a half minutes. A stand-in for Twilio's API, up to 400 ms away, answered half of all requests with a
failure: slow, hanging, cut off, 5xx before and after the text was taken, 429 with and without a wait, 401, refusals, redirects,
answers of no sense, undelivered and late texts, calls that nobody took; at times there was no network.

A text or a call is for a dead code when the code was used, voided by a newer ring, or too old as the client began the request. What
was on its way by then cannot be called back; a call that still rings is hung up.

`

func descriptors(t *testing.T) int {
	t.Helper()
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(files)
}

// trial rings a door n times and tells the witness of all that happens.
func (w *witness) trial(t *testing.T, n int) {
	o := options()
	o.Body, o.Voice = "{{.Code}}", w.house.voice
	client, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	w.twilio = standin.New(standin.Options{AccountSID: o.AccountSID, Secret: o.Secret, Numbers: []string{sender},
		Fate: w.fate, OnText: w.taken})
	client.transport.DialContext = w.network.dial
	var open atomic.Int32 // connections: each is a descriptor, on a real network
	server := &http.Server{Handler: w.line(w.twilio), ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0),
		ConnState: func(_ net.Conn, s http.ConnState) {
			switch s {
			case http.StateNew:
				open.Add(1)
			case http.StateClosed:
				open.Add(-1)
			}
		}}
	go server.Serve(w.network)
	defer server.Close()

	born, in, ended := time.Now(), make(chan lock.Input, 1000), make(chan error, 1)
	ctx, stop := context.WithCancel(t.Context())
	go func() { ended <- client.Run(ctx, func(i lock.Input) { w.heard(i); in <- i }) }()
	now := func() lock.Instant { return lock.Instant{Mono: time.Since(born), Wall: time.Now()} }
	door := lock.New(lock.Config{Digits: 10, TTL: 2 * time.Minute, Attempts: 3, Lockout: time.Minute, LockoutMax: time.Hour,
		Pulse: 5 * time.Second, IdleClear: 10 * time.Second, Enter: '#', MinGap: gap, PerHour: 1000, PerDay: 10_000,
		InTurn: w.house.turn, Owners: []lock.Owner{{Name: "Ada"}, {Name: "Ben"}}}, lock.State{}, now())
	step := func(i lock.Input) {
		for _, e := range door.Step(now(), i) {
			switch e := e.(type) {
			case lock.Text:
				w.asked(e)
				client.Send(e)
			case lock.Spent:
				w.spent(e.Ring)
				client.Spent(e.Ring)
			}
		}
	}
	step(lock.Started{})
	var visitor <-chan time.Time
	some := func(most time.Duration) time.Duration { return time.Duration(w.chance.Int64N(int64(most))) }
	for rung, next := 0, time.Now(); rung <= n; {
		select {
		case i := <-in:
			step(i)
		case <-visitor:
			for _, key := range w.typed() + "#" {
				step(lock.Key{Rune: key})
			}
		case <-time.After(time.Until(next)):
			if rung++; rung == n {
				next = time.Now().Add(10 * time.Minute) // all codes are dead by then, and all is said
			} else {
				next = time.Now().Add(some(90 * time.Second))
			}
			if rung <= n {
				step(lock.Level{Sensor: lock.Bell, Active: true})
				step(lock.Level{Sensor: lock.Bell})
				if w.chance.IntN(2) == 0 {
					visitor = time.After(some(150 * time.Second))
				}
			}
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	<-time.After(time.Second)
	if n := open.Load(); n > 0 {
		t.Errorf("left over: %d connections", n)
	}
	w.bells, w.lasted, w.looked = n, time.Since(born), w.twilio.Count(standin.List)
	for _, k := range []standin.Kind{standin.Create, standin.Fetch, standin.List, standin.Dial, standin.Listen,
		standin.HangUp, standin.SignIn} {
		w.requests += w.twilio.Count(k)
	}
}

// gap is the least time between two texts of the trial's door.
const gap = time.Minute

// newWitness makes a witness whose API fails as the seed and the stream say.
func newWitness(h house, seed, stream uint64) *witness {
	return &witness{house: h, network: newNetwork(), chance: rand.New(rand.NewPCG(seed, stream)), api: rand.New(rand.NewPCG(seed, stream+1)),
		texts: map[string]*asked{}, rings: map[uint64]*asked{}}
}
