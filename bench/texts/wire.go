package main

import (
	"net"
	"sync"
	"time"
)

// wire is a long line to a server: a proxy on loopback on which every byte travels for a while. It neither slows down nor
// loses what it passes.
type wire struct {
	listener net.Listener
	target   string
	way      time.Duration // that a byte takes to the other end
	asked    chan time.Time
	answered chan passed
	running  sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]bool
}

// passed is a piece of an answer: when it left the server, and when it arrived.
type passed struct{ left, arrived time.Time }

func newWire(target string, roundTrip time.Duration) (*wire, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	w := &wire{listener: l, target: target, way: roundTrip / 2, asked: make(chan time.Time, 1000),
		answered: make(chan passed, 1000), conns: map[net.Conn]bool{}}
	w.running.Go(w.accept)
	return w, nil
}

func (w *wire) accept() {
	for {
		near, err := w.listener.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", w.target)
		if err != nil {
			near.Close()
			continue
		}
		w.mu.Lock()
		w.conns[near], w.conns[far] = true, true
		w.mu.Unlock()
		// The client believes that it is connected: the round trip of TCP's handshake is made up for.
		open := time.Now().Add(2 * w.way)
		w.running.Go(func() { w.pump(far, near, open, func(left, _ time.Time) { note(w.asked, left) }) })
		w.running.Go(func() {
			w.pump(near, far, open, func(left, arrived time.Time) { note(w.answered, passed{left, arrived}) })
		})
	}
}

func note[T any](c chan T, v T) {
	select {
	case c <- v:
	default:
	}
}

// pump passes on what comes from one end to the other, none of it before open, until one of them is closed.
func (w *wire) pump(to, from net.Conn, open time.Time, seen func(left, arrived time.Time)) {
	type piece struct {
		b    []byte
		left time.Time
	}
	under := make(chan piece, 1000)
	w.running.Go(func() {
		defer to.Close()
		for p := range under {
			start := p.left
			if open.After(start) {
				start = open
			}
			time.Sleep(time.Until(start.Add(w.way)))
			if _, err := to.Write(p.b); err == nil {
				seen(p.left, time.Now())
			}
		}
	})
	defer close(under)
	for {
		b := make([]byte, 16<<10)
		n, err := from.Read(b)
		if err != nil {
			w.mu.Lock()
			delete(w.conns, from)
			w.mu.Unlock()
			from.Close()
			return
		}
		under <- piece{b[:n], time.Now()}
	}
}

// cut closes all connections.
func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.conns {
		c.Close()
	}
}

func (w *wire) close() {
	w.listener.Close()
	w.cut()
	w.running.Wait()
}

// clear forgets what has passed so far.
func (w *wire) clear() {
	for len(w.asked) > 0 {
		<-w.asked
	}
	for len(w.answered) > 0 {
		<-w.answered
	}
}
