package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
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
	"latchd/otp"
)

// rules are the defaults, but for what a hundred times an evening's rate needs: a short pulse, and texts without a budget.
var rules = lock.Config{Digits: 6, TTL: 2 * time.Minute, Attempts: 3, Lockout: 10 * time.Minute, LockoutMax: 24 * time.Hour,
	Pulse: time.Second, HeldAlarm: 30 * time.Second, IdleClear: 10 * time.Second, Enter: '#', Clear: '*',
	MinGap: time.Second, PerHour: 10_000, PerDay: 100_000, Owners: []lock.Owner{{Name: "Ada"}}}

// pace is the least time from one visitor of a door to the next. Faster ones would count as a flapping contact.
const pace = 4 * time.Second

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
		Dial: o.dial, Discovery: "homeassistant", Memory: d.journal, Contact: true}, d.journal, func(in lock.Input) { d.Post(in) })
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

// visit is one visitor: bell, code, in one of ten visits first a wrong one, through the door, and the door closes. It fails
// when the door does not do its part within half a minute.
func (d *door) visit(ctx context.Context, rng *rand.Rand) error {
	d.turn.Lock()
	defer d.turn.Unlock()
	next := time.After(pace)
	for len(d.codes)+len(d.opened) > 0 { // of a visit that was cut short
		select {
		case <-d.codes:
		case <-d.opened:
		}
	}
	d.Post(lock.Level{Sensor: lock.Bell, Active: true})
	d.Post(lock.Level{Sensor: lock.Bell})
	text, err := within(ctx, d.codes, "no code came")
	if err != nil {
		return err
	}
	news := lock.TextNews{Ring: text.Ring, Owner: text.To[0], Phone: "…21", State: lock.Sent}
	d.Post(news)
	news.State = lock.Delivered
	d.Post(news)
	wait(ctx, time.Duration(200+rng.IntN(800))*time.Millisecond)
	if rng.IntN(10) == 0 {
		d.enter(wrong(text.Code))
	}
	d.enter(text.Code.Reveal())
	if _, err := within(ctx, d.opened, "the right code did not open"); err != nil {
		return err
	}
	wait(ctx, 300*time.Millisecond)
	d.Post(lock.Level{Sensor: lock.Contact})
	wait(ctx, 300*time.Millisecond)
	d.Post(lock.Level{Sensor: lock.Contact, Active: true})
	select {
	case <-next:
	case <-ctx.Done():
	}
	return nil
}

func (d *door) enter(digits string) {
	for _, key := range digits + "#" {
		d.Post(lock.Key{Rune: key})
	}
}

// wrong returns an entry that differs in one digit.
func wrong(c otp.Code) string {
	b := []byte(c.Reveal())
	b[0] = '0' + (b[0]-'0'+1)%10
	return string(b)
}

func within[T any](ctx context.Context, from <-chan T, why string) (v T, err error) {
	select {
	case v = <-from:
	case <-ctx.Done():
		err = ctx.Err()
	case <-time.After(30 * time.Second):
		err = errors.New(why)
	}
	return v, err
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

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
