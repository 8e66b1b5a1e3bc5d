package signin

import (
	"net/url"
	"testing"

	"pgregory.net/rapid"
)

// family is what must hold of a session's refresh tokens: all that were given, oldest first; the last is live while alive.
type family struct {
	client  int
	session string
	refresh []string
	access  []string
	alive   bool
}

// TestFamilies works any number of families in any order: a used token ends its family, and none other; only the newest
// tokens of a family that lives are good; restarts change nothing but that access tokens are gone.
func TestFamilies(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := newRig(t)
		defer func() { r.stop() }()
		clients := []client{r.client("one"), r.client("two")}
		var families []*family
		pick := func(rt *rapid.T) *family {
			if len(families) == 0 {
				rt.Skip("none yet")
			}
			return rapid.SampledFrom(families).Draw(rt, "family")
		}
		take := func(rt *rapid.T, f *family, got tokens, good bool) {
			if (got.Error == "") != good || !good && got.Error != "invalid_grant" {
				rt.Fatalf("answer %q where good is %v", got.Error, good)
			}
			if good {
				f.refresh, f.access = append(f.refresh, got.Refresh), append(f.access, got.Access)
			}
		}
		rt.Repeat(map[string]func(*rapid.T){
			"sign in": func(rt *rapid.T) {
				if len(families) == maxSessions {
					rt.Skip("enough")
				}
				f := &family{client: rapid.IntRange(0, 1).Draw(rt, "client"), alive: true}
				take(rt, f, clients[f.client].signIn(), true)
				all := r.Sessions()
				f.session = all[len(all)-1].ID
				families = append(families, f)
			},
			"refresh": func(rt *rapid.T) {
				f := pick(rt)
				take(rt, f, clients[f.client].refresh(f.refresh[len(f.refresh)-1]), f.alive)
			},
			"reuse": func(rt *rapid.T) {
				f := pick(rt)
				if len(f.refresh) < 2 {
					rt.Skip("none is used")
				}
				take(rt, f, clients[f.client].refresh(rapid.SampledFrom(f.refresh[:len(f.refresh)-1]).Draw(rt, "token")), false)
				f.alive = false
			},
			"steal": func(rt *rapid.T) { // another client's; the family lives on
				f := pick(rt)
				take(rt, f, clients[1-f.client].refresh(rapid.SampledFrom(f.refresh).Draw(rt, "token")), false)
			},
			"mix": func(rt *rapid.T) { // halves of two families are nobody's token, but for the second half of one's own
				a, b := pick(rt), pick(rt)
				if a == b {
					rt.Skip("one family")
				}
				take(rt, a, clients[a.client].refresh(a.refresh[0][:half]+b.refresh[0][half:]), false)
				a.alive = false
			},
			"revoke": func(rt *rapid.T) {
				f := pick(rt)
				if r.revoke(f.session) != f.alive {
					rt.Fatalf("revoked: %v", !f.alive)
				}
				f.alive = false
			},
			"give back": func(rt *rapid.T) {
				f := pick(rt)
				c := clients[f.client]
				post(r.RevokeEndpoint(), c.id, c.secret, url.Values{"token": {rapid.SampledFrom(f.refresh).Draw(rt, "token")}})
				f.alive = false
			},
			"power cut": func(rt *rapid.T) {
				r.cut()
				for i := range clients {
					clients[i].h = r.TokenEndpoint()
				}
				for _, f := range families {
					f.access = append(f.access, "")
				}
			},
			"": func(rt *rapid.T) {
				for _, f := range families {
					if r.Alive(f.session) != f.alive {
						rt.Fatalf("alive: %v", !f.alive)
					}
					for i, access := range f.access {
						newest := f.alive && i == len(f.access)-1 && access != ""
						if s, err := r.Bearer(access); (err == nil) != newest || newest && s.ID != f.session {
							rt.Fatalf("access token %d of %d: %v", i, len(f.access), err)
						}
					}
				}
			},
		})
	})
}
