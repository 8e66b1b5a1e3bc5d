package signin

import (
	"errors"
	"maps"
	"time"

	"latchd/lock"
)

// sessionsText is sessions.json. At is the wall clock at the writing: it can only shorten sessions.
type sessionsText struct {
	Version  int
	At       time.Time
	Owners   map[string]kept
	Sessions []record
}

type usersText struct {
	Version int
	Users   map[hash]User
}

// load reads what an earlier run has left. A file that cannot be read is set aside.
func (d *Desk) load() (was sessionsText) {
	if err := readFile(d.path(sessionsFile), &was); err != nil {
		d.lost(sessionsFile, err)
		was = sessionsText{}
	}
	var users usersText
	if err := readFile(d.path(usersFile), &users); err != nil {
		d.lost(usersFile, err)
		users = usersText{}
	}
	d.users = users.Users
	if d.users == nil {
		d.users = map[hash]User{}
	}
	return was
}

// lost sets a file aside.
func (d *Desk) lost(file string, err error) {
	d.opt.Log.Error("a file of the sign-in desk cannot be read; it is set aside", "file", d.path(file), "error", err)
	setAside(d.path(file))
	d.damaged, d.damage = d.now()+24*time.Hour, file
}

// resume takes up the sessions of an earlier run, but for those of owners that are gone or have another number.
func (d *Desk) resume(was sessionsText) {
	now := d.now()
	gone := max(0, time.Since(was.At))
	for _, r := range was.Sessions {
		o := d.account(r.Owner)
		if o == nil || r.Phone != phoneHash(r.ID, o.Phone) || len(d.sessions) >= maxSessions {
			continue
		}
		ago := func(age time.Duration) time.Duration { return now - gone - max(0, age) }
		s := &session{record: r, born: ago(r.Age), used: ago(r.Idle), turned: ago(r.Turned)}
		s.usedKept = s.used
		if s.left(now) > 0 {
			d.sessions = append(d.sessions, s)
		}
	}
}

// text is what a file is to hold.
func (d *Desk) text(file string) any {
	if file == usersFile {
		return usersText{format, maps.Clone(d.users)}
	}
	now := d.now()
	t := sessionsText{Version: format, At: time.Now(), Owners: map[string]kept{}}
	for _, a := range d.owners {
		a.tries.Advance(now)
		k := kept{Failures: a.tries.Failures(), Level: a.tries.Level()}
		k.Remaining, k.Decay = a.tries.Left(now)
		for _, at := range a.texts {
			k.Texts = append(k.Texts, now-at)
		}
		t.Owners[a.Name] = k
	}
	for _, s := range d.sessions {
		r := s.record
		r.Age, r.Idle, r.Turned = now-s.born, now-s.used, now-s.turned
		t.Sessions = append(t.Sessions, r)
	}
	d.kept = now
	return t
}

// save writes what has changed. What cannot be written is tried again, and told as a fault; the error is for those whose
// answer must not say that it is done. It may wait for the disk: only who has shown a secret that is good may come here, for
// the disk is busy after each code that goes to an owner, and never after a stranger's.
func (d *Desk) save() error {
	d.disk.Lock()
	defer d.disk.Unlock()
	failed := d.dropClients()
	for _, file := range []string{sessionsFile, usersFile} {
		d.mu.Lock()
		if !d.stale[file] {
			d.mu.Unlock()
			continue
		}
		body := d.text(file)
		d.stale[file] = false
		d.mu.Unlock()
		if err := writeFile(d.path(file), encode(body)); err != nil {
			failed = errors.Join(failed, err)
			d.touch(file)
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if (failed == nil) != (d.broken == nil) {
		d.nudge() // to tell
	}
	d.broken = failed
	return failed
}

// news returns the faults that have come up, are over, or say something else than before.
func (d *Desk) news() (news []lock.Fault) {
	d.mu.Lock()
	defer d.mu.Unlock()
	locked := map[string]bool{}
	for _, a := range d.owners {
		if !a.out() {
			continue
		}
		if locked[a.Name] = true; !d.locked[a.Name] {
			d.opt.Log.Warn("too many wrong sign-in codes: signing in is locked", "owner", a.Name)
		}
	}
	d.locked = locked
	now := []lock.Fault{ // anybody at the door may see them: they name no owner
		{Part: Part, Kind: Lockout, Standing: len(locked) > 0, Detail: "too many wrong sign-in codes",
			Hint: "somebody has tried to sign in; the keypad is not concerned, and who is signed in stays so"},
		{Part: Part, Kind: Unwritable, Standing: d.broken != nil, Hint: "see that the disk has room and can be written"},
		{Part: Part, Kind: Damaged, Standing: d.now() < d.damaged, Detail: d.damage + " could not be read and was set aside",
			Hint: "sign in again; see latchd client list"},
		{Part: Part, Kind: Unreadable, Standing: d.unread != nil, Hint: "see that it belongs to the user that latchd runs as"},
	}
	if d.broken != nil {
		now[1].Detail = "sessions cannot be kept: " + d.broken.Error()
	}
	if d.unread != nil {
		now[3].Detail = "the clients are those known before: " + d.unread.Error()
	}
	for _, f := range now {
		if old := d.told[f.Kind]; f.Standing != old.Standing || f.Standing && f != old {
			d.told[f.Kind] = f
			if !f.Standing {
				f = lock.Fault{Part: Part, Kind: f.Kind}
			}
			news = append(news, f)
		}
	}
	return news
}
