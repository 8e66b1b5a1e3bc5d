package sms

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"latchd/lock"
	"latchd/sms/standin"
)

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
	w.alive(a, "a text")
	valid, _ := strconv.Atoi(r.PostFormValue("ValidityPeriod"))
	if valid < 1 || time.Now().Add(time.Duration(valid)*time.Second).After(a.dead) {
		w.wrong("a text %v after the ring is valid for %d s", time.Since(a.at), valid)
	}
	if i := slices.IndexFunc(a.text.To, func(owner string) bool { return numbers[owner] == to }); w.house.turn && i > 0 && !before {
		a.missed(w, a.text.To[i-1], "the next owner's text")
	}
}

// call sees that a call is made for a code that lives, once, and where its text is lost or too late.
func (w *witness) call(r *http.Request) {
	w.calls++
	a, to := w.spoken(r.PostFormValue("Twiml")), r.PostFormValue("To")
	if a == nil {
		w.wrong("a call that speaks none of the door's codes")
		return
	}
	if !w.house.voice || slices.Contains(a.called, to) || w.house.turn && len(a.called) > 0 {
		w.wrong("a call too many, %v after the ring", time.Since(a.at))
	}
	a.called = append(a.called, to)
	w.alive(a, "a call")
	for owner, number := range numbers {
		if number == to {
			a.missed(w, owner, "a call")
		}
	}
}

// hangUp sees that a call is ended once, and only where its code is dead.
func (w *witness) hangUp(r *http.Request, calls []standin.Call) {
	w.hungUp++
	for _, c := range calls {
		if a := w.spoken(c.Twiml); strings.Contains(r.URL.Path, c.SID) {
			if w.dead(a) == "" || slices.Contains(a.hungUp, c.SID) {
				w.wrong("a call was hung up %v after the ring", time.Since(a.at))
			}
			a.hungUp = append(a.hungUp, c.SID)
		}
	}
}

var spelt = regexp.MustCompile(`([0-9]\. ){9}[0-9]`)

// spoken finds the text whose code is spoken.
func (w *witness) spoken(twiml string) *asked {
	return w.texts[strings.ReplaceAll(spelt.FindString(twiml), ". ", "")]
}

func (w *witness) alive(a *asked, what string) {
	if why := w.dead(a); why != "" {
		w.wrong("%s %v after the ring for a code that was %s", what, time.Since(a.at), why)
	}
}

// dead says of what a code has died, "" while it lives.
func (w *witness) dead(a *asked) string {
	switch {
	case a != w.last:
		return "voided by a newer one"
	case a.spent:
		return "used"
	case !time.Now().Before(a.dead):
		return "too old"
	}
	return ""
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
