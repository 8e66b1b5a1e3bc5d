// Command broker measures what latchd promises about its broker: no event lost over a bad network, the true states at once
// after an outage, new events not held up by old ones. It takes the door's journal and MQTT side, without the rest, and
// mosquitto, and prints a table. With -write it also writes its section of BENCHMARKS.md.
//
// It ends with 1, and writes nothing, when an event was lost or came out of order.
package main

import (
	"errors"
	"flag"
	"fmt"
	"log"
	"time"

	"latchd/bench/badnet"
	"latchd/bench/page"
)

var (
	events  = flag.Int("events", 100_000, "events over the bad network")
	seed    = flag.Uint64("seed", 1, "of the bad network")
	short   = flag.Int("short", 12, "outages of the broker of 2 s")
	long    = flag.Int("long", 5, "outages of the broker of 30 s")
	backlog = flag.Int("backlog", 10_000, "events that gather in an outage")
)

// weather is the bad network of the trial. Silence is rare: a door takes 30 to 40 s to notice it.
var weather = badnet.Mix{
	Odds:  map[badnet.Kind]int{badnet.Stall: 8, badnet.Drop: 8, badnet.Truncate: 8, badnet.HalfClose: 5, badnet.Silence: 2, badnet.Refuse: 3},
	Bytes: 65_000, Delay: 50 * time.Millisecond, Stall: 2 * time.Second, Refuse: 2 * time.Second,
}

func main() {
	if err := page.Run("broker", measure); err != nil {
		log.Fatal(err)
	}
}

func measure(dir string) (body string, err error) {
	o, err := trial{doors: 20, events: *events, rate: 400, mix: weather, seed: *seed, patience: 2 * time.Minute}.run(dir)
	if err != nil {
		return "", fmt.Errorf("over a bad network: %w", err)
	}
	rows := o.rows()
	if o.lost+o.disorder > 0 {
		return page.Table(rows), errors.New("events were lost, or came out of order: nothing is written")
	}
	more, err := away(dir)
	if err != nil {
		return page.Table(rows), fmt.Errorf("with the broker away: %w", err)
	}
	return fmt.Sprintf(text, page.Stamp(), page.Table(rows), o.doors, *seed, page.Ms(2*o.mix.Delay), page.Table(more)), nil
}

// away measures what the broker's outages cost.
func away(dir string) (rows []page.Row, err error) {
	h, err := newHouse(dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	stays := []*stay{{away: 2 * time.Second, times: *short}, {away: 30 * time.Second, times: *long}}
	quiet, err := h.outages(stays, *backlog)
	if err != nil {
		return nil, err
	}
	var busy, drains []time.Duration
	for _, s := range stays {
		rows = append(rows, s.rows(*backlog)...)
		busy, drains = append(busy, s.bells...), append(drains, s.drains...)
	}
	rows = append(rows,
		page.Row{"a new `bell`, from Tell to a subscriber, while a backlog drains", page.Spread(busy), "–"},
		page.Row{"the same with nothing waiting", page.Spread(quiet), "–"},
		page.Row{fmt.Sprintf("drain of %d, from the door's connection to the last one heard, with a bell every 20 ms", *backlog), page.Spread(drains), "–"})
	more, err := h.filling(*backlog, 10**backlog)
	return append(rows, more...), err
}

const text = `## The broker

` + "`go run ./bench/broker -write`" + ` wrote this section on %s.
The door's journal and MQTT side, without the rest, and mosquitto, on loopback. The measuring process holds the door and the
subscriber, which is connected to mosquitto directly; mosquitto keeps any number of messages for it (max_queued_messages 0).
The machine is shared.

%s
These are %d doors at once, each with a journal, a client and a network of its own: a single one would wait ever longer between
connections of which none lasts for 10 s. Every broken connection is counted by what was done to it (bench/badnet, seed %d). *Drop*:
both ends are reset. *Truncate*: both are closed after a number of bytes that heeds no packet. *Half-close*: one way is closed,
and *silence*: what goes one way vanishes, while the other goes on. *Refuse*: both ends are reset, and new connections for up to 4 s.
A *stall*, of up to 4 s, breaks nothing by itself. A *piece* is up to 1 KiB, held back for up to %.0f ms.

%s
In an outage the broker is killed, the strike's and the door's states change, the events gather, and the broker starts again
with nothing retained. It runs when its log says so, and has taken the door's connection when the door's dial returns.
A door whose connection is refused tries again every 50 to 100 ms, and in an outage of more than 10 s at half to one
hundredth of the time that it has lasted, up to every 12 to 25 s. Memory is taken after a collection of garbage that gave back what
was free; the process holds the subscriber, too.
`
