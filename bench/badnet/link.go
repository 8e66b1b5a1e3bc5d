package badnet

import (
	"net"
	"sync"
	"time"
)

// The ways, by the end that they come from.
const (
	toServer = iota
	toClient
)

// piece is how much is passed on at a time, in bytes, so that a delay slows down, too.
const piece = 1 << 10

// link is one connection on its way through.
type link struct {
	p    *Proxy
	ends [2]*net.TCPConn // the client's, the server's
	once sync.Once
	done chan struct{} // closed when it is over

	mu    sync.Mutex // held for as long as a stall lasts
	fate  Fate
	spent int     // bytes that have passed under this fate
	mute  [2]bool // ways on which nothing passes any more
}

// pump passes on what goes one way until the link ends.
func (l *link) pump(way int) {
	defer l.end(false)
	buf := make([]byte, piece)
	for {
		n, err := l.ends[way].Read(buf)
		if err != nil || !l.pass(way, buf[:n]) {
			return
		}
	}
}

// pass passes a piece on, as far as it may, and then lets happen what is due. It returns whether the link goes on.
func (l *link) pass(way int, b []byte) bool {
	l.delay()
	b, due := l.spend(way, b)
	if len(b) > 0 {
		if _, err := l.ends[1-way].Write(b); err != nil {
			return false
		}
	}
	switch due.Kind {
	case Drop, Refuse:
		l.end(true)
		return false
	case Truncate:
		return false
	case HalfClose:
		return l.ends[1-due.way()].CloseWrite() == nil
	}
	return true
}

// spend returns what of a piece passes, and the fate that happens with it, if any.
func (l *link) spend(way int, b []byte) (passes []byte, due Fate) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.mute[way] {
		return nil, Fate{}
	}
	l.spent += len(b)
	if l.fate.Kind == Pass || l.spent < l.fate.Bytes {
		return b, Fate{}
	}
	due, over := l.fate, l.spent-l.fate.Bytes
	l.fate, l.spent = l.p.happened(due), 0
	switch due.Kind {
	case Stall:
		l.rest(due.For)
	case Truncate:
		b = b[:len(b)-over]
		l.mute = [2]bool{true, true}
	case HalfClose, Silence:
		l.mute[due.way()] = true
	}
	return b, due
}

func (f Fate) way() int {
	if f.Back {
		return toClient
	}
	return toServer
}

func (l *link) delay() {
	l.mu.Lock()
	d := l.fate.Delay
	l.mu.Unlock()
	if d > 0 {
		l.p.delayed()
		l.rest(d)
	}
}

func (l *link) rest(d time.Duration) {
	select {
	case <-l.done:
	case <-time.After(d):
	}
}

// end closes both ends, once; with hard it resets them.
func (l *link) end(hard bool) {
	l.once.Do(func() {
		close(l.done)
		for _, c := range l.ends {
			if hard {
				reset(c)
			}
			c.Close()
		}
	})
}
