package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"
	"sync"
	"time"

	"latchd/lock"
)

// scenario is something that happens to a cluster while doors are at work on it.
type scenario struct {
	name, what string
	home       int  // the node at which the consumer begins; the doors begin at node 0
	calm       bool // one door, at which nothing happens but what the scenario does itself
	happens    func(*scene) error
}

// scene is one scenario at play.
type scene struct {
	scenario
	*cluster
	*consumer
	doors []*visited
	note  string // what else was seen
}

// Times around what happens.
const (
	before  = 16 * time.Second // to have openings to compare with, some two hundred
	after   = 6 * time.Second
	catchUp = 60 * time.Second // for all to be heard and true, when it is over
	cached  = 2 * time.Minute  // for which a node tells newcomers what it has read of retained messages (server/mqtt.go)
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
	for i := range sc.count() {
		d, err := openDoor(programs.latchd, dir, fmt.Sprintf("door-%d", i+1), sc.brokers(0))
		if err != nil {
			return o, err
		}
		defer d.close()
		sc.doors = append(sc.doors, d)
	}
	if untrue, _ := sc.truth().glances(sc.nodes[0].mqtt, patience, false); len(untrue) > 0 {
		return o, fmt.Errorf("before anything has happened: %v", untrue)
	}
	return sc.judge(ctx)
}

func (s scenario) count() int {
	if s.calm {
		return 1
	}
	return *doors
}

// judge lets it happen, and looks at what came of it.
func (sc *scene) judge(ctx context.Context) (o outcome, err error) {
	o.scenario = sc.scenario
	start, began, over, err := sc.load(ctx, &o)
	if err != nil {
		o.faults = append(o.faults, err.Error())
	}
	o.note = sc.note
	o.quiet, o.meanwhile = openingsIn(sc.doors, start, began), openingsIn(sc.doors, began, over)
	o.opened = len(openingsIn(sc.doors, start, time.Now()))
	for _, d := range sc.doors {
		o.tried += d.tried
	}
	for _, n := range sc.nodes {
		old, _ := sc.truth().glances(n.mqtt, catchUp, false)
		if len(old) == 0 {
			continue
		}
		untrue, took := sc.truth().glances(n.mqtt, cached, false)
		if len(untrue) > 0 {
			o.faults = append(o.faults, fmt.Sprintf("on %s, %v", n.name, untrue))
		}
		o.note = strings.TrimPrefix(fmt.Sprintf("%s; %s told newcomers %d old states for %.0f s", o.note, n.name, len(old), (catchUp+took).Seconds()), "; ")
	}
	if err := sc.obeys(); err != nil {
		o.faults = append(o.faults, err.Error())
	}
	return o, sc.compare(&o)
}

// load lets it happen, with the doors at work before, meanwhile and after. From when it is over, newcomers look at each node.
func (sc *scene) load(ctx context.Context, o *outcome) (start, began, over time.Time, err error) {
	working, stop := context.WithCancel(ctx)
	defer stop()
	var work sync.WaitGroup
	failed := make([]error, len(sc.doors))
	start = time.Now()
	if !sc.calm {
		for i, d := range sc.doors {
			work.Go(func() {
				pause(ctx, time.Duration(i)*pace/time.Duration(len(sc.doors)))
				failed[i] = d.busy(working)
			})
		}
		time.Sleep(before)
	}
	began = time.Now()
	log.Printf("%s: it happens", sc.name)
	err = sc.happens(sc)
	over = time.Now()
	log.Printf("%s: it is over after %.0f s", sc.name, over.Sub(began).Seconds())
	var looks sync.WaitGroup
	for i, n := range sc.nodes {
		looks.Go(func() { _, o.wellAfter[i] = sc.well().glances(n.mqtt, catchUp, false) })
	}
	if err == nil && !sc.calm {
		time.Sleep(after)
	}
	stop()
	work.Wait()
	looks.Wait()
	return start, began, over, errors.Join(append(failed, err)...)
}

// compare holds what the consumer heard against the journals.
func (sc *scene) compare(o *outcome) error {
	var stored []lock.Event
	for end := time.Now().Add(catchUp); ; time.Sleep(200 * time.Millisecond) {
		stored = nil
		for _, d := range sc.doors {
			events, err := d.stored()
			if err != nil {
				return err
			}
			stored = append(stored, events...)
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
