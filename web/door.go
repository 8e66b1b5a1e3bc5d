package web

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"latchd/lock"
	"latchd/signin"
)

// door is the door as an owner gets it. Times are milliseconds left at the moment of sending.
type door struct {
	Site      string           `json:"site,omitempty"` // its id
	ID        string           `json:"id"`
	Name      string           `json:"name"`
	Strike    lock.StrikeState `json:"strike"`
	OpenFor   int64            `json:"open_ms"` // until it locks by itself
	Contact   bool             `json:"contact"` // fitted
	Open      bool             `json:"open"`
	TamperFit bool             `json:"tamper_fitted"`
	Tamper    bool             `json:"tamper"`
	LockedOut bool             `json:"locked_out"`
	Until     string           `json:"lockout_until,omitempty"`
	Lockout   int64            `json:"lockout_ms"`
	Level     int              `json:"level"`
	Code      int64            `json:"code_ms"`
	TextsLeft int              `json:"texts_left"`
	TextsDay  int              `json:"texts_per_day"`
	Pulse     int64            `json:"pulse_ms"`
	Faults    []fault          `json:"faults"`
	Owner     string           `json:"owner,omitempty"` // who asks
	Version   string           `json:"version"`

	opened time.Time // when the pulse ends, about
}

// door is a status of an age, with the rules in force; state is held.
func (c *Console) door(s lock.Status, age time.Duration) door {
	left := func(t time.Duration) int64 { return max(0, t-age).Milliseconds() }
	d := door{ID: c.opts.Door, Name: c.opts.Name, Strike: cmp.Or(s.Strike, lock.Locked), Contact: s.Contact, Open: s.DoorOpen,
		TamperFit: s.TamperFit, Tamper: s.Tamper, LockedOut: s.LockedOut, Lockout: left(s.Remaining), OpenFor: left(s.OpenFor), Level: s.Level,
		Code: left(s.CodeFor), TextsLeft: s.TextsLeft, TextsDay: c.opts.Rules.PerDay, Pulse: c.opts.Rules.Pulse.Milliseconds(),
		Version: c.opts.Version, Faults: faults(s.Faults)}
	if site, id, ok := strings.Cut(d.ID, "/"); ok {
		d.Site, d.ID = site, id
	}
	if s.OpenFor > 0 {
		d.opened = time.Now().Add(s.OpenFor - age).Round(pulseSlack)
	}
	if s.LockedOut {
		d.Until = s.Until.UTC().Format(lock.Stamp)
	}
	return d
}

// pulseSlack is by how much a pulse's end may seem to move while it stays.
const pulseSlack = 500 * time.Millisecond

// lasting is the door without what changes by itself as time passes.
func (d door) lasting() string {
	d.Lockout, d.Until, d.OpenFor = 0, "", 0
	live := d.Code > 0
	d.Code = 0
	return fmt.Sprint(d, live)
}

func (c *Console) getDoor(w http.ResponseWriter, _ *http.Request, s signin.Session) {
	d, _ := c.now()
	d.Owner = s.Owner
	answerJSON(w, http.StatusOK, d)
}

// Orders are taken at this pace, whoever gives them; locking always.
const (
	ordersPerSecond = 2
	ordersAtOnce    = 20
)

// order gives the door an order in the owner's name, and answers with the door as it is when that is carried out.
func (c *Console) order(a lock.Action, done func(door) bool) func(http.ResponseWriter, *http.Request, signin.Session) {
	return func(w http.ResponseWriter, r *http.Request, s signin.Session) {
		if a != lock.Lock && !c.orders.Allow() {
			w.Header().Set("Retry-After", "1")
			fail(w, http.StatusTooManyRequests, "too_many_requests", "Orders come faster than people give them.")
			return
		}
		if a == lock.Pardon {
			c.opts.Desk.Pardon()
		}
		_, changed := c.now()
		order := lock.Command{Method: lock.ByConsole, Action: a, At: time.Now(), Trusted: true, Owner: s.Owner}
		if s.Client != "" {
			order.Detail = "client " + s.Client
		}
		c.opts.Order(order)
		ctx, cancel := context.WithTimeout(r.Context(), lock.TrustedFor) // the loop takes microseconds: beyond this it hangs
		defer cancel()
		for {
			select {
			case <-changed:
			case <-ctx.Done():
				fail(w, http.StatusServiceUnavailable, "door_stuck", "The door does not answer. Whether it did as it was told is not known.")
				return
			}
			var d door
			d, changed = c.now()
			if a != lock.Pardon && d.Strike == lock.Jammed {
				fail(w, http.StatusServiceUnavailable, "jammed", "The strike's line cannot be driven. See the faults.")
				return
			}
			if done(d) {
				d.Owner = s.Owner
				answerJSON(w, http.StatusOK, d)
				return
			}
		}
	}
}
