package web

import (
	"net/http"
	"testing"
)

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
