package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestRefusedSignInsGoOutOneAfterTheOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		status := func(n int) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(n) })
		}
		p, began := newPace(), time.Now()
		ask := func(n int) {
			p.paced(status(n)).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", "/", nil))
		}
		ask(http.StatusBadRequest)
		if took := time.Since(began); took != 0 {
			t.Errorf("a refusal that came alone took %v", took)
		}
		var flood sync.WaitGroup
		for range 100 {
			flood.Go(func() { ask(http.StatusUnauthorized) })
		}
		synctest.Wait()
		ask(http.StatusNoContent)
		if took := time.Since(began); took != 0 {
			t.Errorf("a right sign-in waited %v for those that were refused", took)
		}
		flood.Wait()
		if took := time.Since(began); took != 100*refusalGap {
			t.Errorf("100 refusals after another took %v", took)
		}
		<-time.After(refusalGap) // the last turn is over
	})
}

func TestEachWayToGuessIsPaced(t *testing.T) {
	e := newEstate(t)
	guess := "phone=" + url.QueryEscape(stranger) + "&code=000000"
	for _, c := range []struct{ method, path, body, header, value string }{
		{"POST", "/otp/verifycode/", guess, "", ""},
		{"POST", "/console/signin/", guess, "", ""},
		{"PUT", "/api/v1/user/", `{"secret_identifier":"guessed"}`, "Content-Type", "application/json"},
		{"POST", "/o/extended_token/", "grant_type=refresh_token&refresh_token=guessed", "Authorization", "Basic YTpi"},
		{"POST", "/o/revoke_token/", "token=guessed", "Authorization", "Basic YTpi"},
		{"GET", "/api/v1/door", "", "Authorization", "Bearer guessed"},
	} {
		began := time.Now()
		for range 3 {
			if w := e.ask(c.method, c.path, c.body, c.header, c.value); w.Code/100 != 4 {
				t.Errorf("%s %s: %d", c.method, c.path, w.Code)
			}
		}
		if took := time.Since(began); took < 2*refusalGap {
			t.Errorf("%s %s: three guesses took %v", c.method, c.path, took)
		}
	}
}
