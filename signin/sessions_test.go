package signin

import (
	"encoding/hex"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func (r *rig) enter() (token string, s Session) {
	r.t.Helper()
	token, s, err := r.Enter(ada, r.bought(), "192.0.2.1", "a browser\n"+strings.Repeat("x", 300))
	if err != nil {
		r.t.Fatal(err)
	}
	return token, s
}

func TestBrowserSessions(t *testing.T) {
	const day = 24 * time.Hour
	for _, tt := range []struct {
		name  string
		lives bool
		then  func(r *rig, token string, s Session)
	}{
		{"a session lives", true, func(*rig, string, Session) {}},
		{"a day less a second after its last use", true, func(*rig, string, Session) { <-time.After(day - time.Second) }},
		{"but not a second longer", false, func(*rig, string, Session) { <-time.After(day) }},
		{"nor for 30 days, however much it is used", false, func(r *rig, token string, _ Session) {
			for range 60 {
				<-time.After(day / 2)
				r.Browser(token)
			}
		}},
		{"though for nearly as long", true, func(r *rig, token string, _ Session) {
			for range 59 {
				<-time.After(day / 2)
				r.Browser(token)
			}
		}},
		{"to look whether it is alive is no use of it", false, func(r *rig, _ string, s Session) {
			for range 4 {
				<-time.After(day / 4)
				r.Alive(s.ID)
			}
		}},
		{"it survives a restart", true, func(r *rig, _ string, _ Session) { <-time.After(day / 2); r.restart() }},
		{"which does not prolong it", false, func(r *rig, _ string, _ Session) { <-time.After(day / 2); r.restart(); <-time.After(day / 2) }},
		{"nor does the time without power", false, func(r *rig, _ string, _ Session) { r.stop(); <-time.After(day); r.open() }},
		{"of which nothing is counted twice", true, func(r *rig, _ string, _ Session) {
			r.stop()
			<-time.After(day / 2)
			r.open()
			<-time.After(day/2 - time.Second)
		}},
		{"its use is kept", true, func(r *rig, token string, _ Session) {
			<-time.After(day - time.Second)
			r.Browser(token)
			r.restart()
			<-time.After(day / 2)
		}},
		{"it ends when it is revoked", false, func(r *rig, _ string, s Session) { r.Revoke(s.ID) }},
		{"and not only until a restart", false, func(r *rig, _ string, s Session) { r.Revoke(s.ID); r.restart() }},
		{"it ends when its owner has another number", false, func(r *rig, _ string, _ Session) { r.Change([]Owner{{"Ada", stranger}, owners[1]}, rules) }},
		{"and when its owner is gone", false, func(r *rig, _ string, _ Session) { r.Change(owners[1:], rules) }},
		{"even while the power was off", false, func(r *rig, _ string, _ Session) { r.owners = []Owner{{"Ada", stranger}}; r.restart() }},
		{"it does not when another owner goes", true, func(r *rig, _ string, _ Session) { r.Change(owners[:1], rules) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				token, s := r.enter()
				tt.then(r, token, s)
				if alive := r.Alive(s.ID); alive != tt.lives {
					t.Errorf("alive: %v", alive)
				}
				if got, err := r.Browser(token); (err == nil) != tt.lives || tt.lives && (got.ID != s.ID || got.Owner != "Ada") {
					t.Errorf("%+v, %v", got, err)
				}
				if n := len(r.Sessions()); (n == 1) != tt.lives {
					t.Errorf("%d sessions", n)
				}
			})
		})
	}
}

func TestWhatASessionShows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		begun := time.Now()
		token, _ := r.enter()
		<-time.After(time.Hour)
		s, err := r.Browser(token)
		if err != nil || s.Kind != Browser || s.From != "192.0.2.1" || !s.Created.Equal(begun) || !s.Used.Equal(begun.Add(time.Hour)) ||
			!s.Expires.Equal(begun.Add(25*time.Hour)) {
			t.Errorf("%+v, %v", s, err)
		}
		if len(s.Agent) != 200 || strings.Contains(s.Agent, "\n") {
			t.Errorf("the agent is not fit to be shown: %q", s.Agent)
		}
		if _, err := r.Bearer(token); err != ErrToken {
			t.Error("a cookie's value is good as an access token")
		}
		c := r.client("one")
		if _, err := r.Browser(c.signIn().Access); err != ErrToken {
			t.Error("an access token is good as a cookie's value")
		}
		if _, err := r.Browser(""); err != ErrToken {
			t.Errorf("no cookie: %v", err)
		}
		if _, err := r.Bearer(""); err != ErrToken {
			t.Errorf("no token: %v", err)
		}
	})
}

// TestForgedTokens: FAULTS "forged, expired, other door's token".
func TestForgedTokens(t *testing.T) {
	r, other := newRig(t), newRig(t)
	c, theirs := r.client("one"), other.client("one")
	live, foreign := c.signIn(), theirs.signIn()
	cookie, s := r.enter()
	foreignCookie, _ := other.enter()
	kept := hashOf(cookie)
	for _, tt := range []struct{ name, token string }{
		{"nothing", ""},
		{"a made-up one", random(32)},
		{"one with another end", cookie[:len(cookie)-1] + "!"},
		{"half of one", live.Access[:20]},
		{"one and more", live.Access + live.Access},
		{"another door's access token", foreign.Access},
		{"another door's cookie", foreignCookie},
		{"a refresh token", live.Refresh},
		{"a client's secret", c.secret},
		{"a session's id", s.ID},
		{"what is kept of a token", hex.EncodeToString(kept[:])},
		{"the same in bytes", string(kept[:])},
		{"the zero hash", strings.Repeat("\x00", 32)},
	} {
		if _, err := r.Bearer(tt.token); err != ErrToken {
			t.Errorf("%s, as an access token: %v", tt.name, err)
		}
		if _, err := r.Browser(tt.token); err != ErrToken {
			t.Errorf("%s, as a cookie: %v", tt.name, err)
		}
	}
}

func TestEndedIsToldOnceForEachSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		_, revoked := r.enter()
		_, expired := r.enter()
		c := r.client("one")
		c.signIn()
		client := r.Sessions()[2].ID
		r.Revoke(revoked.ID)
		r.Revoke(revoked.ID)
		if err := RemoveClient(r.dir, "one"); err != nil {
			t.Fatal(err)
		}
		<-time.After(lookEvery)
		synctest.Wait()
		<-time.After(24*time.Hour - lookEvery)
		synctest.Wait()
		r.mu.Lock()
		defer r.mu.Unlock()
		if want := []string{revoked.ID, client, expired.ID}; !slices.Equal(r.ended, want) {
			t.Errorf("ended: %v, want %v", r.ended, want)
		}
	})
}

func TestOf65SessionsTheOneUnusedForLongestMakesWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		first, _ := r.enter()
		second, _ := r.enter()
		for range maxSessions - 2 {
			<-time.After(time.Second)
			r.enter()
		}
		if _, err := r.Browser(first); err != nil {
			t.Fatal(err)
		}
		r.enter()
		if _, err := r.Browser(first); err != nil {
			t.Error("the one in use made way")
		}
		if _, err := r.Browser(second); err != ErrToken || len(r.Sessions()) != maxSessions {
			t.Errorf("%v, %d sessions", err, len(r.Sessions()))
		}
	})
}

func TestSecretIdentifiers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		secret := r.secret()
		for _, try := range [][2]string{{grace, secret}, {"Ada", secret}, {ada, "x"}, {ada, ""}} {
			if _, _, err := r.Enter(try[0], try[1], "", ""); err != ErrSecret {
				t.Errorf("%v", err)
			}
		}
		<-time.After(secretLife - time.Second)
		if _, _, err := r.Enter(ada, secret, "", ""); err != nil {
			t.Errorf("after five minutes less a second: %v", err)
		}
		if _, _, err := r.Enter(ada, secret, "", ""); err != ErrSecret {
			t.Errorf("a second time: %v", err)
		}
		secret = r.secret()
		<-time.After(secretLife)
		if _, _, err := r.Enter(ada, secret, "", ""); err != ErrSecret {
			t.Errorf("after five minutes: %v", err)
		}
		secret = r.secret()
		r.Change([]Owner{{"Ada", stranger}}, rules)
		if _, _, err := r.Enter(ada, secret, "", ""); err != ErrSecret {
			t.Errorf("with a number that is no owner's any more: %v", err)
		}
		r.Change(owners, rules)
		oldest := r.bought()
		for range maxSecrets {
			secret = r.bought()
		}
		if _, _, err := r.Enter(ada, oldest, "", ""); err != ErrSecret || len(r.secrets) != maxSecrets {
			t.Errorf("there is no end of them: %v, %d", err, len(r.secrets))
		}
		if _, _, err := r.Enter(ada, secret, "", ""); err != nil {
			t.Error(err)
		}
	})
}
