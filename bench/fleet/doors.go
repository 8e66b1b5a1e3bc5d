package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// town is a process of doors.
type town struct {
	doors   []*door
	first   int
	certs   string // the folder of certificates; empty: the doors speak in clear
	in, out atomic.Uint64
	words   chan word
	active  atomic.Int64

	mu      sync.Mutex
	dials   map[int64]attempts
	trouble []string
}

// beDoors is the process of doors, whose orders come on its input.
func beDoors(args []string, orders io.Reader, out io.Writer) error {
	set := flag.NewFlagSet("doors", flag.ExitOnError)
	first, n := set.Int("first", 0, "number of the first door"), set.Int("n", 1, "doors")
	broker, dir := set.String("broker", "", "HOST:PORT"), set.String("dir", "", "for the journals")
	seed := set.Uint64("seed", 1, "of the visitors")
	spread := set.Duration("spread", 0, "as mqtt.spread")
	certs := set.String("certificates", "", "folder of ca.pem and door.pem; empty: no TLS")
	if err := set.Parse(args); err != nil {
		return err
	}
	t := &town{first: *first, certs: *certs, words: make(chan word, 10_000), dials: map[int64]attempts{}, doors: make([]*door, *n)}
	said := make(chan error, 1)
	go func() { said <- t.say(out) }()
	if err := t.open(*dir, *broker, *spread); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	errs := make([]error, len(t.doors))
	for i, d := range t.doors {
		running.Go(func() { errs[i] = d.run(ctx) })
	}
	t.words <- word{Up: true}
	err := t.obey(ctx, orders, rand.New(rand.NewPCG(*seed, uint64(*first))))
	cancel()
	running.Wait()
	close(t.words)
	return errors.Join(append(errs, err, <-said)...)
}

// open opens the doors, some at a time: each begins a journal, which waits for the disk.
func (t *town) open(dir, broker string, spread time.Duration) error {
	errs, room := make([]error, len(t.doors)), make(chan struct{}, 16)
	var starting sync.WaitGroup
	for i := range t.doors {
		room <- struct{}{}
		starting.Go(func() {
			defer func() { <-room }()
			t.doors[i], errs[i] = openDoor(opening{dir: dir, broker: broker, spread: spread, number: t.first + i, dial: t.dial,
				opened: func(n int) { t.words <- word{Door: n, Opened: now()} }})
		})
	}
	starting.Wait()
	return errors.Join(errs...)
}

// say writes what there is to say.
func (t *town) say(out io.Writer) error {
	b := bufio.NewWriter(out)
	e := json.NewEncoder(b)
	for w := range t.words {
		if err := e.Encode(w); err != nil {
			return err
		}
		if len(t.words) == 0 {
			if err := b.Flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// obey lets visitors come until the orders end. The visitors of many doors, each of which comes at random moments, are
// visitors of random doors at random moments.
func (t *town) obey(ctx context.Context, orders io.Reader, rng *rand.Rand) error {
	ctx, cancel := context.WithCancel(ctx)
	var visits sync.WaitGroup
	defer visits.Wait()
	defer cancel()
	given, rate, next := read(orders), 0.0, time.Now()
	for {
		var bell <-chan time.Time
		if rate > 0 {
			bell = time.After(time.Until(next))
		}
		select {
		case o, ok := <-given:
			if !ok {
				return nil
			}
			if o.Look {
				t.words <- word{Report: t.report()}
				continue
			}
			rate, next = o.Rate, time.Now()
		case <-bell:
			d, mind := rng.IntN(len(t.doors)), rand.New(rand.NewPCG(rng.Uint64(), 0))
			t.active.Add(1)
			visits.Go(func() { t.visit(ctx, d, mind) })
		}
		if rate > 0 {
			next = next.Add(time.Duration(rng.ExpFloat64() / rate * float64(time.Second)))
		}
	}
}

func (t *town) visit(ctx context.Context, door int, mind *rand.Rand) {
	defer t.active.Add(-1)
	if err := t.doors[door].visit(ctx, mind); err != nil && ctx.Err() == nil {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.trouble = append(t.trouble, fmt.Sprintf("%s: %v", doorID(t.first+door), err))
	}
}

func (t *town) report() *report {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := &report{In: t.in.Load(), Out: t.out.Load(), Dials: t.dials, Trouble: t.trouble, Active: int(t.active.Load())}
	t.dials, t.trouble = map[int64]attempts{}, nil
	for _, d := range t.doors {
		r.Doors = append(r.Doors, d.look())
	}
	return r
}
