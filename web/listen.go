package web

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// How many connections may be open: from this machine, where panels and proxies are, from elsewhere, and from one address
// there, so that a stranger's keep neither the visitor's out nor the owner's. More are closed at once.
const (
	mostHere      = maxStreams + maxPanels + 64
	mostElsewhere = 256
	mostOfOne     = 16
)

// welcomeGap is the least time between two connections that are let in or turned away. It spreads what thousands of them
// cost, at their beginning and when their time is up, so that no key at the door waits for them.
const welcomeGap = time.Millisecond

// Handshakes with those elsewhere begin at this pace: on a Pi Zero each takes milliseconds of the processor that scans the
// keypad. A page of the console takes six.
const (
	handshakesPerSecond = 10
	handshakesAtOnce    = 20
)

// hello is how long a connection may take to show whether it speaks TLS, and for the handshake.
const hello = 10 * time.Second

// Serve serves h at l until ctx ends, and then returns nil once the last answer is out, or cut off; closing ends the streams.
// Where encrypt is not nil it speaks TLS to those who do, and h sees who does not. It speaks HTTP/1.1 alone: one connection
// is one request at a time, so that bounded connections are bounded memory.
func Serve(ctx context.Context, l net.Listener, encrypt *tls.Config, h http.Handler, closing func(), log *slog.Logger) error {
	server := newServer(h, log)
	d := &doorman{Listener: l, encrypt: encrypt, in: newQueue(l), of: map[netip.Prefix]int{},
		hellos: rate.NewLimiter(handshakesPerSecond, handshakesAtOnce)}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(d.in) }()
	var greeting sync.WaitGroup
	greeting.Go(func() { d.greet(ctx) })
	<-ctx.Done()
	l.Close()
	d.in.Close()
	closing()
	short, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if server.Shutdown(short) != nil {
		server.Close()
	}
	<-ended
	greeting.Wait()
	d.peeking.Wait()
	return nil
}

// newServer returns an HTTP server with the limits that a page of this package needs: a slow or endless request ends after
// ten seconds, and headers stay under 16 KiB. Streams extend their own deadlines.
func newServer(h http.Handler, log *slog.Logger) *http.Server {
	s := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      15 * time.Second,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug), // strangers' noise
		Protocols:         new(http.Protocols),
	}
	s.Protocols.SetHTTP1(true)
	return s
}

// doorman counts connections, and tells TLS from clear text by its first byte (RFC 8446, section 5.1: a handshake's record
// begins with 22).
type doorman struct {
	net.Listener
	encrypt *tls.Config // nil: nobody speaks TLS
	in      *queue
	hellos  *rate.Limiter
	peeking sync.WaitGroup

	mu              sync.Mutex
	here, elsewhere int
	of              map[netip.Prefix]int // of elsewhere, by address
}

const handshake = 22

// greet lets connections in until ctx ends. What goes wrong meanwhile, such as too many open files, passes.
func (d *doorman) greet(ctx context.Context) {
	for ctx.Err() == nil {
		c, err := d.Accept()
		if err != nil {
			wait(ctx, 100*time.Millisecond)
			continue
		}
		guest, ok := d.admit(c)
		switch {
		case !ok:
			c.Close()
		case d.encrypt == nil:
			d.in.put(guest)
		default:
			d.peeking.Go(func() { d.peek(ctx, guest) })
		}
		wait(ctx, welcomeGap)
	}
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// peek looks at a connection's first byte and shakes hands where it asks for TLS.
func (d *doorman) peek(run context.Context, g *guest) {
	ctx, cancel := context.WithTimeout(run, hello)
	defer cancel()
	defer context.AfterFunc(ctx, func() { g.Conn.SetDeadline(time.Unix(1, 0)) })()
	var b [1]byte
	if _, err := g.Conn.Read(b[:]); err != nil {
		g.Close()
		return
	}
	g.first, g.ahead = b[0], true
	if b[0] != handshake {
		d.in.put(g)
		return
	}
	t := tls.Server(g, d.encrypt)
	if !g.local && d.hellos.Wait(ctx) != nil || t.HandshakeContext(ctx) != nil {
		g.Close()
		return
	}
	d.in.put(t)
}

// admit counts a connection in, and says whether there is room for it.
func (d *doorman) admit(c net.Conn) (*guest, bool) {
	g := &guest{Conn: c}
	from := origin(c)
	g.local = from.Addr().IsLoopback()
	d.mu.Lock()
	defer d.mu.Unlock()
	if g.local && d.here >= mostHere || !g.local && (d.elsewhere >= mostElsewhere || d.of[from] >= mostOfOne) {
		return nil, false
	}
	count := func(n int) {
		if g.local {
			d.here += n
			return
		}
		d.elsewhere += n
		if d.of[from] += n; d.of[from] == 0 {
			delete(d.of, from)
		}
	}
	count(1)
	g.leave = sync.OnceFunc(func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		count(-1)
	})
	return g, true
}

// origin is who a connection is from: an IPv4 address, or the 64 bits of an IPv6 address that one line has.
func origin(c net.Conn) netip.Prefix {
	at, _ := netip.ParseAddrPort(c.RemoteAddr().String()) // no address: nobody's
	ip := at.Addr().Unmap().WithZone("")
	bits := ip.BitLen()
	if ip.Is6() && !ip.IsLoopback() {
		bits = 64
	}
	p, _ := ip.Prefix(bits)
	return p
}

// guest is a connection that was counted, and whose first byte may have been read.
type guest struct {
	net.Conn
	local bool
	leave func()
	first byte
	ahead bool
}

func (g *guest) Read(b []byte) (int, error) {
	if g.ahead && len(b) > 0 {
		g.ahead, b[0] = false, g.first
		return 1, nil
	}
	return g.Conn.Read(b)
}

func (g *guest) Close() error {
	defer g.leave()
	return g.Conn.Close()
}

// queue is a listener whose connections come from the doorman.
type queue struct {
	addr  net.Addr
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newQueue(l net.Listener) *queue {
	return &queue{addr: l.Addr(), conns: make(chan net.Conn), done: make(chan struct{})}
}

func (q *queue) put(c net.Conn) {
	select {
	case q.conns <- c:
	case <-q.done:
		c.Close()
	}
}

func (q *queue) Accept() (net.Conn, error) {
	select {
	case c := <-q.conns:
		return c, nil
	case <-q.done:
		return nil, net.ErrClosed
	}
}

func (q *queue) Close() error   { q.once.Do(func() { close(q.done) }); return nil }
func (q *queue) Addr() net.Addr { return q.addr }
