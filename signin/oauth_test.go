package signin

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"
)

type tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	Type    string `json:"token_type"`
	Expires int    `json:"expires_in"`
	Error   string `json:"error"`
}

// client is a confidential client of a rig.
type client struct {
	r          *rig
	id, secret string
	h          http.Handler
}

func (r *rig) client(name string) client {
	r.t.Helper()
	c, secret, err := AddClient(r.dir, name)
	if err != nil {
		r.t.Fatal(err)
	}
	return client{r, c.ID, secret, r.TokenEndpoint()}
}

func (c client) ask(kv ...string) (t tokens) {
	c.r.t.Helper()
	form := url.Values{}
	for i := 0; i < len(kv); i += 2 {
		form.Set(kv[i], kv[i+1])
	}
	w := post(c.h, c.id, c.secret, form)
	if err := json.Unmarshal(w.Body.Bytes(), &t); err != nil {
		c.r.t.Fatalf("status %d: %v", w.Code, err)
	}
	return t
}

func (c client) signIn() tokens {
	c.r.t.Helper()
	return c.ask("grant_type", "otp", "phone", ada, "secret_identifier", c.r.bought())
}

func (c client) refresh(token string) tokens {
	c.r.t.Helper()
	return c.ask("grant_type", "refresh_token", "refresh_token", token)
}

// TestTheUsualClient has golang.org/x/oauth2 as the client of everything after the sign-in.
func TestTheUsualClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		c := r.client("kitchen tablet")
		first := c.ask("grant_type", "otp", "phone", ada, "secret_identifier", r.secret())
		if first.Type != "Bearer" || first.Expires != 900 {
			t.Fatalf("type %q, expires in %d, error %q", first.Type, first.Expires, first.Error)
		}
		ctx := context.WithValue(t.Context(), oauth2.HTTPClient, &http.Client{Transport: direct{c.h}})
		config := oauth2.Config{ClientID: c.id, ClientSecret: c.secret,
			Endpoint: oauth2.Endpoint{TokenURL: "https://door/o/extended_token/", AuthStyle: oauth2.AuthStyleInHeader}}
		source := config.TokenSource(ctx, &oauth2.Token{AccessToken: first.Access, RefreshToken: first.Refresh, Expiry: time.Now().Add(15 * time.Minute)})
		seen := map[string]bool{}
		for range 5 {
			token, err := source.Token()
			if err != nil {
				t.Fatal(err)
			}
			if seen[token.AccessToken] || seen[token.RefreshToken] {
				t.Fatal("a token came twice")
			}
			seen[token.AccessToken], seen[token.RefreshToken] = true, true
			s, err := r.Bearer(token.AccessToken)
			if err != nil || s.Owner != "Ada" || s.Kind != ByClient || s.Client != "kitchen tablet" || !s.Expires.Equal(time.Now().Add(15*time.Minute)) {
				t.Fatalf("%+v, %v", s, err)
			}
			<-time.After(15 * time.Minute)
			if _, err := r.Bearer(token.AccessToken); err != ErrToken {
				t.Fatalf("an access token lives for more than 15 minutes: %v", err)
			}
		}
		if n := len(r.Sessions()); n != 1 {
			t.Errorf("%d sessions for one sign-in", n)
		}
	})
}

func TestTokenEndpointRefuses(t *testing.T) {
	r := newRig(t)
	c, other := r.client("one"), r.client("two")
	live := c.signIn()
	for _, tt := range []struct {
		name       string
		id, secret string
		body       string
		status     int
		word       string
	}{
		{"a client without credentials", "", "", "grant_type=otp&phone=" + url.QueryEscape(ada) + "&secret_identifier=x", 401, "invalid_client"},
		{"an unknown client", "latchd-0000000000000000", c.secret, "grant_type=refresh_token&refresh_token=" + live.Refresh, 401, "invalid_client"},
		{"a client with another's secret", c.id, other.secret, "grant_type=refresh_token&refresh_token=" + live.Refresh, 401, "invalid_client"},
		{"credentials in the body", "", "", "grant_type=refresh_token&refresh_token=" + live.Refresh + "&client_id=" + c.id + "&client_secret=" + c.secret, 401, "invalid_client"},
		{"another client's refresh token", other.id, other.secret, "grant_type=refresh_token&refresh_token=" + live.Refresh, 400, "invalid_grant"},
		{"an access token in a refresh token's place", c.id, c.secret, "grant_type=refresh_token&refresh_token=" + live.Access, 400, "invalid_grant"},
		{"an unknown secret identifier", c.id, c.secret, "grant_type=otp&phone=" + url.QueryEscape(ada) + "&secret_identifier=x", 400, "invalid_grant"},
		{"a secret identifier with another's number", c.id, c.secret, "grant_type=otp&phone=" + url.QueryEscape(grace) + "&secret_identifier=" + r.bought(), 400, "invalid_grant"},
		{"no secret identifier", c.id, c.secret, "grant_type=otp&phone=" + url.QueryEscape(ada), 400, "invalid_request"},
		{"no refresh token", c.id, c.secret, "grant_type=refresh_token", 400, "invalid_request"},
		{"no grant type", c.id, c.secret, "phone=1", 400, "invalid_request"},
		{"a parameter twice", c.id, c.secret, "grant_type=refresh_token&refresh_token=" + live.Refresh + "&refresh_token=" + live.Refresh, 400, "invalid_request"},
		{"the library's password grant", c.id, c.secret, "grant_type=password&username=" + url.QueryEscape(ada) + "&password=" + r.bought(), 400, "unsupported_grant_type"},
		{"the client's own credentials as a grant", c.id, c.secret, "grant_type=client_credentials", 400, "unsupported_grant_type"},
		{"an authorization code", c.id, c.secret, "grant_type=authorization_code&code=x&redirect_uri=x", 400, "unsupported_grant_type"},
		{"more than 8 KiB", c.id, c.secret, "grant_type=refresh_token&refresh_token=" + live.Refresh + "&x=" + strings.Repeat("1", 9000), 400, "invalid_request"},
		{"half an escape", c.id, c.secret, "grant_type=%", 400, "invalid_request"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			req := httptest.NewRequest(http.MethodPost, "/?grant_type=refresh_token&refresh_token="+live.Refresh, strings.NewReader(tt.body))
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			if tt.id != "" {
				req.SetBasicAuth(tt.id, tt.secret)
			}
			w := httptest.NewRecorder()
			c.h.ServeHTTP(w, req)
			var got struct{ Error, Error_description string }
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != tt.status || got.Error != tt.word || got.Error_description == "" {
				t.Errorf("%d %q, want %d %q (%v)", w.Code, got.Error, tt.status, tt.word, err)
			}
			if w.Header().Get("Cache-Control") != "no-store" || (w.Code == 401) != (w.Header().Get("WWW-Authenticate") != "") {
				t.Errorf("headers: %v", w.Header())
			}
		})
	}
	w := httptest.NewRecorder()
	c.h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "POST" {
		t.Errorf("GET: %d", w.Code)
	}
	if next := c.refresh(live.Refresh); next.Error != "" {
		t.Errorf("a refresh token is spent by requests that were refused: %s", next.Error)
	}
}

func TestASecretIdentifierBuysOneSession(t *testing.T) {
	r := newRig(t)
	c := r.client("one")
	secret := r.bought()
	if got := c.ask("grant_type", "otp", "phone", "0015557654321", "secret_identifier", secret); got.Error != "" {
		t.Fatal(got.Error)
	}
	if got := c.ask("grant_type", "otp", "phone", ada, "secret_identifier", secret); got.Error != "invalid_grant" {
		t.Errorf("again: %q", got.Error)
	}
	if _, _, err := r.Enter(ada, secret, "", ""); err != ErrSecret {
		t.Errorf("again, in a browser: %v", err)
	}
}

func TestTwoUsesOfOneRefreshTokenAtATimeEndTheFamily(t *testing.T) {
	r := newRig(t)
	c := r.client("one")
	first := c.signIn()
	answers := make([]tokens, 8)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() { answers[i] = c.refresh(first.Refresh) })
	}
	all.Wait()
	won := 0
	for _, a := range answers {
		if a.Error == "" {
			won++
			if got := c.refresh(a.Refresh); got.Error != "invalid_grant" {
				t.Errorf("the winner's token outlives the family: %q", got.Error)
			}
			if _, err := r.Bearer(a.Access); err != ErrToken {
				t.Error("the winner's access token outlives the family")
			}
		}
	}
	if won != 1 {
		t.Errorf("%d of %d won", won, len(answers))
	}
}

func TestAReusedTokenIsKnownAfterARestart(t *testing.T) {
	r := newRig(t)
	c := r.client("one")
	first := c.signIn()
	second := c.refresh(first.Refresh)
	r.cut()
	c.h = r.TokenEndpoint()
	if _, err := r.Bearer(second.Access); err != ErrToken {
		t.Error("an access token survives a restart")
	}
	third := c.refresh(second.Refresh)
	if third.Error != "" {
		t.Fatalf("a refresh token does not survive a restart: %s", third.Error)
	}
	if got := c.refresh(first.Refresh); got.Error != "invalid_grant" {
		t.Errorf("a used token: %q", got.Error)
	}
	r.cut()
	c.h = r.TokenEndpoint()
	if got := c.refresh(third.Refresh); got.Error != "invalid_grant" || len(r.Sessions()) != 0 {
		t.Errorf("the family lives after a restart: %q", got.Error)
	}
}

func TestARefreshTokenLivesFor30Days(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		c := r.client("one")
		first := c.signIn()
		r.stop() // its many looks at the clients take the test long
		<-time.After(30*24*time.Hour - time.Second)
		second := c.refresh(first.Refresh)
		if second.Error != "" {
			t.Fatalf("a second before its end: %s", second.Error)
		}
		<-time.After(29 * 24 * time.Hour)
		third := c.refresh(second.Refresh)
		if third.Error != "" {
			t.Fatalf("a day before the end of the next: %s", third.Error)
		}
		<-time.After(30 * 24 * time.Hour)
		if got := c.refresh(third.Refresh); got.Error != "invalid_grant" {
			t.Errorf("at its end: %q", got.Error)
		}
	})
}

func TestRevocation(t *testing.T) {
	for _, tt := range []struct {
		name  string
		token func(r *rig, first, second tokens) string
		by    int // 0: its client, 1: another
		lives bool
	}{
		{"an access token takes its session along", func(_ *rig, _, s tokens) string { return s.Access }, 0, false},
		{"a refresh token takes its session along", func(_ *rig, _, s tokens) string { return s.Refresh }, 0, false},
		{"so does one that was used", func(_ *rig, f, _ tokens) string { return f.Refresh }, 0, false},
		{"an access token that is over changes nothing", func(_ *rig, f, _ tokens) string { return f.Access }, 0, true},
		{"an unknown token changes nothing", func(*rig, tokens, tokens) string { return "x" }, 0, true},
		{"another client's access token changes nothing", func(_ *rig, _, s tokens) string { return s.Access }, 1, true},
		{"another client's refresh token changes nothing", func(_ *rig, _, s tokens) string { return s.Refresh }, 1, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			clients := []client{r.client("one"), r.client("two")}
			first := clients[0].signIn()
			second := clients[0].refresh(first.Refresh)
			by := clients[tt.by]
			w := post(r.RevokeEndpoint(), by.id, by.secret, url.Values{"token": {tt.token(r, first, second)}, "token_type_hint": {"refresh_token"}})
			if w.Code != http.StatusOK || w.Body.Len() > 0 {
				t.Errorf("status %d", w.Code)
			}
			if _, err := r.Bearer(second.Access); (err == nil) != tt.lives {
				t.Errorf("the access token: %v", err)
			}
			if got := clients[0].refresh(second.Refresh); (got.Error == "") != tt.lives {
				t.Errorf("the refresh token: %q", got.Error)
			}
		})
	}
	r := newRig(t)
	c := r.client("one")
	if w := post(r.RevokeEndpoint(), c.id, "x", url.Values{"token": {"x"}}); w.Code != http.StatusUnauthorized {
		t.Errorf("a wrong secret: %d", w.Code)
	}
	if w := post(r.RevokeEndpoint(), c.id, c.secret, url.Values{}); w.Code != http.StatusBadRequest {
		t.Errorf("no token: %d", w.Code)
	}
}
