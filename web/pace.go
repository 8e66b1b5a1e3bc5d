package web

import (
	"net/http"
	"time"
)

// refusalGap is the least time between two refused sign-ins, whoever they are from.
const refusalGap = 10 * time.Millisecond

// pace has the answers to refused sign-ins go out one after the other, so that whoever floods the door with them waits for
// most of the time and leaves the processor to the door. A refusal that comes alone does not wait, nor does any other answer.
type pace chan struct{}

func newPace() pace { return make(pace, 1) }

// paced delays what next answers with an error of the client's (4xx).
func (p pace) paced(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen := &statusWriter{ResponseWriter: w}
		next.ServeHTTP(seen, r) // the answer is short: it is sent when this handler returns
		if seen.status/100 == 4 {
			p.wait(r)
		}
	})
}

// wait waits for a turn, or until the client has left.
func (p pace) wait(r *http.Request) {
	select {
	case p <- struct{}{}:
		time.AfterFunc(refusalGap, func() { <-p })
	case <-r.Context().Done():
	}
}

// statusWriter notes the status of an answer.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap serves http.ResponseController.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
