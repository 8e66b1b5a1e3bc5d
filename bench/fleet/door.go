package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path"
	"path/filepath"
	"sync"
	"time"

	"periph.io/x/conn/v3/gpio"

	"latchd/board"
	"latchd/board/sim"
	"latchd/daemon"
	"latchd/journal"
	"latchd/lock"
	"latchd/mqtt"
)

// rules are the defaults, but for what a hundred times an evening's rate needs: a short pulse, and texts without a budget.
var rules = lock.Config{Digits: 6, TTL: 2 * time.Minute, Attempts: 3, Lockout: 10 * time.Minute, LockoutMax: 24 * time.Hour,
	Pulse: time.Second, HeldAlarm: 30 * time.Second, IdleClear: 10 * time.Second, Enter: '#', Clear: '*',
	MinGap: time.Second, PerHour: 10_000, PerDay: 100_000, Owners: []lock.Owner{{Name: "Ada"}}}

// door is a door as cmd/latchd puts it together, but with keys, bell and contact that are posted to its loop, and without
// pages and Twilio.
type door struct {
	*daemon.Loop
	journal *journal.Journal
	client  *mqtt.Client
	board   *board.Board

	turn   sync.Mutex     // held by the visitor at the door
	codes  chan lock.Text // to the visitor
	opened chan struct{}  // the strike's line was driven to open; holds one

	mu     sync.Mutex
	status lock.Status
	last   uint64 // seq stored
}

// opening is what a door needs of its surroundings.
type opening struct {
	dir, broker string
	spread      time.Duration
	number      int
	dial        func(ctx context.Context, network, address string) (net.Conn, error)
	opened      func(door int) // the strike's line has been driven to open; must not block
}

// doorID names a door and its site, of which each has twenty.
func doorID(n int) string { return fmt.Sprintf("site-%03d/door-%05d", n/20, n) }

// openDoor puts a door together; run sets it to work.
func openDoor(o opening) (d *door, err error) {
	id := doorID(o.number)
	d = &door{codes: make(chan lock.Text, 1), opened: make(chan struct{}, 1)}
	lines := witness{sim.New(sim.Wiring{Strike: "GPIO17"}), func() {
		o.opened(o.number)
		select {
		case d.opened <- struct{}{}:
		default:
		}
	}}
	if d.board, err = board.Open(lines, board.Wiring{Strike: board.Output{Line: "GPIO17"}}); err != nil {
		return nil, err
	}
	var was journal.Opened
	d.journal, was, err = journal.Open(journal.Options{Dir: filepath.Join(o.dir, id), Door: id, Keep: 90 * 24 * time.Hour, Now: daemon.WallClock})
	if err != nil {
		return nil, errors.Join(err, d.board.Close())
	}
	d.client, err = mqtt.New(mqtt.Options{Door: id, Name: "Front door", Site: path.Dir(id), Prefix: "latchd", Brokers: []string{"tcp://" + o.broker},
		Dial: o.dial, Spread: o.spread, Discovery: "homeassistant", Memory: d.journal, Contact: true}, d.journal, func(in lock.Input) { d.Post(in) })
	if err != nil {
		return nil, errors.Join(err, d.journal.Close(), d.board.Close())
	}
	d.Loop = daemon.New(daemon.Options{Door: id, Version: "bench", Rules: rules, State: was.State, Strike: d.board.Strike,
		Lamps: d.board.Feedback, Texts: d, Journal: d.journal, Show: d.show, Stuck: d.client.Stuck,
		Synced: func() bool { return true }, Log: slog.New(slog.DiscardHandler)})
	return d, nil
}

// run works the door until ctx ends.
func (d *door) run(ctx context.Context) error {
	var errs [2]error
	var jobs, storing sync.WaitGroup
	adapters, stopAdapters := context.WithCancel(context.Background())
	store, stopJournal := context.WithCancel(context.Background())
	storing.Go(func() { errs[0] = d.journal.Run(store, d.tell, d.Post) })
	jobs.Go(func() { _ = d.client.Run(adapters) })
	d.Post(lock.Level{Sensor: lock.Contact, Active: true, Initial: true})
	d.Run(ctx)
	errs[1] = d.board.Close()
	stopAdapters()
	jobs.Wait()
	stopJournal()
	storing.Wait()
	return errors.Join(errs[:]...)
}

func (d *door) show(s lock.Status) {
	d.mu.Lock()
	d.status = s
	d.mu.Unlock()
	d.client.Show(s)
}

func (d *door) tell(events []lock.Event, again bool) {
	d.mu.Lock()
	d.last = max(d.last, events[len(events)-1].Seq)
	d.mu.Unlock()
	if again {
		events = nil
	}
	d.client.Tell(events)
}

// look returns the last seq stored, and the payloads that the retained topics should carry.
func (d *door) look() truth {
	d.mu.Lock()
	defer d.mu.Unlock()
	contact := "OFF"
	if d.status.DoorOpen {
		contact = "ON"
	}
	return truth{d.last, string(d.status.Strike), contact}
}

// Send hands the code to the visitor, in memory; Spent has nothing to call back.
func (d *door) Send(t lock.Text) {
	select {
	case d.codes <- t:
	default:
	}
}

func (d *door) Spent(uint64) {}

// witness is a board that tells when the strike's line is driven to open.
type witness struct {
	*sim.Board
	opened func()
}

func (w witness) Output(name string, initial gpio.Level) (gpio.PinOut, error) {
	line, err := w.Board.Output(name, initial)
	return watched{line, w.opened}, err
}

type watched struct {
	gpio.PinOut
	opened func()
}

func (w watched) Out(l gpio.Level) error {
	err := w.PinOut.Out(l)
	if err == nil && l == gpio.High {
		w.opened()
	}
	return err
}
