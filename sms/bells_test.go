package sms

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
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

// A door's machine and its texts, in virtual time, against an API that fails in every way at random.
func TestBellsAgainstAnAPIThatFailsInEveryWay(t *testing.T) {
	stamp, files, routines := page.Stamp(), descriptors(t), goleak.IgnoreCurrent()
	var w *witness
	synctest.Test(t, func(t *testing.T) {
		w = newWitness(*bellsSeed)
		w.trial(t, *bells)
	})
	for _, fault := range w.verdict() {
		t.Error(fault)
	}
	if err := goleak.Find(routines); err != nil { // it waits for those that are about to end
		t.Error(err)
	}
	if open := descriptors(t) - files; open > 0 {
		t.Errorf("left over: %d descriptors", open)
	}
	body := w.report(*bells)
	t.Logf("seed %d\n%s", *bellsSeed, body)
	if *bellsWrite && !t.Failed() {
		head := fmt.Sprintf(bellsText, *bells, *bellsSeed, stamp, w.lasted.Hours()/24)
		if err := page.Write("../BENCHMARKS.md", "bells", head+body); err != nil {
			t.Error(err)
		}
	}
}

const bellsText = `## Bells against an API that fails

` + "`go test ./sms -run Bells -bells %d -seed %d -write -timeout 30m`" + ` wrote this section on %s.
The door's machine and its texts, in %.1f days of virtual time, with two owners, codes that live for two minutes, a gap of a minute, and
a stand-in for Twilio's API that answered half of all requests with a failure: slow, hanging, cut off, 5xx before and after the text was
taken, 429 with and without a wait, 401, refusals, redirects, answers of no sense, undelivered and late texts; at times there was no
network.

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
	o.Body = "{{.Code}}"
	client, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	twilio := standin.New(standin.Options{AccountSID: o.AccountSID, Secret: o.Secret, Numbers: []string{sender},
		Fate: w.fate, OnText: w.taken})
	client.transport.DialContext = w.network.dial
	server := &http.Server{Handler: twilio, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}
	go server.Serve(w.network)
	defer server.Close()

	born, in, ended := time.Now(), make(chan lock.Input, 1000), make(chan error, 1)
	ctx, stop := context.WithCancel(t.Context())
	go func() { ended <- client.Run(ctx, func(i lock.Input) { in <- i }) }()
	now := func() lock.Instant { return lock.Instant{Mono: time.Since(born), Wall: time.Now()} }
	door := lock.New(lock.Config{Digits: 10, TTL: 2 * time.Minute, Attempts: 3, Lockout: time.Minute, LockoutMax: time.Hour,
		MinGap: gap, PerHour: 1000, PerDay: 10_000, Owners: []lock.Owner{{Name: "Ada"}, {Name: "Ben"}}}, lock.State{}, now())
	step := func(i lock.Input) {
		for _, e := range door.Step(now(), i) {
			if text, ok := e.(lock.Text); ok {
				w.asked(text)
				client.Send(text)
			}
		}
	}
	step(lock.Started{})
	for rung, next := 0, time.Now(); rung <= n; {
		select {
		case i := <-in:
			w.heard(i)
			step(i)
		case <-time.After(time.Until(next)):
			if rung++; rung == n {
				next = time.Now().Add(10 * time.Minute) // all codes are dead by then, and all is said
			} else {
				next = time.Now().Add(time.Duration(w.chance.Int64N(int64(90 * time.Second))))
			}
			if rung <= n {
				step(lock.Level{Sensor: lock.Bell, Active: true})
				step(lock.Level{Sensor: lock.Bell})
			}
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	w.lasted, w.requests = time.Since(born), twilio.Count(standin.Create)+twilio.Count(standin.Fetch)+
		twilio.Count(standin.List)+twilio.Count(standin.SignIn)
	w.looked = twilio.Count(standin.List)
}

// gap is the least time between two texts of the trial's door.
const gap = time.Minute

// newWitness makes a witness whose API fails as the seed says.
func newWitness(seed uint64) *witness {
	return &witness{network: newNetwork(), chance: rand.New(rand.NewPCG(seed, 1)), api: rand.New(rand.NewPCG(seed, 2)),
		texts: map[string]*asked{}, rings: map[uint64]*asked{}, fates: map[string]int{}}
}
