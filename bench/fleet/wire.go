package main

import (
	"context"
	"net"
)

// dial connects to the broker as the daemon does. It counts that, and the bytes from then on.
func (t *town) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	t.count(err == nil)
	if err != nil {
		return nil, err
	}
	if conn = (counted{conn, t}); t.certs == "" {
		return conn, nil
	}
	return shake(ctx, conn, t.certs)
}

func (t *town) count(made bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	at := now() / int64(tick)
	a := t.dials[at]
	if made {
		a.Made++
	} else {
		a.Failed++
	}
	t.dials[at] = a
}

type counted struct {
	net.Conn
	t *town
}

func (c counted) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.t.in.Add(uint64(n))
	return n, err
}

func (c counted) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.t.out.Add(uint64(n))
	return n, err
}
