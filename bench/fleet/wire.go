package main

import (
	"context"
	"net"
)

// dial connects to the broker, counts that, and counts the bytes from then on.
func (t *town) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	t.mu.Lock()
	defer t.mu.Unlock()
	at := now() / int64(tick)
	a := t.dials[at]
	defer func() { t.dials[at] = a }()
	if err != nil {
		a.Failed++
		return nil, err
	}
	a.Made++
	return counted{conn, t}, nil
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
