package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"sync"
	"time"

	"latchd/lock"
)

// scenario is something that happens to a cluster while a door is at work on it.
type scenario struct {
	name, what string
	home       int  // the node at which the consumer begins; the door begins at node 0
	calm       bool // nothing but what the scenario does itself happens at the door
	happens    func(*scene) error
}

// scene is one scenario at play.
type scene struct {
	scenario
	*cluster
	*door
	*consumer
	note string // what else was seen
}

// Times around what happens.
const (
	before  = 16 * time.Second // to have openings to compare with
	after   = 10 * time.Second
	catchUp = 60 * time.Second // for all to be heard and true, when it is over
)

var programs struct{ nats, latchd string }

// play plays a scenario in a folder of its own.
func (s scenario) play(dir string) (o outcome, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return o, err
	}
	sc := &scene{scenario: s}
	if sc.cluster, err = newCluster(programs.nats, dir); err != nil {
		return o, err
	}
	defer sc.cluster.close()
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	sc.consumer = newConsumer(sc.brokers(s.home))
	ready, once := make(chan struct{}), sync.Once{}
	running.Go(func() { sc.consumer.run(ctx, func() { once.Do(func() { close(ready) }) }) })
	select {
	case <-ready:
	case <-time.After(patience):
		return o, errors.New("the consumer does not connect")
	}
	if sc.door, err = openDoor(programs.latchd, dir, sc.brokers(0)); err != nil {
		return o, err
	}
	defer sc.door.close()
	if untrue, _ := truth.glances(sc.nodes[0].mqtt, patience, false); len(untrue) > 0 {
		return o, fmt.Errorf("before anything has happened: %v", untrue)
	}
	return sc.judge(ctx)
}

// judge lets it happen, and looks at what came of it.
func (sc *scene) judge(ctx context.Context) (o outcome, err error) {
	o.scenario = sc.scenario
	start, began, over, err := sc.load(ctx, &o)
	if err != nil {
		o.faults = append(o.faults, err.Error())
	}
	o.note = sc.note
	o.quiet, o.meanwhile = sc.openingsIn(start, began), sc.openingsIn(began, over)
	o.opened = len(sc.openingsIn(start, time.Now()))
	for i, n := range sc.nodes {
		var untrue states
		if untrue, o.trueAfter[i] = truth.glances(n.mqtt, catchUp, false); len(untrue) > 0 {
			o.faults = append(o.faults, fmt.Sprintf("on %s, %v", n.name, untrue))
		}
	}
	if err := sc.obeys(ctx); err != nil {
		o.faults = append(o.faults, err.Error())
	}
	return o, sc.compare(&o)
}

// load lets it happen, with the door at work before, meanwhile and after.
func (sc *scene) load(ctx context.Context, o *outcome) (start, began, over time.Time, err error) {
	working, stop := context.WithCancel(ctx)
	defer stop()
	var work sync.WaitGroup
	var failed error
	start = time.Now()
	if !sc.calm {
		work.Go(func() { o.presses, failed = sc.busy(working) })
		time.Sleep(before)
	}
	began = time.Now()
	log.Printf("%s: it happens", sc.name)
	err = sc.happens(sc)
	over = time.Now()
	log.Printf("%s: it is over after %.0f s", sc.name, over.Sub(began).Seconds())
	if err == nil && !sc.calm {
		time.Sleep(after)
	}
	stop()
	work.Wait()
	return start, began, over, errors.Join(err, failed)
}

// compare holds what the consumer heard against the journal.
func (sc *scene) compare(o *outcome) error {
	var stored []lock.Event
	for end := time.Now().Add(catchUp); ; time.Sleep(200 * time.Millisecond) {
		var err error
		if stored, err = sc.stored(); err != nil {
			return err
		}
		if o.missing = sc.missing(stored); o.missing == 0 || time.Now().After(end) {
			break
		}
	}
	c := sc.consumer
	c.mu.Lock()
	defer c.mu.Unlock()
	o.events, o.repeated, o.disorder, o.delays = len(stored), c.repeated, c.disorder, c.delays
	return nil
}
