// Command fleet measures many doors at one broker: a thousand of them, each with its machine, loop, journal and MQTT side, in
// one process, on simulated boards, and one mosquitto on this machine. Visitors ring, get their codes in memory and type them,
// at an evening's rate and at ten and a hundred times that; then the broker goes away and comes back; then the doors are
// doubled until something gives. It prints tables. With -write it also writes its section of BENCHMARKS.md and the plot.
//
// It ends with 1, and writes nothing, when an event was lost or a state was not true in the end, before the doors are doubled.
package main

import (
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"runtime"

	"golang.org/x/sys/unix"

	"latchd/bench/page"
)

var (
	write = flag.Bool("write", false, "write the section of BENCHMARKS.md and docs/fleet-latency.svg, too")
	quick = flag.Bool("quick", false, "50 doors for a few seconds: whether it works, not how fast")
	doors = flag.Int("doors", 1000, "doors to begin with")
	most  = flag.Int("most", 16_000, "doors to stop at, if nothing gives before")
	long  = flag.Float64("long", 1, "times the usual length of each part")
	seed  = flag.Uint64("seed", 1, "of the visitors")

	spread = flag.Duration("spread", 0, "over which the doors come back to the broker: mqtt.spread of their configuration")
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
	body, svg, err := measure()
	fmt.Print(body)
	if err != nil {
		log.Fatal(err)
	}
	if *write {
		if err := errors.Join(os.WriteFile("docs/fleet-latency.svg", svg, 0o644), page.Write("BENCHMARKS.md", "fleet", body)); err != nil {
			log.Fatal(err)
		}
	}
}

func measure() (body string, svg []byte, err error) {
	if err := raise(); err != nil {
		return "", nil, err
	}
	dir, err := os.MkdirTemp("", "latchd-fleet-")
	if err != nil {
		return "", nil, err
	}
	defer os.RemoveAll(dir)
	show := newProgress()
	defer show.done()
	p := whole
	if *quick {
		p = short
	}
	r, err := p.run(dir, show)
	return r.text(), r.plot(), err
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
