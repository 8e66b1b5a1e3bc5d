// Package badnet is a bad network: a proxy on loopback that passes TCP connections on to a server and, as a plan says,
// delays, stalls, drops, truncates, half-closes and silences them, or turns new ones away. It counts what it did.
//
// It alters no byte and changes no order: what arrives is always a beginning of what was sent.
package badnet

import (
	"fmt"
	"maps"
	"net"
	"sync"
	"time"
)

// Counts is what a proxy did so far.
type Counts struct {
	Connections int          // passed on to the server
	Fates       map[Kind]int // that have happened
	Refused     int          // connections that were turned away
	Delayed     int          // pieces that were held back
}

// Proxy stands between clients and one server. Its methods may be called from any goroutine.
type Proxy struct {
	listener net.Listener
	target   string
	plan     func() Fate
	running  sync.WaitGroup

	mu     sync.Mutex
	links  map[*link]bool
	shut   bool      // by Cut
	closed time.Time // until then new connections are turned away
	counts Counts
}

// New listens on a free loopback port and passes what comes on to target, HOST:PORT. plan is asked for the fate of each
// connection, and for another one after a Stall, by one goroutine at a time; nil: all pass.
func New(target string, plan func() Fate) (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for a bad network to %s: %w", target, err)
	}
	if plan == nil {
		plan = func() Fate { return Fate{} }
	}
	p := &Proxy{listener: l, target: target, plan: plan, links: map[*link]bool{}, counts: Counts{Fates: map[Kind]int{}}}
	p.running.Go(p.accept)
	return p, nil
}

// Address returns where to connect to, HOST:PORT.
func (p *Proxy) Address() string { return p.listener.Addr().String() }

// Counts returns what it did so far.
func (p *Proxy) Counts() Counts {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.counts
	c.Fates = maps.Clone(c.Fates)
	return c
}

// Cut closes all connections. With shut, new ones are turned away until Cut is called without.
func (p *Proxy) Cut(shut bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.shut = shut
	for l := range p.links {
		l.end(false)
	}
}

// Close ends all connections and waits for its goroutines.
func (p *Proxy) Close() {
	p.listener.Close()
	p.Cut(true)
	p.running.Wait()
}

func (p *Proxy) accept() {
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.running.Go(func() { p.carry(conn.(*net.TCPConn)) })
	}
}

// carry passes one connection on until it ends.
func (p *Proxy) carry(client *net.TCPConn) {
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		reset(client)
		return
	}
	l := &link{p: p, ends: [2]*net.TCPConn{client, server.(*net.TCPConn)}, done: make(chan struct{})}
	if !p.admit(l) {
		l.end(true)
		return
	}
	var other sync.WaitGroup
	other.Go(func() { l.pump(toClient) })
	l.pump(toServer)
	other.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.links, l)
}

// admit enters a link with its first fate, unless connections are turned away now.
func (p *Proxy) admit(l *link) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shut || time.Now().Before(p.closed) {
		p.counts.Refused++
		return false
	}
	p.links[l] = true
	p.counts.Connections++
	l.fate = p.plan()
	return true
}

// happened counts a fate, and returns the next one where one follows.
func (p *Proxy) happened(f Fate) (next Fate) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts.Fates[f.Kind]++
	switch f.Kind {
	case Stall:
		return p.plan()
	case Refuse:
		p.closed = time.Now().Add(f.For)
	}
	return Fate{}
}

func (p *Proxy) delayed() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts.Delayed++
}

// reset closes a connection so that its other end sees an error, not an end.
func reset(c *net.TCPConn) {
	c.SetLinger(0)
	c.Close()
}
