package main

import (
	"context"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// wires are connections in memory, for a door in virtual time: waiting for a real one would stop that clock. They hold what
// was not read yet, as sockets do; between net.Pipe's ends two writers can wait for each other.
type wires struct {
	conns chan net.Conn // the far ends, for Accept
	open  atomic.Int32  // near ends that are not closed

	away atomic.Bool // nobody answers

	mu   sync.Mutex
	last *wire // the newest
}

func newWires() *wires { return &wires{conns: make(chan net.Conn)} }

// dial connects to whoever accepts.
func (w *wires) dial(ctx context.Context) (net.Conn, error) {
	if w.away.Load() {
		return nil, syscall.ECONNREFUSED
	}
	c := newWire(func() { w.open.Add(-1) })
	w.mu.Lock()
	w.last = c
	w.mu.Unlock()
	select {
	case w.conns <- &plug{c, 1}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	w.open.Add(1)
	return &plug{c, 0}, nil
}

// breakAfter breaks the newest connection in the midst of what is said, when so many bytes more have passed: it ends, or, half
// open, carries nothing to the near end any more. Nobody answers from then on; back changes that.
func (w *wires) breakAfter(n int, halfOpen bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.last != nil {
		w.last.breakAfter(n, halfOpen, &w.away)
	}
}

// fail ends the newest connection now, and nobody answers any more.
func (w *wires) fail() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.away.Store(true)
	if w.last != nil {
		w.last.cut()
	}
}

func (w *wires) back() { w.away.Store(false) }

// Accept, Close and Addr make wires a net.Listener.
func (w *wires) Accept() (net.Conn, error) {
	c, ok := <-w.conns
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}

func (w *wires) Close() error   { close(w.conns); return nil }
func (w *wires) Addr() net.Addr { return place{} }

// wire is one connection: what waits to be read at either end.
type wire struct {
	mu       sync.Mutex
	moved    *sync.Cond
	waiting  [2][]byte
	end      [2]error // what a reader gets after that
	deadline [2]time.Time
	timer    [2]*time.Timer
	closed   func()       // the near end is
	left     int          // bytes until the connection breaks
	broke    *atomic.Bool // becomes true then; nil: it does not break
	halfOpen bool
	mute     bool // nothing comes to the near end any more
}

func newWire(closed func()) *wire {
	w := &wire{closed: closed}
	w.moved = sync.NewCond(&w.mu)
	for i := range w.timer {
		w.timer[i] = time.AfterFunc(time.Hour, func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.moved.Broadcast()
		})
		w.timer[i].Stop()
	}
	return w
}

func (w *wire) breakAfter(n int, halfOpen bool, broke *atomic.Bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.left, w.halfOpen, w.broke = n, halfOpen, broke
}

func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.reset()
}

func (w *wire) reset() {
	for i := range w.waiting {
		w.waiting[i] = nil
		if w.end[i] == nil {
			w.end[i] = syscall.ECONNRESET
		}
	}
	w.moved.Broadcast()
}

// plug is an end of a wire: 0 the near one, 1 the far one.
type plug struct {
	w    *wire
	side int
}

func (p *plug) Read(b []byte) (int, error) {
	w, i := p.w, p.side
	w.mu.Lock()
	defer w.mu.Unlock()
	for {
		switch at := w.deadline[i]; {
		case !at.IsZero() && !time.Now().Before(at):
			return 0, os.ErrDeadlineExceeded
		case len(w.waiting[i]) > 0:
			n := copy(b, w.waiting[i])
			w.waiting[i] = w.waiting[i][n:]
			return n, nil
		case w.end[i] != nil:
			return 0, w.end[i]
		}
		w.moved.Wait()
	}
}

func (p *plug) Write(b []byte) (int, error) {
	w := p.w
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.end[0] != nil || w.end[1] != nil {
		return 0, syscall.EPIPE
	}
	w.left -= len(b)
	if w.broke != nil && w.left < 0 {
		w.broke.Store(true)
		if w.mute = w.halfOpen; !w.mute {
			w.reset()
			return 0, syscall.ECONNRESET
		}
	}
	if w.mute && p.side == 1 {
		return len(b), nil
	}
	w.waiting[1-p.side] = append(w.waiting[1-p.side], b...)
	w.moved.Broadcast()
	return len(b), nil
}

// Close lets the other end read what was written.
func (p *plug) Close() error {
	w := p.w
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.end[p.side] == net.ErrClosed {
		return nil
	}
	if p.side == 0 {
		w.closed()
	}
	w.waiting[p.side], w.end[p.side] = nil, net.ErrClosed
	if w.end[1-p.side] == nil {
		w.end[1-p.side] = io.EOF
	}
	w.timer[p.side].Stop()
	w.moved.Broadcast()
	return nil
}

func (p *plug) SetReadDeadline(t time.Time) error {
	w := p.w
	w.mu.Lock()
	defer w.mu.Unlock()
	w.deadline[p.side] = t
	if t.IsZero() {
		w.timer[p.side].Stop()
	} else {
		w.timer[p.side].Reset(time.Until(t))
	}
	return nil
}

func (p *plug) SetDeadline(t time.Time) error    { return p.SetReadDeadline(t) }
func (p *plug) SetWriteDeadline(time.Time) error { return nil } // nothing waits to write
func (p *plug) LocalAddr() net.Addr              { return place{} }
func (p *plug) RemoteAddr() net.Addr             { return place{} }

// place is where all of it is.
type place struct{}

func (place) Network() string { return "memory" }
func (place) String() string  { return "memory" }
