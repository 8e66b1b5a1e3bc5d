package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"latchd/bench/badnet"
	"latchd/bench/mosquitto"
	"latchd/bench/page"
)

// trial is a run over a bad network: doors that each have a journal, a client and a proxy of their own, one broker, and
// one consumer that is connected to it directly.
type trial struct {
	doors, events int     // events of all doors together
	rate          float64 // events a second, of all doors together
	mix           badnet.Mix
	seed          uint64
	patience      time.Duration // for the next event when there is a backlog
}

// outcome is what came of a trial.
type outcome struct {
	trial
	lost, disorder, repeated int
	network                  badnet.Counts // of all proxies
	backlogs                 []int         // of all doors together, every second while new events came
	took                     time.Duration
}

// line is one door in a trial.
type line struct {
	*ledger
	*door
	net *badnet.Proxy
}

// run returns an error when something went wrong that leaves nothing to count. Lost events are counted.
func (t trial) run(dir string) (o outcome, err error) {
	b, err := mosquitto.Start(dir, mosquitto.Open)
	if err != nil {
		return o, err
	}
	defer b.Kill()
	lines, ledgers, trouble := make([]*line, t.doors), map[string]*ledger{}, make(chan error, 1)
	for i := range lines {
		id := fmt.Sprintf("door-%d", i)
		ledgers[id] = newLedger()
		lines[i] = &line{ledger: ledgers[id]}
	}
	ear, err := mosquitto.Hear(b.Address, "latchd/+/event", func(topic string, payload []byte) {
		if err := ledgers[strings.Split(topic, "/")[1]].hear(payload); err != nil {
			select {
			case trouble <- err:
			default:
			}
		}
	})
	if err != nil {
		return o, err
	}
	defer ear.Disconnect(0)
	for i, l := range lines {
		if l.net, err = badnet.New(b.Address, t.mix.Plan(t.seed+uint64(i))); err != nil {
			return o, err
		}
		defer l.net.Close()
		if l.door, err = openDoor(dir, fmt.Sprintf("door-%d", i), l.net.Address(), nil, l.store); err != nil {
			return o, err
		}
		defer func() { err = errors.Join(err, l.door.stop()) }()
	}
	o, err = t.count(lines, trouble)
	for _, l := range lines {
		lost, bad := l.ledger.close()
		o.lost, o.disorder, o.repeated, err = o.lost+lost, o.disorder+l.disorder, o.repeated+l.repeated, errors.Join(err, bad)
	}
	return o, err
}

// count feeds the doors and waits until all is heard, or nothing comes any more.
func (t trial) count(lines []*line, trouble <-chan error) (o outcome, err error) {
	o.trial = t
	ctx, cancel := context.WithCancel(context.Background())
	var feeding sync.WaitGroup
	defer feeding.Wait()
	defer cancel()
	var fed atomic.Int32
	for i, l := range lines {
		feeding.Go(func() {
			t.feed(ctx, l.door, rand.New(rand.NewPCG(t.seed, uint64(i))))
			fed.Add(1)
		})
	}
	began := time.Now()
	last, most := began, 0
	for tick := time.Tick(250 * time.Millisecond); time.Since(last) < t.patience; {
		select {
		case err := <-trouble:
			return o, err
		case <-tick:
		}
		all, left, heard := fed.Load() == int32(len(lines)), 0, 0
		for _, l := range lines {
			l, h := l.progress()
			left, heard = left+l, heard+h
		}
		if o.took = time.Since(began); all && left == 0 {
			break
		}
		if !all {
			o.backlogs = append(o.backlogs, left)
		}
		if heard > most {
			last, most = time.Now(), heard
		}
		if len(o.backlogs)%40 == 0 {
			n, how := broken(sum(lines))
			log.Printf("%v: heard %d of %d, %d waiting, %d connections broken: %s", o.took.Round(time.Second), heard, t.events, left, n, how)
		}
	}
	o.network = sum(lines)
	return o, nil
}

// feed lets a door's share of the events happen, at random moments.
func (t trial) feed(ctx context.Context, d *door, rng *rand.Rand) {
	gap := float64(time.Second) * float64(t.doors) / t.rate
	for n := range t.events / t.doors {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Duration(rng.ExpFloat64() * gap)):
		}
		d.add(n)
	}
	d.flush()
}

// sum adds up what the proxies did.
func sum(lines []*line) badnet.Counts {
	all := badnet.Counts{Fates: map[badnet.Kind]int{}}
	for _, l := range lines {
		c := l.net.Counts()
		all.Connections, all.Refused, all.Delayed = all.Connections+c.Connections, all.Refused+c.Refused, all.Delayed+c.Delayed
		for k, n := range c.Fates {
			all.Fates[k] += n
		}
	}
	return all
}

// broken returns how many connections a network broke, and in words by what.
func broken(c badnet.Counts) (n int, how string) {
	var words []string
	for k := badnet.Drop; k <= badnet.Refuse; k++ {
		n += c.Fates[k]
		words = append(words, fmt.Sprintf("%s %d", k, c.Fates[k]))
	}
	return n, strings.Join(words, ", ")
}

func (o outcome) rows() []page.Row {
	n, how := broken(o.network)
	slices.Sort(o.backlogs)
	middle, most := 0, 0
	if l := len(o.backlogs); l > 0 {
		middle, most = o.backlogs[l/2], o.backlogs[l-1]
	}
	return []page.Row{
		{"events stored", fmt.Sprint(o.events), "–"},
		{"lost: stored, and never heard", fmt.Sprint(o.lost), "0"},
		{"out of order: new to the consumer, and of a lower `seq` than one before", fmt.Sprint(o.disorder), "0"},
		{"came again, and were dropped by their `id`", fmt.Sprintf("%d (%.1f %%)", o.repeated, 100*float64(o.repeated)/float64(o.events)), "–"},
		{"connections broken, by what the network did", fmt.Sprintf("%d: %s", n, how), "at least 200"},
		{"besides", fmt.Sprintf("stalls: %d, new connections turned away: %d, pieces delayed: %d", o.network.Fates[badnet.Stall],
			o.network.Refused, o.network.Delayed), "–"},
		{"waiting in the journals while new events came", fmt.Sprintf("median %d, most %d", middle, most), "–"},
		{"first event to last heard", fmt.Sprintf("%.0f s, %.0f events/s; fed at %.0f/s", o.took.Seconds(), float64(o.events)/o.took.Seconds(), o.rate), "–"},
	}
}
