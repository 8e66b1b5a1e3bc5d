package web

import (
	"context"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"strconv"
	"time"

	"latchd/lock"
)

// Fingers works the simulated board as a visitor's and an inhabitant's hands would. Press, Bell and Exit block for as
// long as the press lasts, and let go when ctx ends.
type Fingers interface {
	Press(ctx context.Context, keys string) error // taps the keys one after the other
	Bell(ctx context.Context, d time.Duration) error
	Exit(ctx context.Context, d time.Duration) error
	Door(open bool) // moves the door's leaf, and with it the contact
}

const (
	maxKeys = 32                     // of one request
	tap     = 150 * time.Millisecond // of the bell and of the exit button
)

var notKeys = "Those are not 1 to " + strconv.Itoa(maxKeys) + " keys of this pad."

var errBusy = errors.New("busy")

// hand lets one press at a time through to its part of the board, in the order of asking.
type hand struct{ queue, turn chan struct{} }

// newHand returns a hand that takes n presses at once, all but one of them waiting.
func newHand(n int) hand { return hand{make(chan struct{}, n), make(chan struct{}, 1)} }

// work calls press when it is its turn. It returns errBusy when too many wait.
func (h hand) work(ctx context.Context, press func() error) error {
	select {
	case h.queue <- struct{}{}:
		defer func() { <-h.queue }()
	default:
		return errBusy
	}
	select {
	case h.turn <- struct{}{}:
		defer func() { <-h.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	return press()
}

func (d *Demo) postExit(w http.ResponseWriter, r *http.Request) {
	pressed(w, "exit button", d.exit.work(r.Context(), func() error { return d.opts.Fingers.Exit(r.Context(), tap) }))
}

// pressed answers a press. The board's own words stay here: they may name a key.
func pressed(w http.ResponseWriter, part string, err error) {
	switch {
	case err == nil:
		w.WriteHeader(http.StatusNoContent)
	case errors.Is(err, errBusy):
		http.Error(w, "The "+part+" is being pressed already.", http.StatusConflict)
	default:
		http.Error(w, "The "+part+" could not be pressed.", http.StatusInternalServerError)
	}
}

// postDoor pushes the door (open=true), holds it when it is open already, or lets it close (open=false). A locked door
// does not give way, unless by force=true.
func (d *Demo) postDoor(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		refuse(w, err)
		return
	}
	open, err := strconv.ParseBool(r.PostForm.Get("open"))
	if err != nil {
		http.Error(w, "Say open=true or open=false.", http.StatusBadRequest)
		return
	}
	force := r.PostForm.Get("force") == "true"
	d.mu.Lock()
	s := d.status
	refused := ""
	switch {
	case !s.Contact:
		refused = "This door has no contact."
	case open && !s.DoorOpen && s.Strike != lock.Unlocked && !force:
		refused = "The door is locked."
	default:
		d.held = open
		d.publish(frame("status", d.view()))
	}
	d.mu.Unlock()
	if refused != "" {
		http.Error(w, refused, http.StatusConflict)
		return
	}
	d.visitor.hand(r.Context(), open)
	w.WriteHeader(http.StatusNoContent)
}

// postTwilio sets how the stand-in for Twilio behaves.
func (d *Demo) postTwilio(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		refuse(w, err)
		return
	}
	if d.opts.Twilio == nil || !d.opts.Twilio(r.PostForm.Get("mood")) {
		http.Error(w, "Twilio has no such mood.", http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// readKeys takes the keys from a form or from a JSON object.
func readKeys(r *http.Request) (string, error) {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind == "application/json" {
		var body struct{ Keys string }
		err := json.NewDecoder(r.Body).Decode(&body)
		return body.Keys, err
	}
	err := r.ParseForm()
	return r.PostForm.Get("keys"), err
}

func refuse(w http.ResponseWriter, err error) {
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		http.Error(w, "That is too long.", http.StatusRequestEntityTooLarge)
		return
	}
	http.Error(w, "That could not be read.", http.StatusBadRequest)
}
