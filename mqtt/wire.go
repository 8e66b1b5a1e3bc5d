package mqtt

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
)

// Limits of one connection. The broker is asked for a sign of life every keepAlive, and given up after silence: a half-open
// connection is noticed within 45 s.
const (
	connectTimeout = 10 * time.Second
	writeTimeout   = 5 * time.Second
	handOver       = time.Second // for a publish to reach the library's writer, which is idle unless the send buffer is full
	keepAlive      = 20 * time.Second
	silence        = 40 * time.Second
)

// dialer opens a connection to a broker.
type dialer func(ctx context.Context, broker *url.URL) (net.Conn, error)

var defaultPorts = map[string]string{"tcp": "1883", "ssl": "8883", "ws": "80", "wss": "443"}

// parseBroker reads a broker's address. Its errors do not repeat it, for it might hold a password.
func parseBroker(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || defaultPorts[u.Scheme] == "" {
		return nil, fmt.Errorf("broker: not an address: want tcp://HOST:PORT, or ssl, ws or wss")
	}
	if u.User != nil {
		return nil, fmt.Errorf("broker %s: user or password in the address: they go into mqtt.username and the "+
			"secret mqtt-password", u.Host)
	}
	if u.Port() == "" {
		u.Host = net.JoinHostPort(u.Hostname(), defaultPorts[u.Scheme])
	}
	return u, nil
}

// open dials a broker by its scheme.
func (c *Client) open(ctx context.Context, broker *url.URL) (net.Conn, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.o.TLS != nil && (broker.Scheme == "ssl" || broker.Scheme == "wss") {
		var err error
		if config, err = c.o.TLS(); err != nil {
			return nil, err
		}
	}
	dialer := &net.Dialer{Timeout: connectTimeout}
	switch broker.Scheme {
	case "ssl":
		return (&tls.Dialer{NetDialer: dialer, Config: config}).DialContext(ctx, "tcp", broker.Host)
	case "ws":
		return openWebsocket(ctx, broker, nil)
	case "wss":
		return openWebsocket(ctx, broker, config)
	default:
		return dialer.DialContext(ctx, "tcp", broker.Host)
	}
}

// openWebsocket is the library's, which knows no context: one that comes too late is closed.
func openWebsocket(ctx context.Context, broker *url.URL, config *tls.Config) (net.Conn, error) {
	type outcome struct {
		conn net.Conn
		err  error
	}
	done := make(chan outcome, 1)
	go func() {
		conn, err := paho.NewWebsocket(broker.String(), config, connectTimeout, http.Header{}, nil)
		done <- outcome{conn, err}
	}()
	select {
	case o := <-done:
		return o.conn, o.err
	case <-ctx.Done():
		go func() {
			if o := <-done; o.err == nil {
				o.conn.Close()
			}
		}()
		return nil, ctx.Err()
	}
}

// wire is a connection that notices by itself when it is dead: a read in vain for longer than silence, or a write that
// does not get through, ends it. The library's own checks are blind while one of its writes hangs.
type wire struct {
	net.Conn
	in       io.Reader
	patience time.Duration // of a read

	writing sync.Mutex
	greeted bool // the first packet is out

	once sync.Once
	down chan struct{} // closed when the connection is over
	why  error         // set before down is closed
}

func newWire(conn net.Conn, subs int) *wire {
	w := &wire{Conn: conn, patience: connectTimeout, down: make(chan struct{})}
	w.in = newSieve(readerFunc(w.read), subs)
	return w
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// Read returns what the broker sends, with oversized messages cut short.
func (w *wire) Read(p []byte) (int, error) { return w.in.Read(p) }

func (w *wire) read(p []byte) (int, error) {
	err := w.Conn.SetReadDeadline(time.Now().Add(w.patience))
	n := 0
	if err == nil {
		n, err = w.Conn.Read(p)
	}
	if err != nil {
		w.end(err)
	}
	return n, err
}

// Write sends p, or ends the connection.
func (w *wire) Write(p []byte) (int, error) {
	w.writing.Lock()
	defer w.writing.Unlock()
	first := !w.greeted
	if first {
		w.greeted, p = true, promise(p)
	}
	err := w.Conn.SetWriteDeadline(time.Now().Add(writeTimeout))
	n := 0
	if err == nil {
		n, err = w.Conn.Write(p)
	}
	if err != nil && first {
		err = w.lastWord(err)
	}
	if err != nil {
		w.end(err)
	} else {
		// One that is left behind would wake the process when it is over. Its failure says nothing about this write.
		_ = w.Conn.SetWriteDeadline(time.Time{})
	}
	return n, err
}

// lastWord returns what the broker has said before the first write to it failed with err, if it said why: one that refuses a
// client certificate under TLS 1.3 does so after the handshake (RFC 8446, 4.4.2.4), and then closes. Nobody else reads yet.
func (w *wire) lastWord(err error) error {
	_ = w.Conn.SetReadDeadline(time.Now().Add(time.Second))
	_, said := w.Conn.Read(make([]byte, 1))
	if op := (*net.OpError)(nil); errors.As(said, &op) && op.Op == "remote error" {
		return said
	}
	return err
}

// promise returns a CONNECT packet that tells the broker of keepAlive (MQTT 3.1.1, 3.1.2.10), so that it misses a door
// that has lost its power. The library is told of none: it would look every 5 s whether a ping is due, and wake a board that
// has nothing else to do; the session pings by its own clock.
func promise(connect []byte) []byte {
	name := []byte("\x00\x04MQTT\x04") // then the flags, then the time in seconds
	if i := bytes.Index(connect, name); i >= 0 && len(connect) >= i+len(name)+3 {
		connect = bytes.Clone(connect)
		binary.BigEndian.PutUint16(connect[i+len(name)+1:], uint16(keepAlive/time.Second))
	}
	return connect
}

// ping asks the broker for a sign of life; the answer goes to the library, which takes it for its own.
func (w *wire) ping() {
	_, _ = w.Write([]byte{0xc0, 0}) // PINGREQ; when it fails, the wire has ended
}

// SetDeadline is what the library calls around its handshake: a time before, none after.
func (w *wire) SetDeadline(t time.Time) error {
	w.patience = silence
	if !t.IsZero() {
		w.patience = time.Until(t)
	}
	return nil
}

// SetWriteDeadline does nothing: Write sets its own.
func (w *wire) SetWriteDeadline(time.Time) error { return nil }

// Close ends the connection.
func (w *wire) Close() error {
	w.end(net.ErrClosed)
	return nil
}

func (w *wire) end(why error) {
	w.once.Do(func() {
		w.why = why
		close(w.down)
		w.Conn.Close()
	})
}

// cause returns why the connection ended if it has, and else err: the library's word for what hung on it says less.
func (w *wire) cause(err error) error {
	select {
	case <-w.down:
		return w.why
	default:
		return err
	}
}
