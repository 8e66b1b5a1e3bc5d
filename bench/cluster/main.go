// Command cluster plays what befalls a cluster of three NATS servers, whose MQTT keeps all in JetStream three times, while
// doors are at work on it: the real daemon, on simulated boards. It prints a verdict for each scenario, and ends with 1 when
// one fails. With -write it also judges how long openings take, and writes its section of BENCHMARKS.md.
//
//	go run -C bench/cluster .                      # all scenarios
//	go run -C bench/cluster . -scenario node       # one; or several, with commas between
//	go run -C bench/cluster . doors                # how many doors it takes
//	go run -C bench/cluster . up                   # the cluster alone, to try by hand
package main

import (
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"latchd/bench/door"
	"latchd/bench/page"
)

var (
	write = flag.Bool("write", false, "write the section of BENCHMARKS.md, too, and judge how long openings take: the machine is to be quiet")
	only  = flag.String("scenario", "", "play these alone: "+names(scenarios))
	doors = flag.Int("doors", 36, "doors at work in each scenario that is not calm")
	keep  = flag.String("keep", "", "put the files of cluster and door into this folder, and leave them there")
)

func names(all []scenario) string {
	var words []string
	for _, s := range all {
		words = append(words, s.name)
	}
	return strings.Join(words, ",")
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("cluster: ")
	flag.Parse()
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	dir := *keep
	if dir == "" {
		var err error
		if dir, err = os.MkdirTemp("", "latchd-cluster-"); err != nil {
			return err
		}
		defer os.RemoveAll(dir)
	}
	if err := build(dir); err != nil {
		return err
	}
	if flag.Arg(0) == "up" {
		end := make(chan os.Signal, 1)
		signal.Notify(end, os.Interrupt, syscall.SIGTERM)
		return up(programs.nats, dir, end)
	}
	if flag.Arg(0) == "doors" {
		return playDoors(dir)
	}
	all, err := chosen()
	if err != nil {
		return err
	}
	outcomes, err := playAll(all, dir)
	fmt.Print(table(outcomes))
	if err != nil || !*write {
		return err
	}
	body, err := render(outcomes)
	if err != nil {
		return err
	}
	return page.Write("../../BENCHMARKS.md", "cluster", body)
}

// playAll plays scenarios one after the other.
func playAll(all []scenario, dir string) (outcomes []outcome, err error) {
	failed := 0
	for _, s := range all {
		log.Printf("%s: %s", s.name, s.what)
		o, err := s.play(filepath.Join(dir, s.name))
		if err != nil {
			return outcomes, fmt.Errorf("%s: %w", s.name, err)
		}
		outcomes = append(outcomes, o)
		if len(o.verdict(*write)) > 0 {
			failed++
		}
		log.Print(o.row())
	}
	if failed > 0 {
		return outcomes, fmt.Errorf("%d of %d scenarios failed", failed, len(all))
	}
	return outcomes, nil
}

func chosen() (all []scenario, err error) {
	if *only == "" {
		return scenarios, nil
	}
	if *write {
		return nil, errors.New("-write wants all scenarios")
	}
	for name := range strings.SplitSeq(*only, ",") {
		i := slices.IndexFunc(scenarios, func(s scenario) bool { return s.name == name })
		if i < 0 {
			return nil, fmt.Errorf("no scenario is called %q: there are %s", name, names(scenarios))
		}
		all = append(all, scenarios[i])
	}
	return all, nil
}

// build makes the server of the version in go.mod, and the daemon of this tree.
func build(dir string) error {
	programs.nats, programs.latchd = filepath.Join(dir, "nats-server"), filepath.Join(dir, "latchd")
	c := exec.Command("go", "build", "-o", programs.nats, "github.com/nats-io/nats-server/v2")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("build nats-server (run this with go run -C bench/cluster .): %w\n%s", err, out)
	}
	return door.Build("../..", programs.latchd)
}

const text = `## The cluster

` + "`go run -C bench/cluster . -write`" + ` wrote this section on %s.
%s: three processes, whose MQTT keeps all in JetStream three times, and whose ways to each other can be cut; all on loopback. There are
%d doors, one in *newcomer* and *late*: each is the daemon itself, in a process of its own on a simulated board, with the three as its brokers, the same one
first. All the while visitors ring, get their codes from a stand-in for Twilio and type them, and others leave by the exit button, each door five times
in twelve seconds. The consumer is an MQTT client with a session that the cluster keeps; it takes the next node when it loses one, and drops
an ` + "`id`" + ` that it has seen. The nodes have a lower priority than the doors (nice 10), which elsewhere have machines of their own.

%s
From edge to strike is the time from the edge of the exit button's line, or of the last key's, to the strike's, less that for which button or key must have been still
(%v, %v). A scenario passes when the consumer has heard every event of the doors' journals, whose ` + "`seq`" + ` has no gap; when somebody who
subscribes anew on any of the nodes is told the true states, within a minute after all is over, or, which is noted, once the node has read them anew, after two more; when the doors obey an order through each
node; when every right code and every press has opened, at the second try at the latest; and, for the figures here, when the median is within %v before, and within twice that of before and half a millisecond while it happens, the 99th percentile,
of a hundred and more, within twice that of before and 20 ms, and no opening later than %v.

%s`

func render(all []outcome) (string, error) {
	version, err := exec.Command(programs.nats, "--version").Output()
	list := ""
	for _, o := range all {
		list += fmt.Sprintf("- *%s*: %s\n", o.name, o.what)
	}
	return fmt.Sprintf(text, page.Stamp(), strings.TrimSpace(string(version)), *doors, table(all), attack, door.Debounce, soon, tooLate, list), err
}
