package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"latchd/bench/door"
	"latchd/lock"
	"latchd/sms/standin"
)

const more = `commands = true
[code]
digits = 4
[exit]
line = "GPIO22"
[contact]
line = "GPIO23"
[tamper]
line = "GPIO24"
`

const (
	exitLine = "GPIO22"
	attack   = time.Millisecond        // for which a button must have been pressed
	pace     = 1200 * time.Millisecond // of what people do at a door: it folds a bell rung more than twenty times a minute
)

// visited is a door that people come to and leave by.
type visited struct {
	*door.Door
	id, exe string
	twilio  *httptest.Server
	codes   chan string // of the texts

	mu       sync.Mutex
	tried    int // to open: by code or by the exit button
	openings []opening
}

// opening is a right code, or a press of the exit button, with what it took from its edge to the strike's, less the time for which
// key or button must have been still.
type opening struct {
	at   time.Time
	took time.Duration
}

// openDoor starts the daemon, which tries the brokers in their order.
func openDoor(exe, dir, id string, brokers []string) (*visited, error) {
	dir = filepath.Join(dir, id)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	v := &visited{id: id, exe: exe, codes: make(chan string, 100)}
	v.twilio = httptest.NewServer(door.Twilio(standin.Options{OnText: func(m standin.Message) { v.codes <- door.Code(m.Body) }}))
	var err error
	if v.Door, err = door.Start(door.Options{Exe: exe, Dir: dir, ID: id, API: v.twilio.URL, Brokers: brokers, More: more}); err != nil {
		v.twilio.Close()
		return nil, err
	}
	v.Watch()
	return v, nil
}

func (v *visited) close() {
	if err := v.Stop(); err != nil {
		log.Printf("%s: %v", v.id, err)
	}
	v.twilio.Close()
}

// openingsIn are those of doors in a span of time.
func openingsIn(doors []*visited, from, to time.Time) (took []time.Duration) {
	for _, v := range doors {
		v.mu.Lock()
		for _, o := range v.openings {
			if !o.at.Before(from) && o.at.Before(to) {
				took = append(took, o.took)
			}
		}
		v.mu.Unlock()
	}
	return took
}

// busy lets people come and go until ctx ends: two visitors, three who leave, and the tamper contact, in turn.
func (v *visited) busy(ctx context.Context) error {
	steps := []func() error{v.ring, v.does("door", "open"), v.leave, v.does("door", "closed"), v.ring,
		v.does("tamper", "on"), v.leave, v.does("tamper", "off"), v.leave}
	for i := 0; ctx.Err() == nil; i++ {
		next := time.After(pace)
		if err := steps[i%len(steps)](); err != nil {
			return fmt.Errorf("%s: %w", v.id, err)
		}
		select {
		case <-next:
		case <-ctx.Done():
		}
	}
	return errors.Join(v.Fingers("door", "closed"), v.Fingers("tamper", "off"))
}

func (v *visited) does(args ...string) func() error {
	return func() error { return v.Fingers(args...) }
}

// ring presses the bell, reads the text, and types the code.
func (v *visited) ring() error {
	if err := v.Fingers("bell", "300ms"); err != nil {
		return err
	}
	select {
	case code := <-v.codes:
		v.opens(door.Debounce, func() (time.Duration, error) {
			if err := v.Fingers("press", code); err != nil {
				return 0, err
			}
			return v.Enter()
		})
	case <-time.After(door.Patience):
		return errors.New("no text came")
	}
	return nil
}

func (v *visited) leave() error {
	v.opens(attack, func() (time.Duration, error) { return v.Opens(exitLine, "exit", "300ms") })
	return nil
}

// opens notes how long the strike took, if it opened at all. People try twice: a tap of 80 ms can pass unseen where the machine
// has too much else to do.
func (v *visited) opens(still time.Duration, try func() (time.Duration, error)) {
	at := time.Now()
	took, err := try()
	if err != nil {
		log.Printf("%s: %v: once more", v.id, err)
		at = time.Now()
		took, err = try()
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.tried++; err != nil {
		log.Printf("%s: %v", v.id, err)
		return
	}
	v.openings = append(v.openings, opening{at, took - still})
}

// stored returns what the door's journal holds.
func (v *visited) stored() (events []lock.Event, err error) {
	out, err := exec.Command(v.exe, "log", "--json", "--config", v.Config).Output()
	if err != nil {
		return nil, fmt.Errorf("read the door's journal: %w", err)
	}
	return readEvents(out)
}

// readEvents reads the lines of a journal, which has no gap.
func readEvents(journal []byte) (events []lock.Event, err error) {
	for line := range bytes.Lines(journal) {
		var e lock.Event
		if err := json.Unmarshal(line, &e); err != nil {
			return nil, fmt.Errorf("read the door's journal: %w", err)
		}
		if e.Seq != uint64(len(events)+1) {
			return nil, fmt.Errorf("the journal has seq %d after %d", e.Seq, len(events))
		}
		events = append(events, e)
	}
	return events, nil
}
