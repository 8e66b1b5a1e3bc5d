package signin

import (
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

// promptly fails the test when f waits for something.
func promptly(t *testing.T, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { f(); close(done) }()
	select {
	case <-done:
	case <-time.After(30 * time.Second):
		t.Fatalf("%s waits for the disk", what)
	}
}

// TestNobodyWithoutASecretWaitsForTheDisk: FAULTS "unknown phone: same answer, same time". While the disk is held, as it is
// after each code that goes to an owner, whoever waits for it could tell owners from strangers.
func TestNobodyWithoutASecretWaitsForTheDisk(t *testing.T) {
	r := newRig(t)
	c := r.client("one")
	live := c.signIn()
	cookie, _ := r.enter()
	r.disk.Lock()
	defer r.disk.Unlock()
	for _, phone := range []string{ada, stranger, ada} {
		promptly(t, "asking for a code", func() { r.Ask(phone) })
		promptly(t, "a wrong code", func() { r.Verify(phone, "123456") })
		promptly(t, "an entry that is no code", func() { r.Verify(phone, "x") })
		promptly(t, "signing in with a bad secret", func() { r.Enter(phone, "x", "", "") })
		promptly(t, "a bad secret for tokens", func() { c.ask("grant_type", "otp", "phone", phone, "secret_identifier", "x") })
	}
	promptly(t, "completing a user with a bad secret", func() { r.Complete("x", User{}, true) })
	promptly(t, "a refused user", func() { r.Complete(r.bought(), User{Email: "x"}, true) })
	promptly(t, "a bad refresh token", func() { c.refresh(live.Access) })
	promptly(t, "a made-up refresh token", func() { c.refresh(random(32) + random(32)) })
	promptly(t, "a grant that there is not", func() { c.ask("grant_type", "password") })
	promptly(t, "a bad client", func() { post(c.h, c.id, "x", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"x"}}) })
	revoke := r.RevokeEndpoint()
	promptly(t, "a bad revocation", func() { post(revoke, c.id, c.secret, url.Values{"token": {"x"}}) })
	promptly(t, "a bad client's revocation", func() { post(revoke, c.id, "x", url.Values{"token": {live.Access}}) })
	promptly(t, "a bad access token", func() { r.Bearer("x") })
	promptly(t, "a bad cookie", func() { r.Browser("x") })
	promptly(t, "an end of no session", func() { r.Revoke("x") })
	promptly(t, "an end of no client", func() { r.RevokeClient("x") })
	promptly(t, "a pardon", func() { r.Pardon() })
	promptly(t, "a good cookie", func() {
		if _, err := r.Browser(cookie); err != nil {
			t.Error(err)
		}
	})
}

// spoil has a file of the folder not be written, until mend.
func (r *rig) spoil(file string) (mend func()) {
	r.t.Helper()
	block := r.path(file) + ".new"
	r.disk.Lock()
	defer r.disk.Unlock()
	if err := os.MkdirAll(filepath.Join(block, "x"), 0o700); err != nil {
		r.t.Fatal(err)
	}
	return func() {
		r.disk.Lock()
		defer r.disk.Unlock()
		if err := os.RemoveAll(block); err != nil {
			r.t.Fatal(err)
		}
	}
}

func refused(t *testing.T, w *httptest.ResponseRecorder) (word string) {
	t.Helper()
	var body struct{ Error, Error_description string }
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || w.Code != 503 || body.Error_description == "" || w.Header().Get("Retry-After") == "" {
		t.Errorf("%d %v, %v", w.Code, w.Header(), err)
	}
	return body.Error
}

func TestAnEndThatTheDiskCannotTakeIsToldAndTriedAgain(t *testing.T) {
	for _, tt := range []struct {
		name string
		file string
		end  func(r *rig, c client, first, second tokens) bool // whether it is told
	}{
		{"a session", sessionsFile, func(r *rig, _ client, _, _ tokens) bool {
			found, err := r.Revoke(r.Sessions()[0].ID)
			return found && err == ErrNotKept
		}},
		{"a client", clientsFile, func(r *rig, c client, _, _ tokens) bool {
			found, err := r.RevokeClient(c.id)
			return found && err == ErrNotKept && len(r.Clients()) == 0
		}},
		{"a token that is given back", sessionsFile, func(r *rig, c client, _, second tokens) bool {
			form := url.Values{"token": {second.Access}}
			once, again := post(r.RevokeEndpoint(), c.id, c.secret, form), post(r.RevokeEndpoint(), c.id, c.secret, form)
			return refused(r.t, once) == "not_kept" && refused(r.t, again) == "not_kept"
		}},
		{"a family whose used token came again", sessionsFile, func(r *rig, c client, first, _ tokens) bool {
			w := post(c.h, c.id, c.secret, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {first.Refresh}})
			return refused(r.t, w) == "not_kept"
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				c := r.client("one")
				first := c.signIn()
				second := c.refresh(first.Refresh)
				mend := r.spoil(tt.file)
				if !tt.end(r, c, first, second) {
					t.Error("it is answered as done")
				}
				if _, err := r.Bearer(second.Access); err != ErrToken || len(r.Sessions()) != 0 {
					t.Error("it is not over at once")
				}
				if !r.standing(Unwritable) {
					t.Error("no fault tells of it")
				}
				mend()
				<-time.After(lookEvery)
				if r.standing(Unwritable) {
					t.Error("the fault stands for ever")
				}
				r.cut()
				if n := len(r.Sessions()); n != 0 {
					t.Error("it came back, though the disk could be written again")
				}
				if n := len(r.Clients()); (n == 0) != (tt.file == clientsFile) {
					t.Errorf("%d clients", n)
				}
			})
		})
	}
}

func TestARefreshTokenIsNotTurnedWhereThatCannotBeWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		c := r.client("one")
		first := c.signIn()
		mend := r.spoil(sessionsFile)
		for range 3 {
			w := post(c.h, c.id, c.secret, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {first.Refresh}})
			if word := refused(t, w); word != "temporarily_unavailable" {
				t.Errorf("%q", word)
			}
		}
		if _, err := r.Bearer(first.Access); err != nil {
			t.Errorf("the access token: %v", err)
		}
		mend()
		<-time.After(lookEvery)
		r.cut()
		c.h = r.TokenEndpoint()
		second := c.refresh(first.Refresh)
		if second.Error != "" {
			t.Fatalf("the old token, after all: %s", second.Error)
		}
		if got := c.refresh(first.Refresh); got.Error != "invalid_grant" || len(r.Sessions()) != 0 {
			t.Errorf("a used token: %q", got.Error)
		}
	})
}
