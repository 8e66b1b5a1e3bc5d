package sms

import (
	"net/http"
	"time"

	"latchd/sms/standin"
)

// line is up to 400 ms between the client and Twilio's API. The wire before it takes no virtual time: a request's header
// gets here in the moment in which the client began the request.
func (w *witness) line(api http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		<-time.After(w.begun(r))
		api.ServeHTTP(rw, r) // whoever has gone away meanwhile: it was on its way
	})
}

// fate decides on a request.
func (w *witness) fate(k standin.Kind, r *http.Request) standin.Behaviour {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := w.draw()
	if a := w.texts[r.PostFormValue("Body")]; k == standin.Create && a != nil {
		a.posted[r.PostFormValue("To")] = b.Status == http.StatusTooManyRequests
	}
	return b
}

func (w *witness) some(most time.Duration) time.Duration {
	return time.Duration(w.api.Int64N(int64(most)))
}

// draw draws a fate. What is done all the same is drawn for each kind of request, but means something for new texts and
// calls only.
func (w *witness) draw() standin.Behaviour {
	done := w.api.IntN(2) == 0
	if w.api.IntN(100) == 0 {
		w.network.setCut(true)
		time.AfterFunc(w.some(2*time.Minute), func() { w.network.setCut(false) })
	}
	switch w.api.IntN(20) {
	case 0: // slow
		return standin.Behaviour{Delay: w.some(9 * time.Second)}
	case 1: // no answer in time
		return standin.Behaviour{Delay: time.Hour}
	case 2: // the connection is cut off
		return standin.Behaviour{Drop: true}
	case 3:
		return standin.Behaviour{Status: 500 + w.api.IntN(5), Done: done}
	case 4: // a gateway's page
		return standin.Behaviour{Status: 502, Body: "<html>", Done: done}
	case 5:
		return standin.Behaviour{Status: 429, Code: 20429, RetryAfter: []string{"", "1", "5", "90", "3600", "soon"}[w.api.IntN(6)]}
	case 6: // a refusal
		return standin.Behaviour{Status: 400, Code: []int{21211, 21408, 21610, 21614, 29999}[w.api.IntN(5)]}
	case 7: // an answer of no sense
		return standin.Behaviour{Body: []string{"{}", "[]", "Welcome"}[w.api.IntN(3)]}
	case 8: // a redirect
		return standin.Behaviour{Status: 307, Done: done}
	case 9:
		if w.api.IntN(10) == 0 {
			return standin.Behaviour{Status: 401, Code: 20003}
		}
		return standin.Behaviour{Outcome: "undelivered", OutcomeCode: []int{30003, 30006, 30007}[w.api.IntN(3)],
			CallOutcome: []string{"busy", "no-answer", "failed"}[w.api.IntN(3)]}
	case 10: // late
		return standin.Behaviour{Late: w.some(5 * time.Minute)}
	}
	return standin.Behaviour{Rings: w.some(time.Minute)} // as on a good day
}
