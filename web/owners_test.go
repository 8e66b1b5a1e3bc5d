package web

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"latchd/signin"
)

// What is over although the disk cannot take that is answered so, and not as done.
func TestAnEndThatIsNotKeptIsToldSo(t *testing.T) {
	e := newEstate(t)
	told := func(what string, w *httptest.ResponseRecorder) {
		t.Helper()
		var body struct {
			Error    string
			Sentence string `json:"error_description"`
		}
		err := json.Unmarshal(w.Body.Bytes(), &body)
		if err != nil || w.Code != http.StatusServiceUnavailable || body.Error != "not_kept" || body.Sentence != signin.NotKept {
			t.Errorf("%s: %d %s", what, w.Code, w.Body)
		}
	}
	e.signIn()
	lost := e.cookie
	e.signIn()
	c, _, err := signin.AddClient(e.dir, "tablet")
	if err != nil {
		t.Fatal(err)
	}
	sessions := e.desk.Sessions()
	for _, file := range []string{"sessions.json.new", "clients.json.new"} {
		for start := time.Now(); ; {
			err := os.MkdirAll(filepath.Join(e.dir, file, "in the way"), 0o700)
			if err == nil {
				break
			}
			if time.Since(start) > 30*time.Second { // the desk itself may be writing
				t.Fatal(err)
			}
		}
	}
	told("a session", e.ask("DELETE", "/api/v1/sessions/"+sessions[0].ID, ""))
	told("a client", e.ask("DELETE", "/api/v1/clients/"+c.ID, ""))
	w := e.ask("POST", "/console/signout/", "")
	told("signing out", w)
	if k := w.Result().Cookies(); len(k) != 1 || k[0].MaxAge >= 0 {
		t.Errorf("the cookie stays: %v", k)
	}
	for _, e.cookie = range []*http.Cookie{lost, e.cookie} {
		if w := e.ask("GET", "/api/v1/door", ""); w.Code != http.StatusUnauthorized {
			t.Errorf("afterwards: %d", w.Code)
		}
	}
}

func TestWhatIsWrongWithAUserIsSaidInPlainWords(t *testing.T) {
	e := newEstate(t)
	for body, want := range map[string]string{
		`{"first_name":5}`:              "first_name is to be a text.",
		`{"secret_identifier":["x"]}`:   "secret_identifier is to be a text.",
		`{"auto_username":"yes"}`:       "auto_username is to be true or false.",
		`{"account":[1]}`:               "account is to be an object.",
		`{"account":{"floor":1e999}}`:   "account is to be an object with numbers that fit.",
		`[]`:                            "That is no JSON object.",
		`"Ada"`:                         "That is no JSON object.",
		`{"first_name":`:                "That is no JSON object.",
		`first_name=Ada&last_name=King`: "That is no JSON object.",
	} {
		w := e.ask("PUT", "/api/v1/user/", body, "Content-Type", "application/json")
		if got := read[map[string]string](t, w); w.Code != http.StatusBadRequest || got["error"] != "invalid_request" || got["error_description"] != want {
			t.Errorf("%s: %d %v", body, w.Code, got)
		}
	}
}

func TestAPardonLiftsTheLockoutOfSigningIn(t *testing.T) {
	e := newEstate(t)
	e.signIn()
	for range 3 {
		if w := e.ask("POST", "/otp/verifycode/", "phone="+url.QueryEscape(adaPhone)+"&code=000000"); w.Code != http.StatusBadRequest {
			t.Fatalf("a wrong code: %d", w.Code)
		}
	}
	if w := e.ask("POST", "/api/v1/door/pardon", ""); w.Code != http.StatusOK {
		t.Fatalf("a pardon: %d %s", w.Code, w.Body)
	}
	e.signIn()
}
