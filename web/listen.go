package web

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// How many connections may be open: from this machine, where panels and proxies are, and from elsewhere, so that a stranger's
// do not keep the visitor's out. More are closed at once.
const (
	mostHere      = maxStreams + maxPanels + 64
	mostElsewhere = 256
)

// welcomeGap is the least time between two connections that are let in or turned away. It spreads what thousands of them
// cost, at their beginning and when their time is up, so that no key at the door waits for them.
const welcomeGap = time.Millisecond

// firstByte is how long a connection may take to show whether it speaks TLS.
const firstByte = 5 * time.Second

// Serve serves h at l until ctx ends, and then returns nil once the last answer is out, or cut off; closing ends the streams.
// Where encrypt is not nil it speaks TLS; clear text is for this machine alone, always: from elsewhere it leads to https.
func Serve(ctx context.Context, l net.Listener, encrypt *tls.Config, h http.Handler, closing func(), log *slog.Logger) error {
	clear, closed := newServer(onlyHere(encrypt != nil, h), log), newServer(h, log)
	d := &doorman{Listener: l, clear: newQueue(l), secure: newQueue(l)}
	ended := make(chan error, 3)
	serving := 2
	go func() { ended <- d.sort(encrypt != nil) }()
	go func() { ended <- clear.Serve(d.clear) }()
	if encrypt != nil {
		serving++
		closed.TLSConfig = encrypt.Clone() // the server writes into it
		go func() { ended <- closed.ServeTLS(d.secure, "", "") }()
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-ended: // the listener has failed
		serving--
	}
	closing()
	short, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	for _, s := range []*http.Server{clear, closed} {
		if s.Shutdown(short) != nil {
			s.Close()
		}
	}
	l.Close()
	d.clear.Close()
	d.secure.Close()
	for range serving {
		<-ended
	}
	d.peeking.Wait()
	if errors.Is(err, net.ErrClosed) || errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// newServer returns an HTTP server with the limits that a page of this package needs: a slow or endless request ends after
// ten seconds, and headers stay under 16 KiB. Streams extend their own deadlines.
func newServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      15 * time.Second,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug), // strangers' noise
	}
}

// onlyHere answers in clear text to this machine; elsewhere it names the address that is not.
func onlyHere(encrypted bool, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch host, _, err := net.SplitHostPort(r.RemoteAddr); {
		case err == nil && loopback(host):
			next.ServeHTTP(w, r)
		case encrypted && (r.Method == http.MethodGet || r.Method == http.MethodHead):
			w.Header().Set("Connection", "close")
			http.Redirect(w, r, "https://"+r.Host+r.URL.RequestURI(), http.StatusPermanentRedirect)
		default:
			http.Error(w, "In clear text this server answers its own machine only.", http.StatusForbidden)
		}
	})
}

// doorman counts connections and tells TLS from clear text by its first byte (RFC 8446, section 5.1: a handshake's record
// begins with 22).
type doorman struct {
	net.Listener
	clear, secure *queue
	peeking       sync.WaitGroup

	mu              sync.Mutex
	here, elsewhere int
}

const handshake = 22

func (d *doorman) sort(encrypted bool) error {
	for {
		c, err := d.Accept()
		if err != nil {
			if ne := net.Error(nil); errors.As(err, &ne) && ne.Timeout() {
				continue
			}
			return err
		}
		guest, ok := d.admit(c)
		switch {
		case !ok:
			c.Close()
		case !encrypted:
			d.clear.put(guest)
		default:
			d.peeking.Go(func() { d.peek(guest) })
		}
		time.Sleep(welcomeGap)
	}
}

func (d *doorman) peek(g *guest) {
	g.SetReadDeadline(time.Now().Add(firstByte))
	var b [1]byte
	if _, err := g.Conn.Read(b[:]); err != nil {
		g.Close()
		return
	}
	g.SetReadDeadline(time.Time{})
	g.first, g.ahead = b[0], true
	if b[0] == handshake {
		d.secure.put(g)
		return
	}
	d.clear.put(g)
}

// admit counts a connection in, and says whether there is room for it.
func (d *doorman) admit(c net.Conn) (*guest, bool) {
	n, most := &d.elsewhere, mostElsewhere
	if host, _, err := net.SplitHostPort(c.RemoteAddr().String()); err == nil && loopback(host) {
		n, most = &d.here, mostHere
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if *n >= most {
		return nil, false
	}
	*n++
	return &guest{Conn: c, leave: sync.OnceFunc(func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		*n--
	})}, true
}

// guest is a connection that was counted, and whose first byte may have been read.
type guest struct {
	net.Conn
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
