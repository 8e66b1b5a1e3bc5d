package sms

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"latchd/lock"
	"latchd/sms/standin"
)

// witness decides on the fate of each request, notes what is asked for, begun, taken and told, and judges all of it.
type witness struct {
	house   house
	network *network
	chance  *rand.Rand // of the visitors

	mu       sync.Mutex
	api      *rand.Rand
	texts    map[string]*asked // by code
	rings    map[uint64]*asked
	last     *asked
	shortest time.Duration // between two texts
	faults   []string

	lasted                                               time.Duration
	bells, requests, looked, posts, calls, types, opened int
}

// asked is a text that the door asked for, and what became of it at each owner's number.
type asked struct {
	text     lock.Text
	at, dead time.Time
	spent    bool
	posted   map[string]bool // by number: whether the last post left more to do: it was told to ask later
	taken    map[string]bool
	called   []string           // numbers
	news     map[string][]noted // by owner
}

type noted struct {
	lock.TextNews
	at time.Time
}

var numbers = map[string]string{"Ada": ada.Reveal(), "Ben": ben.Reveal()}

func (w *witness) wrong(format string, a ...any) {
	w.faults = append(w.faults, fmt.Sprintf(format, a...))
}

// asked notes a text that the door asks for.
func (w *witness) asked(t lock.Text) {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := &asked{text: t, at: time.Now(), dead: time.Now().Add(t.TTL), posted: map[string]bool{}, taken: map[string]bool{}, news: map[string][]noted{}}
	if w.last != nil && (w.shortest == 0 || a.at.Sub(w.last.at) < w.shortest) {
		w.shortest = a.at.Sub(w.last.at)
	}
	w.texts[t.Code.Reveal()], w.rings[t.Ring], w.last = a, a, a
}

// typed is what a visitor types: the newest code.
func (w *witness) typed() string {
	w.types++
	return w.last.text.Code.Reveal()
}

// spent notes that a code has opened the door.
func (w *witness) spent(ring uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rings[ring].spent = true
	w.opened++
}

// begun judges a request in the moment in which the client began it, and says how long it takes to Twilio.
func (w *witness) begun(r *http.Request) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case r.Method != http.MethodPost:
	case strings.HasSuffix(r.URL.Path, "/Messages.json"):
		w.text(r)
	case strings.HasSuffix(r.URL.Path, "/Calls.json"):
		w.call(r)
	}
	return w.some(400 * time.Millisecond)
}

// text sees that a text is posted for a code that lives and for no longer, never again when it may have been taken, and to
// an owner whose turn has come.
func (w *witness) text(r *http.Request) {
	w.posts++
	a, to := w.texts[r.PostFormValue("Body")], r.PostFormValue("To")
	if a == nil {
		w.wrong("a text that the door did not ask for")
		return
	}
	again, before := a.posted[to]
	if before && !again {
		w.wrong("a text was posted again after %v", time.Since(a.at))
	}
	a.posted[to] = false
	w.alive(a, "text")
	valid, _ := strconv.Atoi(r.PostFormValue("ValidityPeriod"))
	if valid < 1 || time.Now().Add(time.Duration(valid)*time.Second).After(a.dead) {
		w.wrong("a text %v after the ring is valid for %d s", time.Since(a.at), valid)
	}
	if i := slices.IndexFunc(a.text.To, func(owner string) bool { return numbers[owner] == to }); w.house.turn && i > 0 && !before {
		a.missed(w, a.text.To[i-1], "the next owner's text")
	}
}

// call sees that a call is made for the newest code, while it lives, once, and where its text is lost or too late.
func (w *witness) call(r *http.Request) {
	w.calls++
	a, to := w.last, r.PostFormValue("To")
	if !strings.Contains(r.PostFormValue("Twiml"), strings.Join(strings.Split(a.text.Code.Reveal(), ""), ". ")) {
		w.wrong("a call does not speak the newest code")
		return
	}
	if !w.house.voice || slices.Contains(a.called, to) || w.house.turn && len(a.called) > 0 {
		w.wrong("a call too many, %v after the ring", time.Since(a.at))
	}
	a.called = append(a.called, to)
	w.alive(a, "call")
	for owner, number := range numbers {
		if number == to {
			a.missed(w, owner, "a call")
		}
	}
}

func (w *witness) alive(a *asked, what string) {
	switch {
	case a != w.last:
		w.wrong("a %s for a code that a newer one had voided", what)
	case a.spent:
		w.wrong("a %s for a code that was used", what)
	case !time.Now().Before(a.dead):
		w.wrong("a %s for a code that was too old", what)
	}
}

// missed sees that an owner's text was lost, or taken tooLate ago and not known to have arrived, before something else is done.
func (a *asked) missed(w *witness, owner, what string) {
	late := false
	for _, n := range a.news[owner] {
		late = !n.Call && n.State != lock.Delivered && (late || n.State == lock.Failed || time.Since(n.at) >= tooLate)
	}
	if !late {
		w.wrong("%s %v after the ring, and of the text before it is known: %+v", what, time.Since(a.at), a.news[owner])
	}
}

// taken sees that a text that Twilio takes is the only one for its ring and owner.
func (w *witness) taken(m standin.Message) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if a := w.texts[m.Body]; a != nil {
		if a.taken[m.To] {
			w.wrong("two texts for one ring and owner")
		}
		a.taken[m.To] = true
	}
}

// heard notes news of a text.
func (w *witness) heard(i lock.Input) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if n, ok := i.(lock.TextNews); ok {
		a := w.rings[n.Ring]
		a.news[n.Owner] = append(a.news[n.Owner], noted{n, time.Now()})
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
			said := func(what func(noted) bool) bool { return slices.ContainsFunc(news, what) }
			sent := said(func(n noted) bool { return n.State == lock.Sent && !n.Call })
			unsent := said(func(n noted) bool { return n.Unsent || n.State == lock.Unneeded })
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
