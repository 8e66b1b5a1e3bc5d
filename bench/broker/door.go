package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"sync"
	"time"

	"latchd/journal"
	"latchd/lock"
	"latchd/mqtt"
)

// visits is what a busy door tells, again and again: mostly visitors who are let in, some who are not, and the odd fault.
var visits = []lock.Event{
	{Type: lock.BellRung},
	{Type: lock.CodeSent, Owner: "Ada", Phone: "+*********21"},
	{Type: lock.CodeDelivered, Owner: "Ada", Phone: "+*********21"},
	{Type: lock.AccessGranted, Method: lock.ByCode},
	{Type: lock.LockUnlocked, Method: lock.ByCode},
	{Type: lock.DoorOpened},
	{Type: lock.LockLocked},
	{Type: lock.DoorClosed},
	{Type: lock.ExitPressed},
	{Type: lock.AccessGranted, Method: lock.ByExit},
	{Type: lock.LockUnlocked, Method: lock.ByExit},
	{Type: lock.DoorOpened},
	{Type: lock.LockLocked},
	{Type: lock.DoorClosed},
	{Type: lock.BellRung},
	{Type: lock.BellLimited, Reason: lock.MinGap, Wait: 42 * time.Second},
	{Type: lock.AccessDenied, Method: lock.ByCode, Reason: lock.WrongCode},
	{Type: lock.CommandRefused, Method: lock.ByMQTT, Action: lock.Unlock, Reason: lock.Stale, Detail: "made 14 s ago"},
	{Type: lock.FaultRaised, Part: "twilio", Detail: "no way to api.twilio.com", Hint: "check the network"},
	{Type: lock.FaultCleared, Part: "twilio"},
}

// door is latchd's journal and MQTT side, without the rest.
type door struct {
	id      string
	journal *journal.Journal
	client  *mqtt.Client
	room    chan struct{} // bounds what the journal has not stored yet

	mu     sync.Mutex
	status lock.Status

	stop func() error // ends the client, then the journal
}

// dialer is mqtt.Options.Dial.
type dialer func(ctx context.Context, network, address string) (net.Conn, error)

// openDoor starts a door whose journal is in dir and whose broker is at HOST:PORT. stored gets the events once they are
// stored, before the client hears of them. dial may be nil.
func openDoor(dir, id, broker string, dial dialer, stored func([]lock.Event)) (*door, error) {
	j, _, err := journal.Open(journal.Options{Dir: filepath.Join(dir, id), Door: id})
	if err != nil {
		return nil, err
	}
	c, err := mqtt.New(mqtt.Options{Door: id, Name: id, Prefix: "latchd", Brokers: []string{"tcp://" + broker}, Dial: dial,
		Discovery: "homeassistant", Contact: true}, j, func(lock.Input) {})
	if err != nil {
		return nil, errors.Join(err, j.Close())
	}
	d := &door{id: id, journal: j, client: c, room: make(chan struct{}, 1000)}
	told := func(events []lock.Event, again bool) {
		stored(events)
		if !again {
			c.Tell(events)
		}
		for range events {
			<-d.room
		}
	}
	endJournal := background(func(ctx context.Context) error { return j.Run(ctx, told, func(lock.Input) {}) })
	d.show(func(s *lock.Status) { *s = lock.Status{Strike: lock.Locked, Contact: true, TextsLeft: 20} })
	endClient := background(c.Run)
	d.stop = func() error { return errors.Join(endClient(), endJournal()) }
	return d, nil
}

// background runs f until end is called, which waits for it.
func background(f func(context.Context) error) (end func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	return func() error { cancel(); return <-done }
}

// show changes the door's status and publishes it.
func (d *door) show(change func(*lock.Status)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change(&d.status)
	d.client.Show(d.status)
}

// add lets the nth thing happen at the door. It waits while the journal has a thousand events to store.
func (d *door) add(n int) {
	e := visits[n%len(visits)]
	switch e.Type {
	case lock.LockUnlocked:
		d.show(func(s *lock.Status) { s.Strike = lock.Unlocked })
	case lock.LockLocked:
		d.show(func(s *lock.Status) { s.Strike = lock.Locked })
	case lock.DoorOpened:
		d.show(func(s *lock.Status) { s.DoorOpen = true })
	case lock.DoorClosed:
		d.show(func(s *lock.Status) { s.DoorOpen = false })
	}
	d.put(e)
}

func (d *door) put(e lock.Event) {
	e.At, e.Clock, e.Door = time.Now(), "synced", d.id
	d.room <- struct{}{}
	d.journal.Add(e)
}

// flush waits until all is stored.
func (d *door) flush() error {
	for began := time.Now(); len(d.room) > 0; time.Sleep(time.Millisecond) {
		if time.Since(began) > time.Minute {
			return fmt.Errorf("door %s: the journal stores nothing", d.id)
		}
	}
	return nil
}
