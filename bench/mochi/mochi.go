// Package mochi starts a broker in the measuring process, for a door whose broker is not what is measured: it lets everybody in,
// and needs no installation. Apart from package mosquitto, so that who measures memory does not link it.
package mochi

import (
	"errors"
	"fmt"
	"log/slog"
	"net"

	broker "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/hooks/auth"
	"github.com/mochi-mqtt/server/v2/listeners"
)

// Start starts it on a free port of 127.0.0.1; address is HOST:PORT, and close ends it.
func Start() (address string, close func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	b := broker.New(&broker.Options{Logger: slog.New(slog.DiscardHandler)})
	if err := errors.Join(b.AddHook(new(auth.AllowHook), nil), b.AddListener(listeners.NewNet("b", l)), b.Serve()); err != nil {
		return "", nil, fmt.Errorf("start a broker in this process: %w", errors.Join(err, b.Close()))
	}
	return l.Addr().String(), func() { b.Close() }, nil
}
