// Package web serves latchd's pages. So far that is the demo's page: a door to look at, a keypad to type on, the owner's
// phone and the stream of MQTT messages.
//
// It shows what the daemon tells it and passes on what hands do; it decides nothing about the door, and it makes no
// request to anyone. It refuses other sites' requests, foreign Host headers and anything longer than it needs.
package web

import (
	"net/http"
	"time"
)

// Server returns an HTTP server with the limits that a page of this package needs: a slow or endless request ends after
// ten seconds, and headers stay under 16 KiB. Streams extend their own deadlines. The caller sets Addr, or serves a
// listener of its own.
func Server(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      15 * time.Second,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    16 << 10,
	}
}
