package sms

import (
	"fmt"
	"math/rand/v2"
	"net/http"
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
	twilio  *standin.Twilio
	chance  *rand.Rand // of the visitors

	mu       sync.Mutex
	api      *rand.Rand
	texts    map[string]*asked // by code
	rings    map[uint64]*asked
	last     *asked
	shortest time.Duration // between two texts
	faults   []string

	lasted                                                       time.Duration
	bells, requests, looked, posts, calls, hungUp, types, opened int
}

// asked is a text that the door asked for, and what became of it at each owner's number.
type asked struct {
	text     lock.Text
	at, dead time.Time
	spent    bool
	posted   map[string]bool // by number: whether the last post left more to do: it was told to ask later
	taken    map[string]bool
	called   []string           // numbers
	hungUp   []string           // SIDs of calls
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
	calls := w.twilio.Calls() // before the lock: the stand-in asks for fates within its own
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case r.Method != http.MethodPost:
	case strings.HasSuffix(r.URL.Path, "/Messages.json"):
		w.text(r)
	case strings.HasSuffix(r.URL.Path, "/Calls.json"):
		w.call(r)
	default:
		w.hangUp(r, calls)
	}
	return w.some(400 * time.Millisecond)
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
