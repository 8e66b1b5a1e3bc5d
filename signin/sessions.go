package signin

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"slices"
	"strings"
	"time"
	"unicode"
)

// BrowserLife is the longest that a browser stays signed in.
const BrowserLife = 30 * 24 * time.Hour

const (
	maxSessions = 64
	maxIdle     = 24 * time.Hour      // of a browser's session
	refreshLife = 30 * 24 * time.Hour // from its making, at each use
	accessLife  = 15 * time.Minute
)

// The kinds of sessions.
const (
	Browser  = "browser"
	ByClient = "client"
)

// Session is someone signed in. Nothing in it is secret.
type Session struct {
	ID, Owner              string
	Kind                   string // "browser" or "client"
	Client                 string // its name
	From, Agent            string // where it was begun
	Created, Used, Expires time.Time
}

// record is a session at rest. Ages are as of the file's writing.
type record struct {
	Session
	ClientID string        `json:",omitzero"`
	Phone    hash          // with the session's ID
	Token    hash          `json:",omitzero"` // a browser's cookie
	Family   hash          `json:",omitzero"` // the half of its refresh tokens that stays
	Current  hash          `json:",omitzero"` // the half that is another each time
	Age      time.Duration // since the sign-in
	Idle     time.Duration // since the last use
	Turned   time.Duration // since the refresh token was made
}

type session struct {
	record
	access             hash // in memory only
	accessUntil        time.Duration
	born, used, turned time.Duration
	usedKept           time.Duration // the use that was last written, or is about to be
}

// left says how long a session still has. It ends by time served, within this run and before, and by the wall clock for the
// time in between if that went forward.
func (s *session) left(now time.Duration) time.Duration {
	if s.Kind == ByClient {
		return s.turned + refreshLife - now
	}
	return min(s.used+maxIdle, s.born+BrowserLife) - now
}

// admit makes a session. When there are too many, the one that was unused for longest makes way.
func (d *Desk) admit(owner *account, kind, from, agent string) *session {
	if len(d.sessions) >= maxSessions {
		d.end(slices.MinFunc(d.sessions, func(a, b *session) int { return cmp.Compare(a.used, b.used) }), "it made way for another")
	}
	id := make([]byte, 8)
	rand.Read(id) // never fails (Go 1.24)
	now, wall := d.now(), time.Now().Round(0)
	s := &session{born: now, used: now, turned: now, usedKept: now}
	s.Session = Session{ID: hex.EncodeToString(id), Owner: owner.Name, Kind: kind, From: plain(from), Agent: plain(agent), Created: wall, Used: wall}
	s.Phone = phoneHash(s.ID, owner.Phone)
	d.sessions = append(d.sessions, s)
	d.stale[sessionsFile] = true
	d.nudge() // it has an end to wait for
	return s
}

// plain makes a text of a stranger fit to be shown and kept.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, s)
	if r := []rune(s); len(r) > 200 {
		return string(r[:200])
	}
	return s
}

// end ends a session.
func (d *Desk) end(s *session, why string) {
	i := slices.Index(d.sessions, s)
	if i < 0 {
		return
	}
	d.sessions = slices.Delete(d.sessions, i, i+1)
	d.over = append(d.over, s.ID)
	d.stale[sessionsFile] = true
	d.nudge() // to write
	d.opt.Log.Info("a session is over", "session", s.ID, "owner", s.Owner, "why", why)
}

// sweep ends what has run out.
func (d *Desk) sweep() {
	now := d.now()
	for _, s := range d.all() {
		if s.left(now) <= 0 {
			d.end(s, "it has expired")
		}
	}
}

// all is a copy: sessions may end while it is gone through.
func (d *Desk) all() []*session { return slices.Clone(d.sessions) }

// find returns the session that is alive and is so.
func (d *Desk) find(so func(*session) bool) *session {
	d.lookAtClients()
	d.sweep()
	i := slices.IndexFunc(d.sessions, so)
	if i < 0 {
		return nil
	}
	return d.sessions[i]
}

// use notes that a session is used.
func (d *Desk) use(s *session) Session {
	now := d.now()
	s.used, s.Used = now, time.Now().Round(0)
	if now-s.usedKept >= keepEvery {
		s.usedKept = now
		d.stale[sessionsFile] = true
		d.nudge()
	}
	return d.shown(s)
}

func (d *Desk) shown(s *session) Session {
	shown := s.Session
	shown.Expires = time.Now().Round(0).Add(s.left(d.now()))
	return shown
}

// Enter spends a secret identifier on a browser's session; token is its cookie's value. It ends 24 hours after its last use,
// and 30 days after this. From and agent are shown to the owner. ErrSecret: nothing was bought.
func (d *Desk) Enter(phone, secret, from, agent string) (token string, s Session, err error) {
	if token, s, err = d.admitBrowser(phone, secret, from, agent); err == nil {
		d.save() // where it cannot be written, the session ends with the daemon
	}
	return token, s, err
}

func (d *Desk) admitBrowser(phone, secret, from, agent string) (token string, s Session, err error) {
	d.mu.Lock()
	defer d.unlock()
	spent, err := d.spend(phone, secret)
	if err != nil {
		return "", Session{}, err
	}
	entered := d.admit(d.account(spent.owner), Browser, from, agent)
	token = random(32)
	entered.Token = hashOf(token)
	d.opt.Log.Info("an owner has signed in", "owner", entered.Owner, "session", entered.ID, "from", entered.From)
	return token, d.shown(entered), nil
}

// Browser returns the session of a cookie's value, and notes its use. ErrToken: there is none.
func (d *Desk) Browser(token string) (Session, error) {
	h := hashOf(token)
	return d.enter(func(s *session) bool { return s.Kind == Browser && s.Token.equal(h) })
}

// Bearer returns the session of an access token, and notes its use. ErrToken: there is none, or the token is too old.
func (d *Desk) Bearer(token string) (Session, error) {
	h, now := hashOf(token), d.now()
	var left time.Duration
	s, err := d.enter(func(s *session) bool {
		left = s.accessUntil - now
		return s.Kind == ByClient && s.access.equal(h) && left > 0
	})
	if err == nil {
		s.Expires = time.Now().Add(left)
	}
	return s, err
}

func (d *Desk) enter(so func(*session) bool) (Session, error) {
	d.mu.Lock()
	defer d.unlock()
	s := d.find(so)
	if s == nil {
		return Session{}, ErrToken
	}
	return d.use(s), nil
}

// Alive says whether a session is not over. It is no use of it.
func (d *Desk) Alive(id string) bool {
	d.mu.Lock()
	defer d.unlock()
	return d.find(func(s *session) bool { return s.ID == id }) != nil
}

// Sessions returns all that are alive, oldest first.
func (d *Desk) Sessions() []Session {
	d.mu.Lock()
	defer d.unlock()
	d.lookAtClients()
	d.sweep()
	var all []Session
	for _, s := range d.sessions {
		all = append(all, d.shown(s))
	}
	return all
}

// Revoke ends a session at once, with its tokens, and says whether there was one. ErrNotKept: it is over for now.
func (d *Desk) Revoke(id string) (found bool, err error) {
	return d.revoke(func(s *session) bool { return s.ID == id }, "it was revoked")
}

func (d *Desk) revoke(so func(*session) bool, why string) (found bool, err error) {
	d.mu.Lock()
	s := d.find(so)
	if s != nil {
		d.end(s, why)
	}
	d.unlock()
	if s == nil {
		return false, nil
	}
	return true, d.keepEnd()
}

// keepEnd has the end of something written. ErrNotKept: it is not.
func (d *Desk) keepEnd() error {
	if d.save() != nil {
		return ErrNotKept
	}
	return nil
}
