package main

import (
	"flag"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"latchd/bench/page"
)

var kills = flag.Int("kills", 15, "times that the daemon is killed; with -write, the section kills of BENCHMARKS.md is written")

// killing is a door that is killed again and again, with what stands around it.
type killing struct {
	*rig
	rng     *rand.Rand
	ledger  *ledger
	deaths  []death
	readies []time.Duration // from exec, after a kill
	looks   int             // how often the retained states were compared with the door

	mu      sync.Mutex // held while something is said to the broker, and while it goes
	broker  *exec.Cmd
	well    bool // the broker answers
	witness chan struct{}
	outages [len(troubles)]int
}

// death is one kill.
type death struct {
	at    time.Time
	phase int
	well  bool // the broker was
	heard int  // the events that the witness had by then
}

// The phases of a life in which a kill falls, as far as log and line tell.
const (
	toLock = iota
	toReady
	inPulse
	locked
)

var phases = [...]string{toLock: "before the strike was said to be locked", toReady: "then, before ready", inPulse: "ready, in mid-pulse",
	locked: "ready, the strike locked"}

// What is planned for a life.
const (
	starting   = iota // it ends at any moment of its start
	anywhere          // at any moment after it
	pulsing           // at any moment of a pulse
	telling           // when something has just been told
	draining          // when some of the outbox has come
	troubling         // as anywhere; before that the broker goes
	recovering        // as draining; the broker is back
)

var plans = [...]int{starting, anywhere, telling, pulsing, troubling, anywhere, pulsing, starting, anywhere, recovering, draining, telling,
	starting, pulsing, telling}

// The real program, killed at random moments: whoever listens at the broker has seen every event.
func TestKilledAtAnyMomentNoSeqIsMissing(t *testing.T) {
	if mosquitto() == "" {
		t.Skip("no mosquitto here: apt install mosquitto")
	}
	long := false
	flag.Visit(func(f *flag.Flag) { long = long || f.Name == "kills" })
	if *soakWrite && !long {
		t.Fatal("-write is for a number of kills that was given: add -kills 500")
	}
	k := newKilling(t)
	for i := range *kills {
		if k.life(i); t.Failed() {
			return
		}
	}
	body := k.end(long)
	t.Logf("\n%s", body)
	if *soakWrite && !t.Failed() {
		if err := page.Write("../../BENCHMARKS.md", "kills", body); err != nil {
			t.Error(err)
		}
	}
}

func newKilling(t *testing.T) *killing {
	k := &killing{rig: newRig(t), rng: rand.New(rand.NewPCG(*soakSeed, 0)), ledger: newLedger()}
	config, err := os.ReadFile(k.config)
	if err != nil {
		t.Fatal(err)
	}
	k.write(strings.NewReplacer("per_hour = 50", "per_hour = 100", "per_day = 50", "per_day = 500").Replace(string(config)) +
		"[code]\ndigits = 4\nlockout = \"1s\"\nlockout_max = \"1s\"\n")
	text := "listener " + k.port + " 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n"
	if err := os.WriteFile(k.brokerConfig(), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	k.raiseBroker()
	t.Cleanup(func() { k.broker.Process.Kill(); k.broker.Wait() })
	return k
}

func (k *killing) brokerConfig() string { return filepath.Join(k.dir, "mosquitto.conf") }

// life is one life of the daemon, from exec to SIGKILL.
func (k *killing) life(i int) {
	plan := plans[i%len(plans)]
	if plan == recovering {
		k.raiseBroker()
	}
	told := k.ledger.after(1 + k.rng.IntN(60))
	l := k.begin()
	defer k.kill(l)
	if plan == starting {
		k.pass(k.upTo(middle(k.readies)))
		return
	}
	k.readies = append(k.readies, l.ready())
	k.locked(l)
	if plan == recovering {
		k.resume()
	}
	if k.well && plan != draining && plan != recovering {
		k.compare(l)
	}
	if plan == telling {
		told = k.ledger.after(1 + k.rng.IntN(8))
	}
	k.use(l, plan == pulsing)
	switch plan {
	case anywhere:
		k.pass(k.upTo(800 * time.Millisecond))
	case pulsing:
		l.wait(l.opened, "the strike to open")
		// A pulse takes 500 ms; its events are on their way to journal and broker in the first few.
		k.pass(k.upTo([]time.Duration{4 * time.Millisecond, 550 * time.Millisecond}[k.rng.IntN(2)]))
	case telling:
		l.wait(told, "something to be told")
	case draining, recovering:
		l.until(atBroker)
		select {
		case <-told:
		case <-time.After(k.upTo(50 * time.Millisecond)):
		}
	case troubling:
		k.pass(k.upTo(300 * time.Millisecond))
		k.trouble(i / len(plans) % len(troubles))
		k.pass(k.upTo(300 * time.Millisecond))
	}
}

func (k *killing) upTo(d time.Duration) time.Duration { return upTo(k.rng, d) }

// upTo is a random time below d.
func upTo(rng *rand.Rand, d time.Duration) time.Duration { return time.Duration(rng.Int64N(int64(d))) }

func (k *killing) pass(d time.Duration) { <-time.After(d) }

// kill ends a life.
func (k *killing) kill(l *life) {
	l.dying.Store(true)
	d := death{at: time.Now(), well: k.well, heard: k.ledger.heard()}
	open := l.open.Load()
	l.cmd.Process.Kill()
	err := l.end()
	if status, ok := l.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
		k.t.Errorf("it was not the kill that ended it: %v\n%s", err, l.diary.text)
	}
	switch {
	case !l.diary.has(lockedFirst):
		d.phase = toLock
	case !l.diary.has(atWork):
		d.phase = toReady
	case open:
		d.phase = inPulse
	default:
		d.phase = locked
	}
	k.deaths = append(k.deaths, d)
}

// middle is the median of times, or 100 ms where there are none yet.
func middle(times []time.Duration) time.Duration {
	if len(times) == 0 {
		return 100 * time.Millisecond
	}
	return slices.Sorted(slices.Values(times))[len(times)/2]
}
