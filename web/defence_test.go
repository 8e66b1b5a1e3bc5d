package web

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"latchd/lock"
)

// stream opens a stream of events with the estate's cookie. It returns what reads it, and what ends it and waits for its end.
func (e *estate) stream(header ...string) (next func(*testing.T) (event, data string), leave func(), ended <-chan struct{}) {
	ctx, cancel := context.WithCancel(e.t.Context())
	r, w := io.Pipe()
	done := make(chan struct{})
	req := httptest.NewRequest("GET", "http://localhost/api/v1/events", nil).WithContext(ctx)
	req.RemoteAddr = "127.0.0.1:5"
	req.AddCookie(e.cookie)
	req.Header.Set("Accept", "text/event-stream")
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	go func() {
		defer close(done)
		e.handler.ServeHTTP(pipe{w, http.Header{}}, req)
		w.Close()
	}()
	return frames(r), func() { cancel(); r.Close(); <-done }, done
}

func TestAStreamTellsOfTheDoorAndOfWhatHappens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEstate(t)
		e.signIn()
		e.happens(lock.Event{Type: lock.BellRung}, lock.Event{Type: lock.CodeSent}, lock.Event{Type: lock.BellRung})
		next, leave, _ := e.stream("Last-Event-ID", "1")
		defer leave()
		expect := func(want, holds string) {
			t.Helper()
			event, data := next(t)
			for event == "beat" {
				event, data = next(t)
			}
			if event != want || !strings.Contains(data, holds) {
				t.Errorf("%s %s, want %s with %s", event, data, want, holds)
			}
		}
		expect("event", `"seq":2`)
		expect("event", `"seq":3`)
		expect("door", `"strike":"LOCKED"`)
		e.happens(lock.Event{Type: lock.DoorForced})
		expect("event", `"type":"door.forced"`)
		e.mu.Lock()
		e.status.Typed, e.status.Strike = 3, lock.Locked
		e.console.Status(e.status) // a digit is no news here
		e.mu.Unlock()
		synctest.Wait()
		e.order(lock.Command{Action: lock.Unlock})
		expect("door", `"strike":"UNLOCKED"`)
	})
}

func TestAReplayEndsWithItsSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEstate(t)
		e.signIn()
		for range 3 * csvPage {
			e.happens(lock.Event{Type: lock.BellRung})
		}
		next, leave, ended := e.stream("Last-Event-ID", "0")
		next(t)
		e.desk.Revoke(e.desk.Sessions()[0].ID)
		n := 1
		for closed := false; !closed; n++ {
			select {
			case <-ended:
				closed = true
			default:
				next(t)
				synctest.Wait()
			}
		}
		leave()
		if n > csvPage+2 {
			t.Errorf("%d events were told, most of them after the session's end", n)
		}
	})
}

func TestOrdersThatComeFasterThanPeopleGiveThemAreRefused(t *testing.T) {
	e := newEstate(t)
	e.signIn()
	refused := 0
	for range 2 * ordersAtOnce {
		if w := e.ask("POST", "/api/v1/door/unlock", ""); w.Code == http.StatusTooManyRequests {
			refused++
		}
	}
	if refused < ordersAtOnce/2 {
		t.Errorf("%d of %d were refused", refused, 2*ordersAtOnce)
	}
	if w := e.ask("POST", "/api/v1/door/lock", ""); w.Code != http.StatusOK {
		t.Errorf("locking after that: %d", w.Code)
	}
}

func TestClearTextFromElsewhereIsLedToHTTPSByOurNamesAlone(t *testing.T) {
	e := newEstate(t)
	ask := func(method, remote, host string, header ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, "http://"+host+"/console/", nil)
		r.RemoteAddr, r.TLS = remote, nil
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		e.handler.ServeHTTP(w, r)
		return w
	}
	for name, c := range map[string]struct {
		got  *httptest.ResponseRecorder
		want int
	}{
		"a look":                          {ask("GET", "192.0.2.7:5", "door.example.org"), 308},
		"a look by a foreign name":        {ask("GET", "192.0.2.7:5", "evil.example"), 403},
		"a look with a secret":            {ask("GET", "192.0.2.7:5", "door.example.org", "Authorization", "Bearer x"), 403},
		"a change":                        {ask("POST", "192.0.2.7:5", "door.example.org"), 403},
		"a look through a proxy in clear": {ask("GET", "127.0.0.1:5", "door.example.org", "X-Forwarded-Proto", "http"), 308},
		"a look through a proxy":          {ask("GET", "127.0.0.1:5", "door.example.org", "X-Forwarded-Proto", "https"), 200},
	} {
		if c.got.Code != c.want {
			t.Errorf("%s: %d, want %d", name, c.got.Code, c.want)
		}
		if to := c.got.Header().Get("Location"); c.want == 308 && to != "https://door.example.org/console/" {
			t.Errorf("%s: led to %s", name, to)
		}
	}
}

func TestAStreamEndsWithItsSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEstate(t)
		e.signIn()
		next, leave, ended := e.stream()
		next(t)
		e.desk.Revoke(e.desk.Sessions()[0].ID)
		<-ended
		leave()
	})
}

func TestAnotherSitesRequestIsRefused(t *testing.T) {
	e := newEstate(t)
	e.signIn()
	for _, from := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}} {
		for _, path := range []string{"/api/v1/door/unlock", "/console/signout/", "/otp/getcode/", "/o/extended_token/"} {
			if w := e.ask("POST", path, "phone=1", from...); w.Code != http.StatusForbidden {
				t.Errorf("%s of %v: %d", path, from, w.Code)
			}
		}
	}
	if len(e.orders) != 0 {
		t.Errorf("orders: %+v", e.orders)
	}
}

func TestAForeignHostHeaderIsRefused(t *testing.T) {
	e := newEstate(t)
	for host, want := range map[string]int{"evil.example": 403, "evil.example:8080": 403, "": 403, "127.0.0.1.evil.example": 403,
		"192.168.1.7:8080": 403, "localhost": 200, "[::1]:8080": 200, "door.example.org": 200, "DOOR.example.org.:443": 200} {
		if w := e.ask("GET", "/console/", "", "Host", host); w.Code != want && !(want == 200 && w.Code == 404) {
			t.Errorf("%q: %d, want %d", host, w.Code, want)
		}
	}
}

func TestAStrangerHearsWhatAnOwnerHears(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEstate(t)
		answers := map[string]bool{}
		for _, phone := range []string{adaPhone, stranger} {
			w := e.ask("POST", "/otp/getcode/", "phone="+url.QueryEscape(phone))
			answers[http.StatusText(w.Code)+w.Body.String()] = true
		}
		if len(answers) != 1 {
			t.Errorf("asking for a code is answered in %d ways: %v", len(answers), answers)
		}
		right := <-e.codes
		clear(answers)
		for _, guess := range []struct{ phone, code string }{{adaPhone, "x"}, {adaPhone, wrongFor(right)}, {stranger, right}, {stranger, "1"}} {
			w := e.ask("POST", "/otp/verifycode/", "phone="+url.QueryEscape(guess.phone)+"&code="+guess.code)
			answers[http.StatusText(w.Code)+w.Body.String()] = true
		}
		if len(answers) != 1 {
			t.Errorf("wrong codes are answered in %d ways: %v", len(answers), answers)
		}
		if synctest.Wait(); len(e.codes) > 0 {
			t.Error("a stranger was texted")
		}
	})
}

func wrongFor(code string) string {
	if code[0] == '9' {
		return "0" + code[1:]
	}
	return "9" + code[1:]
}

func TestGuessedSignInsLockOutTheSignInAndNothingElse(t *testing.T) {
	e := newEstate(t)
	e.signIn()
	right := e.code()
	for range 10 {
		e.ask("POST", "/console/signin/", "phone="+url.QueryEscape(adaPhone)+"&code="+wrongFor(right))
	}
	if w := e.ask("POST", "/console/signin/", "phone="+url.QueryEscape(adaPhone)+"&code="+right); w.Code != http.StatusBadRequest {
		t.Errorf("the right code after ten wrong ones: %d", w.Code)
	}
	if d := read[door](t, e.ask("GET", "/api/v1/door", "")); d.LockedOut {
		t.Error("the keypad is locked out")
	}
}

func TestATokenOfNobodysIsRefused(t *testing.T) {
	e := newEstate(t)
	other := newEstate(t)
	other.signIn()
	for name, header := range map[string][]string{
		"forged": {"Authorization", "Bearer " + strings.Repeat("A", 43)}, "empty": {"Authorization", "Bearer "},
		"another scheme": {"Authorization", "Basic Og=="}, "another door's": {"Authorization", "Bearer " + other.cookie.Value},
		"another door's cookie": {"Cookie", other.cookie.Name + "=" + other.cookie.Value}, "huge": {"Authorization", "Bearer " + strings.Repeat("A", 10_000)},
	} {
		for _, path := range []string{"/api/v1/door", "/api/v1/events", "/api/v1/sessions"} {
			if w := e.ask("GET", path, "", header...); w.Code != http.StatusUnauthorized {
				t.Errorf("%s: %s: %d", name, path, w.Code)
			}
		}
	}
}

func TestAHugeBodyIsRefused(t *testing.T) {
	e := newEstate(t)
	huge := "phone=" + strings.Repeat("1", maxBody)
	for _, c := range [][2]string{{"POST", "/otp/getcode/"}, {"POST", "/otp/verifycode/"}, {"POST", "/console/signin/"}, {"PUT", "/api/v1/user/"}} {
		header := []string{"Content-Type", "application/x-www-form-urlencoded"}
		if c[0] == "PUT" {
			huge, header[1] = `{"first_name":"`+strings.Repeat("a", maxBody)+`"}`, "application/json"
		}
		if w := e.ask(c[0], c[1], huge, header...); w.Code != http.StatusRequestEntityTooLarge {
			t.Errorf("%s: %d %s", c[1], w.Code, w.Body)
		}
	}
}

func TestThePanelIsForThisMachineAlone(t *testing.T) {
	p := NewPanel(PanelOptions{Hands: nil, Door: "Front door", Rules: rules, Keys: []string{"123"}})
	h := Site{Panel: p, Names: []string{"door.example.org"}}.Handler()
	ask := func(remote, host string, header ...string) int {
		r := httptest.NewRequest("GET", "http://"+host+"/panel/nothing", nil)
		r.RemoteAddr, r.TLS = remote, new(tls.ConnectionState)
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code
	}
	for name, c := range map[string]struct{ got, want int }{
		"from here":                {ask("127.0.0.1:5", "localhost"), 404},
		"from here, by IPv6":       {ask("[::1]:5", "[::1]:8080"), 404},
		"from elsewhere":           {ask("192.168.1.5:5", "door.example.org"), 403},
		"from here, by our name":   {ask("127.0.0.1:5", "door.example.org"), 403},
		"through a proxy":          {ask("127.0.0.1:5", "localhost", "X-Forwarded-For", "192.168.1.5"), 403},
		"for another site's page":  {ask("127.0.0.1:5", "localhost", "Origin", "https://door.example.org"), 403},
		"through a standard proxy": {ask("127.0.0.1:5", "localhost", "Forwarded", "for=192.168.1.5"), 403},
	} {
		if c.got != c.want {
			t.Errorf("%s: %d, want %d", name, c.got, c.want)
		}
	}
}
