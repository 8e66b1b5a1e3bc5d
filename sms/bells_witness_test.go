package sms

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"latchd/bench/page"
	"latchd/lock"
	"latchd/sms/standin"
)

// witness decides on the fate of each request, notes what is asked for, posted, taken and told, and judges all of it.
type witness struct {
	network *network
	chance  *rand.Rand // of the visitors

	mu       sync.Mutex
	api      *rand.Rand
	texts    map[string]*asked // by code
	rings    map[uint64]*asked
	last     *asked
	shortest time.Duration // between two texts
	posts    int
	fates    map[string]int
	faults   []string

	lasted           time.Duration
	requests, looked int
}

// asked is a text that the door asked for, and what became of it at each owner's number.
type asked struct {
	at, dead time.Time
	posted   map[string]bool // whether the last post left more to do: it was told to ask later
	taken    map[string]bool
	news     map[string][]lock.TextNews // by owner
}

var numbers = map[string]string{"Ada": ada.Reveal(), "Ben": ben.Reveal()}

func (w *witness) wrong(format string, a ...any) {
	w.faults = append(w.faults, fmt.Sprintf(format, a...))
}

// asked notes a text that the door asks for.
func (w *witness) asked(t lock.Text) {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := &asked{time.Now(), time.Now().Add(t.TTL), map[string]bool{}, map[string]bool{}, map[string][]lock.TextNews{}}
	if w.last != nil && (w.shortest == 0 || a.at.Sub(w.last.at) < w.shortest) {
		w.shortest = a.at.Sub(w.last.at)
	}
	w.texts[t.Code.Reveal()], w.rings[t.Ring], w.last = a, a, a
}

// fate decides on a request, and sees that no text is posted again that may have been taken.
func (w *witness) fate(k standin.Kind, r *http.Request) standin.Behaviour {
	w.mu.Lock()
	defer w.mu.Unlock()
	name, b := w.draw(k)
	w.fates[name]++
	if k != standin.Create {
		return b
	}
	w.posts++
	a, to := w.texts[r.PostFormValue("Body")], r.PostFormValue("To")
	if a == nil {
		w.wrong("a text that the door did not ask for")
		return b
	}
	if again, before := a.posted[to]; before && !again {
		w.wrong("a text was posted again after %v", time.Since(a.at))
	}
	a.posted[to] = b.Status == 429
	if a != w.last {
		w.wrong("a text for a code that a newer one had voided")
	}
	return b
}

// draw draws a fate. What is done all the same is drawn for each kind of request, but means something for a new text only.
func (w *witness) draw(k standin.Kind) (string, standin.Behaviour) {
	done, some := w.api.IntN(2) == 0, func(most time.Duration) time.Duration { return time.Duration(w.api.Int64N(int64(most))) }
	if w.api.IntN(100) == 0 {
		w.network.setCut(true)
		time.AfterFunc(some(2*time.Minute), func() { w.network.setCut(false) })
	}
	switch w.api.IntN(20) {
	case 0:
		return "slow", standin.Behaviour{Delay: some(9 * time.Second)}
	case 1:
		return "no answer in time", standin.Behaviour{Delay: time.Hour}
	case 2:
		return "connection cut off", standin.Behaviour{Drop: true}
	case 3:
		return "5xx", standin.Behaviour{Status: 500 + w.api.IntN(5), Done: done}
	case 4:
		return "a gateway's page", standin.Behaviour{Status: 502, Body: "<html>", Done: done}
	case 5:
		return "429", standin.Behaviour{Status: 429, Code: 20429, RetryAfter: []string{"", "1", "5", "90", "3600", "soon"}[w.api.IntN(6)]}
	case 6:
		return "a refusal", standin.Behaviour{Status: 400, Code: []int{21211, 21408, 21610, 21614, 29999}[w.api.IntN(5)]}
	case 7:
		return "an answer of no sense", standin.Behaviour{Body: []string{"{}", "[]", "Welcome"}[w.api.IntN(3)]}
	case 8:
		return "a redirect", standin.Behaviour{Status: 307, Done: done}
	case 9:
		if w.api.IntN(10) == 0 {
			return "401", standin.Behaviour{Status: 401, Code: 20003}
		}
		return "undelivered", standin.Behaviour{Outcome: "undelivered", OutcomeCode: 30003}
	case 10:
		return "late", standin.Behaviour{Late: some(5 * time.Minute)}
	}
	return "as on a good day", standin.Behaviour{}
}

// taken sees that a text that Twilio takes is the only one for its ring and owner, and for a code that lives.
func (w *witness) taken(m standin.Message) {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := w.texts[m.Body]
	switch {
	case a == nil:
	case a.taken[m.To]:
		w.wrong("two texts for one ring and owner")
	case !m.At.Before(a.dead), m.At.Add(m.Validity).After(a.dead), m.Validity == 0:
		w.wrong("a text for a dead code: taken %v after the ring, valid for %v", m.At.Sub(a.at), m.Validity)
	}
	if a != nil {
		a.taken[m.To] = true
	}
}

// heard notes news of a text.
func (w *witness) heard(i lock.Input) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if n, ok := i.(lock.TextNews); ok {
		a := w.rings[n.Ring]
		a.news[n.Owner] = append(a.news[n.Owner], n)
	}
}

// verdict returns what was wrong.
func (w *witness) verdict() []string {
	if w.shortest < gap {
		w.wrong("two texts of the door within %v", w.shortest)
	}
	for ring, a := range w.rings {
		for owner, to := range numbers {
			news := a.news[owner]
			sent := slices.ContainsFunc(news, func(n lock.TextNews) bool { return n.State == lock.Sent })
			unsent := slices.ContainsFunc(news, func(n lock.TextNews) bool { return n.Unsent })
			if len(news) == 0 || sent && !a.taken[to] || unsent && a.taken[to] {
				w.wrong("ring %d: news %+v, and taken: %v", ring, news, a.taken[to])
			}
		}
	}
	if len(w.faults) > 10 {
		w.faults = append(w.faults[:10], fmt.Sprintf("and %d more", len(w.faults)-10))
	}
	return w.faults
}

// report is the table of a trial in which nothing was wrong.
func (w *witness) report(bells int) string {
	taken, sent, lost, unknown := 0, 0, 0, 0
	for _, a := range w.rings {
		taken += len(a.taken)
		for _, news := range a.news {
			first := news[0]
			switch {
			case first.State == lock.Sent:
				sent++
			case strings.Contains(first.Detail, "does not list"):
				lost++
			case !first.Unsent:
				unknown++
			}
		}
	}
	row := func(what string, n int, aim string) page.Row { return page.Row{what, fmt.Sprint(n), aim} }
	rows := []page.Row{
		row("bells", bells, "–"), row("rings that the door texted, each to two owners", len(w.rings), "–"),
		row("requests", w.requests, "–"), row("… of them to send a text", w.posts, "–"), row("… of them to look one up", w.looked, "–"),
		row("texts taken", taken, "–"), row("… of them followed", sent, "–"),
		row("texts whose answer was lost, and which Twilio does not list", lost, "–"),
		row("texts whose fate is not known: they could not be looked up", unknown, "–"),
		{"shortest time between two rings that were texted", w.shortest.String(), "1m0s at the least"},
		row("second texts for a ring and owner, posts after one that may have been taken", 0, "0"),
		row("texts taken for a dead or void code", 0, "0"),
		row("news of a text that the stand-in contradicts", 0, "0"),
		row("goroutines and descriptors left over", 0, "0")}
	return page.Table(rows)
}
