package signin

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/go-oauth2/oauth2/v4"
	oauth "github.com/go-oauth2/oauth2/v4/errors"
	"github.com/go-oauth2/oauth2/v4/models"
)

// A refresh token is two secrets of 32 bytes each: one that stays with its family, which is a session, and one that is another at
// each use. Who shows the first with another second shows a token that was used before, however long ago: nothing but two
// hashes need be kept to tell. (After B. Jaspan's series and token of "Improved Persistent Login Cookie Best Practice".)
const half = 43 // 32 bytes as base64url

func split(refresh string) (family, current hash, ok bool) {
	if len(refresh) != 2*half {
		return family, current, false
	}
	return hashOf(refresh[:half]), hashOf(refresh[half:]), true
}

// issuer makes and keeps tokens for the library.
type issuer struct{ *Desk }

// GenerateAccessToken begins a client's session.
func (d issuer) GenerateAccessToken(ctx context.Context, _ oauth2.GrantType, asked *oauth2.TokenGenerateRequest) (oauth2.TokenInfo, error) {
	t, err := d.begin(callerOf(ctx), asked.UserID)
	if err == nil {
		d.save() // where it cannot be written, the session ends with the daemon
	}
	return t, err
}

func (d issuer) begin(who *caller, owner string) (oauth2.TokenInfo, error) {
	d.mu.Lock()
	defer d.unlock()
	a := d.account(owner)
	if a == nil || a.Phone != who.phone || d.client(who.client.ID) == nil { // gone since the secret was spent
		return nil, oauth.ErrInvalidGrant
	}
	s := d.admit(a, ByClient, who.from, who.agent)
	s.Client, s.ClientID = who.client.Name, who.client.ID
	d.opt.Log.Info("an owner has signed in", "owner", s.Owner, "client", s.Client, "session", s.ID, "from", s.From)
	return d.turn(s, random(32)), nil
}

// RefreshAccessToken goes on with a session, unless its refresh token was used before: then the session ends. One lock is held
// from the look to the change, so of two uses at a time one is the second. A turn that cannot be written is taken back: the
// tokens stay as they were, for after a restart the old one would be good again, and nobody could tell a thief from the client.
func (d issuer) RefreshAccessToken(ctx context.Context, asked *oauth2.TokenGenerateRequest) (oauth2.TokenInfo, error) {
	family, current, ok := split(asked.Refresh)
	if !ok {
		return nil, oauth.ErrInvalidGrant
	}
	client := callerOf(ctx).client.ID
	d.mu.Lock()
	s := d.find(func(s *session) bool { return s.Kind == ByClient && s.ClientID == client && s.Family.equal(family) })
	if s == nil {
		d.unlock()
		return nil, oauth.ErrInvalidGrant
	}
	if !s.Current.equal(current) {
		d.opt.Log.Warn("a refresh token was used twice: somebody may have copied it", "client", s.Client, "owner", s.Owner, "session", s.ID)
		d.end(s, "a refresh token was used twice")
		d.unlock()
		return nil, cmp.Or(d.keepEnd(), oauth.ErrInvalidGrant)
	}
	was := *s
	t := d.turn(s, asked.Refresh[:half])
	d.unlock()
	if d.save() != nil {
		d.mu.Lock()
		defer d.mu.Unlock()
		*s, d.stale[sessionsFile] = was, true
		return nil, oauth.ErrTemporarilyUnavailable
	}
	return t, nil
}

// turn gives a session its next tokens; those before are over.
func (d issuer) turn(s *session, family string) oauth2.TokenInfo {
	t := models.NewToken()
	t.Access, t.Refresh, t.AccessExpiresIn = random(32), family+random(32), accessLife
	now := d.now()
	s.Family, s.Current, _ = split(t.Refresh)
	s.access, s.accessUntil = hashOf(t.Access), now+accessLife
	s.turned, s.used, s.usedKept, s.Used = now, now, now, time.Now().Round(0)
	d.stale[sessionsFile] = true
	return t
}

// revokeToken ends the session of a client's access or refresh token. ErrNotKept: it is over for now.
func (d *Desk) revokeToken(client, token string) error {
	access := hashOf(token)
	family, _, _ := split(token)
	found, err := d.revoke(func(s *session) bool {
		return s.Kind == ByClient && s.ClientID == client && (s.Family.equal(family) || s.access.equal(access))
	}, "its client gave its token back")
	if d.mu.Lock(); !found && d.broken != nil {
		err = ErrNotKept // it may be one that is over by now, and is asked for again
	}
	d.mu.Unlock()
	return err
}

var errNotHere = errors.New("not asked for here")

// The library's server asks for none of these where the grants are those of TokenEndpoint.
func (issuer) GetClient(context.Context, string) (oauth2.ClientInfo, error) { return nil, errNotHere }
func (issuer) GenerateAuthToken(context.Context, oauth2.ResponseType, *oauth2.TokenGenerateRequest) (oauth2.TokenInfo, error) {
	return nil, errNotHere
}
func (issuer) RemoveAccessToken(context.Context, string) error  { return errNotHere }
func (issuer) RemoveRefreshToken(context.Context, string) error { return errNotHere }
func (issuer) LoadAccessToken(context.Context, string) (oauth2.TokenInfo, error) {
	return nil, errNotHere
}
func (issuer) LoadRefreshToken(context.Context, string) (oauth2.TokenInfo, error) {
	return nil, errNotHere
}
