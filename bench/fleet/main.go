// Command fleet measures many doors at one broker: a thousand of them, each with its machine, loop, journal and MQTT side, in
// one process, on simulated boards, and one mosquitto on this machine. Visitors ring, get their codes in memory and type them,
// at an evening's rate and at ten and a hundred times that; then the broker goes away and comes back; then the doors are
// doubled until something gives; then the broker goes away from doors with mqtt.spread, and from doors that speak TLS. It prints tables. With -write it also writes its section of BENCHMARKS.md and the plot.
//
// It ends with 1, and writes nothing, when an event was lost or a state was not true in the end, before the doors are doubled, and when
// -write is asked of a busy machine. It ends with 1, too, when an aim was failed; that is written.
package main

import (
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"latchd/bench/page"
	"latchd/bench/proc"
)

var (
	write = flag.Bool("write", false, "write the section of BENCHMARKS.md and docs/fleet-latency.svg, too")
	quick = flag.Bool("quick", false, "50 doors for a few seconds: whether it works, not how fast")
	doors = flag.Int("doors", 1000, "doors to begin with")
	most  = flag.Int("most", 16_000, "doors to stop at, if nothing gives before")
	long  = flag.Float64("long", 1, "times the usual length of each part")
	seed  = flag.Uint64("seed", 1, "of the visitors")
)

var processors = runtime.NumCPU()

func main() {
	log.SetFlags(0)
	log.SetPrefix("fleet: ")
	if len(os.Args) > 1 && os.Args[1] == "doors" {
		if err := beDoors(os.Args[2:], os.Stdin, os.Stdout); err != nil {
			log.Fatal(err)
		}
		return
	}
	flag.Parse()
	p := whole
	if *quick {
		p = short
	}
	idle := idleFor(before)
	if *write {
		if err := p.writable(idle); err != nil {
			log.Fatal(err)
		}
	}
	r, err := measure(p)
	r.plan, r.idle = p, idle
	fmt.Print(r.text())
	if err != nil {
		log.Fatal(err)
	}
	if *write {
		if err := errors.Join(os.WriteFile("docs/fleet-latency.svg", r.plot(), 0o644), page.Write("BENCHMARKS.md", "fleet", r.text())); err != nil {
			log.Fatal(err)
		}
	}
	if failed := r.failed(); len(failed) > 0 {
		log.Fatalf("failed: %s", strings.Join(failed, "; "))
	}
}

// before is how long the machine is watched before anything is started.
const before = 5 * time.Second

// idleFor returns the share of the processors' time that is idle in the time to come.
func idleFor(d time.Duration) float64 {
	rest, began := proc.Idle(), time.Now()
	time.Sleep(d)
	return (proc.Idle() - rest) / time.Since(began).Seconds() / float64(processors)
}

func measure(p plan) (r results, err error) {
	if err := raise(); err != nil {
		return r, err
	}
	dir, err := os.MkdirTemp("", "latchd-fleet-")
	if err != nil {
		return r, err
	}
	defer os.RemoveAll(dir)
	show := newProgress()
	defer show.done()
	return p.run(dir, show)
}

// raise allows as many descriptors as may be had, here and in the processes that this one starts.
func raise() error {
	var l unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &l); err != nil {
		return err
	}
	l.Cur = l.Max
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &l); err != nil {
		return fmt.Errorf("raise the limit of open files: %w", err)
	}
	return nil
}
