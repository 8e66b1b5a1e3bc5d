package main

import (
	"errors"
	"os"
	"path/filepath"
	"time"

	"latchd/bench/door"
)

// visited is a door whose bell is rung.
type visited struct {
	*door.Door
	api *api
}

// newVisited builds latchd, starts it, and waits until it is ready.
func newVisited(dir, broker string, a *api) (*visited, error) {
	exe, cert := filepath.Join(dir, "latchd"), filepath.Join(dir, "cert.pem")
	if err := errors.Join(door.Build(".", exe), os.WriteFile(cert, a.certificate(), 0o600)); err != nil {
		return nil, err
	}
	d, err := door.Start(door.Options{Exe: exe, Dir: dir, API: a.url(), Brokers: []string{broker}, Env: []string{"SSL_CERT_FILE=" + cert}})
	if err != nil {
		return nil, err
	}
	d.Watch()
	time.Sleep(2 * time.Second) // the watch is open, and Twilio signed in to
	return &visited{d, a}, nil
}

// delays are those of texts, from the bell's edge.
type delays struct{ first, accepted []time.Duration }

// ring presses the bell n times, after something was done to the line each time, and waits for the text that it causes.
func (d *visited) ring(n int, before func()) (took delays, err error) {
	for range n {
		time.Sleep(2500 * time.Millisecond) // the text before has arrived, and the door may text again
		before()
		time.Sleep(200 * time.Millisecond)
		d.api.wire.clear()
		rung := time.Now()
		if err := d.Fingers("bell", "100ms"); err != nil {
			return took, err
		}
		accepted, err := d.api.accepted()
		if err != nil {
			return took, err
		}
		edge, err := d.Next(door.BellLine, 0, rung)
		if err != nil {
			return took, err
		}
		first := <-d.api.wire.asked // noted before the text was accepted
		took.first = append(took.first, first.Sub(edge))
		took.accepted = append(took.accepted, accepted.Sub(edge))
	}
	return took, nil
}
