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
	"net"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// What the process of doors is asked: to let visitors come at a rate, all its doors together; to say how it is; and, by the
// end of its input, to end.
type order struct {
	Rate float64 // visitors a second
	Look bool
}

// word is what the process of doors says: that all doors stand, that a strike was opened, or how it is.
type word struct {
	Up     bool    `json:",omitempty"`
	Door   int     `json:",omitempty"`
	Opened int64   `json:",omitempty"` // when, as now tells
	Report *report `json:",omitempty"`
}

// report is how a process of doors is.
type report struct {
	In, Out uint64             // bytes on its connections so far
	Dials   map[int64]attempts // since the last report, by tick
	Doors   []truth
	Trouble []string // of visits, since the last report
	Active  int      // visits that are not over, or wait for their turn
}

// attempts are what came of dialling within one tick.
type attempts struct{ Made, Failed int }

// truth is what a door should have told.
type truth struct {
	Seq             uint64
	Strike, Contact string
}

// tick is the unit in which attempts to connect are counted.
const tick = 100 * time.Millisecond

// now reads a clock that all processes of this machine share, and that nobody sets.
func now() int64 {
	var ts unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts) // cannot fail on Linux
	return ts.Nano()
}

// town is a process of doors.
type town struct {
	doors   []*door
	first   int
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
	if err := set.Parse(args); err != nil {
		return err
	}
	t := &town{first: *first, words: make(chan word, 10_000), dials: map[int64]attempts{}, doors: make([]*door, *n)}
	said := make(chan error, 1)
	go func() { said <- t.say(out) }()
	if err := t.open(*dir, *broker); err != nil {
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
func (t *town) open(dir, broker string) error {
	errs, room := make([]error, len(t.doors)), make(chan struct{}, 16)
	var starting sync.WaitGroup
	for i := range t.doors {
		room <- struct{}{}
		starting.Go(func() {
			defer func() { <-room }()
			t.doors[i], errs[i] = openDoor(opening{dir: dir, broker: broker, number: t.first + i, dial: t.dial,
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
	given, rate := make(chan order), 0.0
	go func() {
		defer close(given)
		for d := json.NewDecoder(orders); ; {
			var o order
			if d.Decode(&o) != nil {
				return
			}
			given <- o
		}
	}()
	next := time.Now()
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
			visits.Go(func() {
				defer t.active.Add(-1)
				if err := t.doors[d].visit(ctx, mind); err != nil && ctx.Err() == nil {
					t.mu.Lock()
					defer t.mu.Unlock()
					t.trouble = append(t.trouble, fmt.Sprintf("%s: %v", doorID(t.first+d), err))
				}
			})
		}
		if rate > 0 {
			next = next.Add(time.Duration(rng.ExpFloat64() / rate * float64(time.Second)))
		}
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

// dial connects to the broker, counts that, and counts the bytes from then on.
func (t *town) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	t.mu.Lock()
	defer t.mu.Unlock()
	at := now() / int64(tick)
	a := t.dials[at]
	defer func() { t.dials[at] = a }()
	if err != nil {
		a.Failed++
		return nil, err
	}
	a.Made++
	return counted{conn, t}, nil
}

type counted struct {
	net.Conn
	t *town
}

func (c counted) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.t.in.Add(uint64(n))
	return n, err
}

func (c counted) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.t.out.Add(uint64(n))
	return n, err
}
