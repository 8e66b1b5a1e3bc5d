package web

import (
	"encoding/base64"
	"encoding/csv"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"latchd/lock"
	"latchd/signin"
)

func TestAnOwnerWorksTheDoorFromTheConsole(t *testing.T) {
	e := newEstate(t)
	e.status.LockedOut = true
	e.console.Status(e.status)
	if w := e.ask("GET", "/api/v1/door", ""); w.Code != http.StatusUnauthorized || w.Header().Get("WWW-Authenticate") == "" {
		t.Fatalf("without a session: %d %v", w.Code, w.Header())
	}
	e.signIn()
	k := e.cookie
	if !strings.HasPrefix(k.Name, "__Host-") || !k.Secure || !k.HttpOnly || k.SameSite != http.SameSiteStrictMode || k.Path != "/" ||
		k.MaxAge != 30*24*60*60 {
		t.Errorf("the cookie: %v", k)
	}
	if d := read[door](t, e.ask("GET", "/api/v1/door", "")); d.Strike != lock.Locked || !d.LockedOut || d.Owner != "Ada" {
		t.Errorf("the door: %+v", d)
	}
	for _, o := range []struct {
		order string
		done  func(door) bool
	}{
		{"unlock", func(d door) bool { return d.Strike == lock.Unlocked }},
		{"lock", func(d door) bool { return d.Strike == lock.Locked }},
		{"pardon", func(d door) bool { return !d.LockedOut }},
	} {
		w := e.ask("POST", "/api/v1/door/"+o.order, "")
		if d := read[door](t, w); w.Code != http.StatusOK || !o.done(d) {
			t.Errorf("%s: %d %s", o.order, w.Code, w.Body)
		}
		if last := e.orders[len(e.orders)-1]; last.Owner != "Ada" || !last.Trusted || last.Method != lock.ByConsole {
			t.Errorf("%s gave %+v", o.order, last)
		}
	}
	if w := e.ask("POST", "/console/signout/", ""); w.Code != http.StatusNoContent || w.Result().Cookies()[0].MaxAge >= 0 {
		t.Errorf("signing out: %d", w.Code)
	}
	if w := e.ask("GET", "/api/v1/door", ""); w.Code != http.StatusUnauthorized {
		t.Errorf("after signing out: %d", w.Code)
	}
}

func TestAClientWorksTheDoorWithTokens(t *testing.T) {
	e := newEstate(t)
	client, secret, err := signin.AddClient(e.dir, "tablet")
	if err != nil {
		t.Fatal(err)
	}
	bought := read[map[string]string](t, e.ask("POST", "/otp/verifycode/", "phone="+url.QueryEscape(adaPhone)+"&code="+e.code()))["secret_identifier"]
	w := e.ask("PUT", "/api/v1/user/", `{"secret_identifier":"`+bought+`","first_name":"Ada","last_name":"Lovelace","email":"ada@example.org",
		"account":{"address":"St James's Square","phone":"+15557654321"},"auto_username":true,"password":"ignored"}`, "Content-Type", "application/json")
	if u := read[user](t, w); w.Code != http.StatusOK || u.Username == "" || u.FirstName != "Ada" || u.Account["address"] == nil {
		t.Fatalf("completing the user: %d %s", w.Code, w.Body)
	}
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(client.ID+":"+secret))
	w = e.ask("POST", "/o/extended_token/", "grant_type=otp&phone="+url.QueryEscape(adaPhone)+"&secret_identifier="+bought, "Authorization", basic)
	first := read[tokens](t, w)
	if w.Code != http.StatusOK || first.Access == "" || first.Refresh == "" || first.Expires == 0 {
		t.Fatalf("tokens: %d", w.Code)
	}
	e.bearer = first.Access
	if d := read[door](t, e.ask("POST", "/api/v1/door/unlock", "")); d.Strike != lock.Unlocked || e.orders[0].Owner != "Ada" {
		t.Errorf("unlocking: %+v, orders %+v", d, e.orders)
	}
	if u := read[user](t, e.ask("GET", "/api/v1/user/", "")); u.Owner != "Ada" || u.LastName != "Lovelace" {
		t.Errorf("the user: %+v", u)
	}
	second := read[tokens](t, e.ask("POST", "/o/extended_token/", "grant_type=refresh_token&refresh_token="+first.Refresh, "Authorization", basic))
	e.bearer = second.Access
	if w := e.ask("GET", "/api/v1/door", ""); w.Code != http.StatusOK {
		t.Errorf("with the second token: %d", w.Code)
	}
	e.ask("POST", "/o/extended_token/", "grant_type=refresh_token&refresh_token="+first.Refresh, "Authorization", basic)
	if w := e.ask("GET", "/api/v1/door", ""); w.Code != http.StatusUnauthorized {
		t.Errorf("after a refresh token was used twice: %d", w.Code)
	}
	e.bearer = ""
	if m := read[map[string]any](t, e.ask("GET", "/.well-known/oauth-authorization-server", "")); m["token_endpoint"] != "http://127.0.0.1:8080/o/extended_token/" {
		t.Errorf("metadata: %v", m)
	}
}

type tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	Expires int    `json:"expires_in"`
}

func TestTheJournalIsReadInPagesAndAsATable(t *testing.T) {
	e := newEstate(t)
	e.signIn()
	for range 3 {
		e.happens(lock.Event{Type: lock.BellRung}, lock.Event{Type: lock.AccessDenied, Method: lock.ByCode, Reason: lock.WrongCode})
	}
	e.happens(lock.Event{Type: lock.CommandRefused, Detail: "=cmd|' /C calc'!A0"})
	type page struct {
		Events []struct{ Seq uint64 }
		Next   *string
	}
	for name, c := range map[string]struct {
		query string
		want  []uint64
	}{
		"the newest first":        {"?limit=2", []uint64{7, 6, 5, 4, 3, 2, 1}},
		"after one, oldest first": {"?after=4&limit=2", []uint64{5, 6, 7}},
		"a family of types":       {"?type=access.*&limit=2", []uint64{6, 4, 2}},
		"none":                    {"?type=door.forced", nil},
		"as many as fit in one":   {"?limit=1000", []uint64{7, 6, 5, 4, 3, 2, 1}},
		"before one":              {"?before=3", []uint64{2, 1}},
	} {
		var got []uint64
		for next := "/api/v1/events" + c.query; next != ""; {
			p := read[page](t, e.ask("GET", next, ""))
			for _, v := range p.Events {
				got = append(got, v.Seq)
			}
			if next = ""; p.Next != nil {
				next = *p.Next
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	w := e.ask("GET", "/api/v1/events?format=csv&type=command.*", "")
	table, err := csv.NewReader(w.Body).ReadAll()
	if err != nil || len(table) != 2 || table[0][0] != "seq" || table[1][0] != "7" {
		t.Fatalf("the table: %v, %v", table, err)
	}
	if got := table[1][slices.Index(columns, "detail")]; got != "'=cmd|' /C calc'!A0" {
		t.Errorf("a formula stands in the table as %q", got)
	}
	for _, bad := range []string{"?limit=1001", "?limit=x", "?after=-1", "?since=yesterday", "?type=[", "?type=access.*,[", "?q=" + strings.Repeat("a+", 40), "?format=pdf"} {
		if w := e.ask("GET", "/api/v1/events"+bad, ""); w.Code != http.StatusBadRequest {
			t.Errorf("%s: %d", bad, w.Code)
		}
	}
}

func TestADoorOfASiteSaysSo(t *testing.T) {
	e := newEstateOf(t, "elm-5/front")
	e.signIn()
	e.happens(lock.Event{Type: lock.BellRung})
	type names struct{ Site, ID, Door string }
	if got := read[names](t, e.ask("GET", "/api/v1/door", "")); got != (names{Site: "elm-5", ID: "front"}) {
		t.Errorf("the door is %+v", got)
	}
	if got := read[struct{ Events []names }](t, e.ask("GET", "/api/v1/events", "")); len(got.Events) != 1 || got.Events[0].Site != "elm-5" ||
		got.Events[0].Door != "front" {
		t.Errorf("its events are %+v", got)
	}
	w := e.ask("GET", "/api/v1/events?format=csv", "")
	if got := w.Header().Get("Content-Disposition"); got != `attachment; filename="elm-5_front-events.csv"` {
		t.Errorf("its table is an %s", got)
	}
}

func TestADoorThatCannotDoAsItIsToldSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEstate(t)
		e.signIn()
		e.hangs = true
		if w := e.ask("POST", "/api/v1/door/unlock", ""); w.Code != http.StatusServiceUnavailable || read[map[string]string](t, w)["error"] != "door_stuck" {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		e.hangs, e.jams = false, true
		if w := e.ask("POST", "/api/v1/door/unlock", ""); w.Code != http.StatusServiceUnavailable || read[map[string]string](t, w)["error"] != "jammed" {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		if w := e.ask("POST", "/api/v1/door/pardon", ""); w.Code != http.StatusOK {
			t.Errorf("a pardon at a jammed strike: %d %s", w.Code, w.Body)
		}
	})
}

func TestASessionEndsWhereAnotherSaysSo(t *testing.T) {
	e := newEstate(t)
	e.signIn()
	lost := e.cookie
	e.signIn()
	type list struct{ Sessions []session }
	all := read[list](t, e.ask("GET", "/api/v1/sessions", "")).Sessions
	if len(all) != 2 {
		t.Fatalf("sessions: %+v", all)
	}
	for _, s := range all {
		if !s.Current {
			if w := e.ask("DELETE", "/api/v1/sessions/"+s.ID, ""); w.Code != http.StatusNoContent {
				t.Errorf("ending it: %d %s", w.Code, w.Body)
			}
			if w := e.ask("DELETE", "/api/v1/sessions/"+s.ID, ""); w.Code != http.StatusNotFound {
				t.Errorf("ending it again: %d %s", w.Code, w.Body)
			}
		}
	}
	if w := e.ask("GET", "/api/v1/door", ""); w.Code != http.StatusOK {
		t.Errorf("the other session: %d", w.Code)
	}
	e.cookie = lost
	if w := e.ask("GET", "/api/v1/door", ""); w.Code != http.StatusUnauthorized {
		t.Errorf("the ended session: %d", w.Code)
	}
	e.signIn()
	c, _, err := signin.AddClient(e.dir, "tablet")
	if err != nil {
		t.Fatal(err)
	}
	if w := e.ask("GET", "/api/v1/clients", ""); !strings.Contains(w.Body.String(), c.ID) {
		t.Errorf("clients: %s", w.Body)
	}
	if w := e.ask("DELETE", "/api/v1/clients/"+c.ID, ""); w.Code != http.StatusNoContent {
		t.Errorf("removing a client: %d %s", w.Code, w.Body)
	}
}
