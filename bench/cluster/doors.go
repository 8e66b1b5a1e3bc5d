package main

import (
	"context"
	"fmt"
	"log"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"latchd/bench/page"
	"latchd/bench/proc"
	"latchd/lock"
	"latchd/mqtt"
)

// A growing number of doors, until something gives.
var (
	growth  = []int{100, 300, 1000, 2000, 4000, 8000}
	tooLong = 5 * time.Minute        // for the new doors to be there
	tooSlow = 250 * time.Millisecond // for an acknowledgement, p99
)

const (
	calm    = 20 * time.Second // until what a connection brings about is over
	resting = 20 * time.Second // for which a cluster at rest is watched
	asks    = 400              // events that are timed, one after the other
)

// grown is what a cluster takes for so many doors.
type grown struct {
	doors, new int
	joined     time.Duration // of the new ones
	resident   float64       // bytes, of the three nodes
	rest       float64       // processors, of the three nodes
	acks       []time.Duration
}

// crowd is the MQTT side of many doors, each of which has the nodes in another order.
type crowd struct {
	ctx   context.Context
	jobs  sync.WaitGroup
	boxes []*outbox
	doors []*mqtt.Client
}

// doors measures, and returns a section of BENCHMARKS.md.
func (c *cluster) measureDoors() (body string, err error) {
	ctx, end := context.WithCancel(context.Background())
	all := crowd{ctx: ctx}
	defer all.jobs.Wait()
	defer end()
	var pids []int
	for _, n := range c.nodes {
		pids = append(pids, n.cmd.Process.Pid)
	}
	empty, err := proc.Use(pids...)
	if err != nil {
		return "", err
	}
	rows, gave := "", "nothing"
	for _, n := range growth {
		log.Printf("%d doors", n)
		g, err := c.grow(&all, n, pids)
		if err != nil {
			gave = fmt.Sprintf("%d doors: %v", n, err)
			break
		}
		slices.Sort(g.acks)
		p99 := g.acks[len(g.acks)*99/100]
		row := fmt.Sprintf("| %d | %.0f | %.2f MB | %.0f %% | %.2f ms | %.2f ms |\n", n, float64(g.new)/g.joined.Seconds(),
			(g.resident-empty.Resident)/1e6/float64(n)/size, 100*g.rest, page.Ms(g.acks[len(g.acks)/2]), page.Ms(p99))
		log.Print(row)
		if rows += row; p99 > tooSlow {
			gave = fmt.Sprintf("at %d doors an acknowledgement takes too long", n)
			break
		}
	}
	return fmt.Sprintf(doorsText, page.Stamp(), rows, gave), nil
}

const doorsText = `## Doors on a cluster

` + "`go run -C bench/cluster . -write doors`" + ` wrote this section on %s.
The three nodes of [the cluster](#the-cluster), and the MQTT side of many doors in one process, all on loopback and on these processors. A door has nine
retained states, one subscription of QoS 1 and the others of QoS 0. Time is from an event's being told to its acknowledgement, one door after the other.

| doors | connected a second | memory a door, at each node | processor at rest, all nodes, of one | event to acknowledgement: p50 | p99 |
|---|---|---|---|---|---|
%s
What gave: %s.`

// grow adds doors until there are n.
func (c *cluster) grow(all *crowd, n int, pids []int) (g grown, err error) {
	g.doors, g.new = n, n-len(all.doors)
	began := time.Now()
	for i := len(all.doors); i < n; i++ {
		if err := all.add(i, c.brokers(i)); err != nil {
			return g, err
		}
	}
	for i, b := range all.boxes {
		select {
		case <-b.acked:
		case <-time.After(time.Until(began.Add(tooLong))):
			return g, fmt.Errorf("only %d are there after %v", i, tooLong)
		}
	}
	g.joined = time.Since(began)
	time.Sleep(calm)
	before, err := proc.Use(pids...)
	if err != nil {
		return g, err
	}
	time.Sleep(resting)
	after, err := proc.Use(pids...)
	if err != nil {
		return g, err
	}
	g.resident, g.rest = after.Resident, (after.CPU-before.CPU)/resting.Seconds()
	for i := range asks {
		d, err := all.tell(i * len(all.doors) / asks)
		if err != nil {
			return g, err
		}
		g.acks = append(g.acks, d)
	}
	return g, nil
}

// add starts the MQTT side of door i, twenty of which make a site. Its first event is on its way when it is connected.
func (a *crowd) add(i int, brokers []string) error {
	box := &outbox{acked: make(chan struct{})}
	for j := range brokers {
		brokers[j] = "tcp://" + brokers[j]
	}
	c, err := mqtt.New(mqtt.Options{Door: fmt.Sprintf("site-%d/door-%d", i/20, i%20), Name: "Door", Prefix: "latchd", Brokers: brokers, Contact: true,
		Tamper: true}, box, func(lock.Input) {})
	if err != nil {
		return err
	}
	c.Show(lock.Status{Strike: lock.Locked, Contact: true, TamperFit: true})
	a.boxes, a.doors = append(a.boxes, box), append(a.doors, c)
	box.put()
	a.jobs.Go(func() { c.Run(a.ctx) })
	return nil
}

// tell lets door i tell of an event, and returns how long it took to be acknowledged.
func (a *crowd) tell(i int) (time.Duration, error) {
	b := a.boxes[i]
	began := time.Now()
	acked := b.put()
	a.doors[i].Tell(b.waiting())
	select {
	case <-acked:
		return time.Since(began), nil
	case <-time.After(patience):
		return 0, fmt.Errorf("door %d: no acknowledgement within %v", i, patience)
	}
}

// outbox holds one event until it is delivered.
type outbox struct {
	mu    sync.Mutex
	seq   uint64
	open  bool
	acked chan struct{} // closed when the event is delivered
}

// put puts in another event; the one before has been delivered.
func (b *outbox) put() (acked <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.seq > 0 {
		b.acked = make(chan struct{})
	}
	b.seq, b.open = b.seq+1, true
	return b.acked
}

func (b *outbox) waiting() []lock.Event {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.open {
		return nil
	}
	return []lock.Event{{ID: fmt.Sprintf("%026d", b.seq), Seq: b.seq, At: time.Now(), Clock: "synced", Door: "site/door", Type: lock.ExitPressed}}
}

// Pending, Delivered and Range make it a mqtt.Outbox.
func (b *outbox) Pending(context.Context, int) ([]lock.Event, error) { return b.waiting(), nil }

func (b *outbox) Delivered(_ context.Context, seq uint64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open && seq >= b.seq {
		b.open = false
		close(b.acked)
	}
	return nil
}

func (b *outbox) Range(context.Context, uint64, uint64, int) ([]lock.Event, error) { return nil, nil }

// playDoors measures how many doors a cluster takes.
func playDoors(dir string) error {
	c, err := newCluster(programs.nats, filepath.Join(dir, "doors"))
	if err != nil {
		return err
	}
	defer c.close()
	body, err := c.measureDoors()
	fmt.Print(strings.TrimSpace(body), "\n")
	if err != nil || !*write {
		return err
	}
	return page.Write("../../BENCHMARKS.md", "cluster-doors", body)
}
