package web

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"time"

	"latchd/lock"
	"latchd/signin"
)

// getCode asks for a sign-in code. The answer is the same whoever's number it is.
func (c *Console) getCode(w http.ResponseWriter, r *http.Request) {
	if !readForm(w, r) {
		return
	}
	if err := c.opts.Desk.Ask(r.PostForm.Get("phone")); err != nil {
		badPhone(w)
		return
	}
	answerJSON(w, http.StatusAccepted, map[string]string{
		"detail": "If this is an owner's number, a code is on its way, unless one was asked for a moment ago or too often."})
}

func badPhone(w http.ResponseWriter) {
	fail(w, http.StatusBadRequest, "invalid_phone", "phone is no phone number: send it with its country's code, as in +15557654321.")
}

func badCode(w http.ResponseWriter) {
	fail(w, http.StatusBadRequest, "invalid_code", "This code is wrong, used or expired, or signing in is locked for a while after "+
		"too many wrong ones. Ask for a new code.")
}

func (c *Console) verifyCode(w http.ResponseWriter, r *http.Request) {
	if secret, ok := c.verify(w, r); ok {
		answerJSON(w, http.StatusOK, map[string]string{"secret_identifier": secret})
	}
}

// verify tries a phone's code.
func (c *Console) verify(w http.ResponseWriter, r *http.Request) (secret string, ok bool) {
	if !readForm(w, r) {
		return "", false
	}
	secret, err := c.opts.Desk.Verify(r.PostForm.Get("phone"), r.PostForm.Get("code"))
	if err != nil {
		badCode(w)
	}
	return secret, err == nil
}

// signIn begins a browser's session.
func (c *Console) signIn(w http.ResponseWriter, r *http.Request) {
	secret, ok := c.verify(w, r)
	if !ok {
		return
	}
	token, _, err := c.opts.Desk.Enter(r.PostForm.Get("phone"), secret, address(r), r.UserAgent())
	if err != nil {
		badCode(w)
		return
	}
	setCookie(w, token, int(signin.BrowserLife/time.Second)) // the desk ends it sooner where it is not used
	w.WriteHeader(http.StatusNoContent)
}

func (c *Console) signOut(w http.ResponseWriter, r *http.Request) {
	setCookie(w, "", -1)
	if k, err := r.Cookie(cookie); err == nil {
		if s, err := c.opts.Desk.Browser(k.Value); err == nil {
			_, err := c.opts.Desk.Revoke(s.ID)
			ended(w, true, err)
			return
		}
	}
	w.WriteHeader(http.StatusNoContent)
}

// setCookie gives a browser its session for so many seconds, or with -1 takes it away.
func setCookie(w http.ResponseWriter, token string, seconds int) {
	http.SetCookie(w, &http.Cookie{Name: cookie, Value: token, Path: "/", MaxAge: seconds, Secure: true, HttpOnly: true,
		SameSite: http.SameSiteStrictMode})
}

type session struct {
	ID      string `json:"id"`
	Owner   string `json:"owner"`
	Kind    string `json:"kind"`
	Client  string `json:"client,omitempty"`
	From    string `json:"from,omitempty"`
	Agent   string `json:"agent,omitempty"`
	Created string `json:"created"`
	Used    string `json:"used"`
	Expires string `json:"expires"`
	Current bool   `json:"current"`
}

func stamp(t time.Time) string { return t.UTC().Format(lock.Stamp) }

func (c *Console) sessions(w http.ResponseWriter, _ *http.Request, me signin.Session) {
	list := []session{}
	for _, s := range c.opts.Desk.Sessions() {
		list = append(list, session{s.ID, s.Owner, s.Kind, s.Client, s.From, s.Agent, stamp(s.Created), stamp(s.Used),
			stamp(s.Expires), s.ID == me.ID})
	}
	answerJSON(w, http.StatusOK, map[string]any{"sessions": list})
}

func (c *Console) endSession(w http.ResponseWriter, r *http.Request, _ signin.Session) {
	found, err := c.opts.Desk.Revoke(r.PathValue("id"))
	ended(w, found, err)
}

func (c *Console) clientList(w http.ResponseWriter, _ *http.Request, _ signin.Session) {
	of := map[string]int{}
	for _, s := range c.opts.Desk.Sessions() {
		of[s.Client]++
	}
	list := []any{}
	for _, k := range c.opts.Desk.Clients() {
		list = append(list, map[string]any{"id": k.ID, "name": k.Name, "created": stamp(k.Created), "sessions": of[k.Name]})
	}
	answerJSON(w, http.StatusOK, map[string]any{"clients": list})
}

func (c *Console) endClient(w http.ResponseWriter, r *http.Request, _ signin.Session) {
	found, err := c.opts.Desk.RevokeClient(r.PathValue("id"))
	ended(w, found, err)
}

func ended(w http.ResponseWriter, found bool, err error) {
	switch {
	case !found:
		fail(w, http.StatusNotFound, "not_found", "There is none with this id, or it is over already.")
	case err != nil:
		fail(w, http.StatusServiceUnavailable, "not_kept", signin.NotKept)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

// user is an owner as the API shows them.
type user struct {
	Username  string         `json:"username"`
	FirstName string         `json:"first_name"`
	LastName  string         `json:"last_name"`
	Email     string         `json:"email"`
	Account   map[string]any `json:"account"`
	Owner     string         `json:"owner,omitempty"` // whose sign-in this is
}

func (c *Console) getUser(w http.ResponseWriter, _ *http.Request, s signin.Session) {
	answerJSON(w, http.StatusOK, shown(c.opts.Desk.User(s.Owner), s.Owner))
}

func shown(u signin.User, owner string) user {
	if u.Account == nil {
		u.Account = map[string]any{}
	}
	return user{u.Username, u.FirstName, u.LastName, u.Email, u.Account, owner}
}

// notUser says what is wrong with the JSON of a user.
func notUser(err error) string {
	wrong := new(json.UnmarshalTypeError)
	if !errors.As(err, &wrong) || wrong.Field == "" {
		return "That is no JSON object."
	}
	want := map[reflect.Kind]string{reflect.String: "a text", reflect.Bool: "true or false", reflect.Map: "an object"}[wrong.Type.Kind()]
	return strings.TrimPrefix(wrong.Field, "user.") + " is to be " + cmp.Or(want, "an object with numbers that fit") + "."
}

// putUser completes the user that a secret identifier stands for. It does not spend the identifier: a token does.
func (c *Console) putUser(w http.ResponseWriter, r *http.Request) {
	var body struct {
		user
		Secret       string `json:"secret_identifier"`
		AutoUsername bool   `json:"auto_username"`
	}
	err := json.NewDecoder(r.Body).Decode(&body)
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		fail(w, http.StatusRequestEntityTooLarge, "invalid_request", "That is too long.")
		return
	}
	if err != nil {
		fail(w, http.StatusBadRequest, "invalid_request", notUser(err))
		return
	}
	u, err := c.opts.Desk.Complete(body.Secret, signin.User{Username: body.Username, FirstName: body.FirstName,
		LastName: body.LastName, Email: body.Email, Account: body.Account}, body.AutoUsername)
	switch {
	case errors.Is(err, signin.ErrSecret):
		fail(w, http.StatusUnauthorized, "invalid_secret_identifier", "This secret_identifier is not known, or is over: it lives for 5 min.")
	case err != nil:
		fail(w, http.StatusBadRequest, "invalid_request", err.Error())
	default:
		answerJSON(w, http.StatusOK, shown(u, ""))
	}
}
