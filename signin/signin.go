// Package signin decides who may use the console and the API: it texts sign-in codes to the owners, gives secret identifiers
// for them, and keeps what these buy: browser sessions, and tokens of OAuth clients. It holds the clients and the users, too.
//
// Its codes have budgets and lockouts of their own, counted apart for each owner; nothing that is done here touches the
// keypad's. To a stranger it tells nothing: whose number a phone is, whether a code was texted, how a code was wrong.
//
// Codes and secret identifiers live in memory only. The folder holds sessions.json (sessions, failure counts, budgets),
// clients.json and users.json, each replaced in one step and readable by its owner only; tokens, secrets and numbers stand in
// them as SHA-256. A file that cannot be read is set aside as NAME.damaged-TIME, and the desk begins afresh, strictly.
package signin

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"latchd/lock"
	"latchd/otp"
)

// What a stranger hears. None of them says more than its words.
var (
	ErrPhone  = errors.New("no phone number")
	ErrCode   = errors.New("no valid code")
	ErrSecret = errors.New("no valid secret identifier")
	ErrToken  = errors.New("no valid token")
	ErrUser   = errors.New("the user cannot be taken")
)

// ErrNotKept is of what is over at once, but comes back with a restart that is made before the disk can be written again. The
// desk goes on trying.
var ErrNotKept = errors.New("what is over is not kept: the disk cannot be written")

// NotKept is ErrNotKept in a sentence for people.
const NotKept = "It is over until the next restart: the disk cannot be written. See the faults."

// Part is the part whose faults this package raises, and these are their kinds.
const (
	Part       = "signin"
	Lockout    = "lockout"    // someone has tried too many codes
	Unwritable = "unwritable" // what must survive a restart cannot be written; lockouts are the longest meanwhile
	Unreadable = "unreadable" // clients.json cannot be opened
	Damaged    = "damaged"    // a file was set aside: stands for a day, and lockouts are the longest meanwhile
)

const (
	secretLife = 5 * time.Minute
	maxSecrets = 32
	lookEvery  = 10 * time.Second // at clients.json, at a lockout, and at a disk that cannot be written
	keepEvery  = time.Minute      // what a lockout has served and when a session was used are written this often at most
)

// Owner is a person who may sign in.
type Owner struct {
	Name  string
	Phone lock.Phone
}

// Rules say how codes are made and how often; counts and budgets are each owner's own.
type Rules struct {
	Digits              int // below 6 they count as 6
	TTL                 time.Duration
	Attempts            int // wrong codes that make a lockout
	Lockout, LockoutMax time.Duration
	MinGap              time.Duration // between two texts
	PerHour, PerDay     int           // texts
}

// Options say where the files lie and who is told of what.
type Options struct {
	Dir    string // must exist
	Owners []Owner
	Rules  Rules
	Text   func(owner string, code otp.Code, ttl time.Duration) // must not block
	Fault  func(lock.Fault)                                     // must not block; may be nil
	Ended  func(session string)                                 // a session is over: its streams are to end; must not block; may be nil
	Log    *slog.Logger                                         // nil discards
}

// Desk is where owners sign in. Its methods may be called from any goroutine.
type Desk struct {
	opt    Options
	start  time.Time // time within is monotonic, since this
	nudged chan struct{}
	disk   sync.Mutex // held while files are written; taken before mu

	mu       sync.Mutex
	rules    Rules
	owners   []*account
	nobody   *account // takes what strangers try
	secrets  []pending
	sessions []*session
	clients  clientList
	dropped  []string      // ids of clients that are gone, and still stand in clients.json
	users    map[hash]User // by userKey
	over     []string      // sessions whose end is not told yet
	stale    map[string]bool
	broken   error         // why files cannot be written
	unread   error         // why clients.json cannot be read
	damage   string        // what was set aside
	damaged  time.Duration // until when that is told
	kept     time.Duration // when sessions.json was last made
	told     map[string]lock.Fault
	locked   map[string]bool // owners of whose lockout the log has told
}

// Open reads the folder's files. What it cannot read is set aside and told by Run; the error is of a folder that is not named.
func Open(o Options) (*Desk, error) {
	if o.Dir == "" {
		return nil, errors.New("open the sign-in desk: no folder is named")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Fault == nil {
		o.Fault = func(lock.Fault) {}
	}
	if o.Ended == nil {
		o.Ended = func(string) {}
	}
	d := &Desk{opt: o, start: time.Now(), nudged: make(chan struct{}, 1), stale: map[string]bool{}, told: map[string]lock.Fault{}}
	d.nobody = newAccount(Owner{})
	was := d.load()
	d.settle(o.Owners, o.Rules, was.Owners)
	d.resume(was)
	d.lookAtClients()
	d.over = nil // nobody can be listening to them
	return d, nil
}

func (d *Desk) now() time.Duration { return time.Since(d.start) }

// unlock tells whose sessions are over once nothing is held any more.
func (d *Desk) unlock() {
	over := d.over
	d.over = nil
	d.mu.Unlock()
	for _, id := range over {
		d.opt.Ended(id)
	}
}

// nudge has the worker look at once.
func (d *Desk) nudge() {
	select {
	case d.nudged <- struct{}{}:
	default:
	}
}

// Change takes another configuration. Sessions of owners that are gone, or whose number is another, end; so do their codes.
func (d *Desk) Change(owners []Owner, rules Rules) {
	d.mu.Lock()
	defer d.unlock()
	d.settle(owners, rules, nil)
	for _, s := range d.all() {
		if o := d.account(s.Owner); o == nil || s.Phone != phoneHash(s.ID, o.Phone) {
			d.end(s, "the owner is gone or has another number")
		}
	}
	d.nudge()
}

// Run texts codes, writes what must survive and tells of faults, until ctx ends.
func (d *Desk) Run(ctx context.Context) {
	for {
		d.work()
		due := time.NewTimer(d.rest())
		select {
		case <-ctx.Done():
			due.Stop()
			d.touch(sessionsFile)
			d.save()
			return
		case <-d.nudged:
			due.Stop()
		case <-due.C:
		}
	}
}

// rest says how long the worker has nothing to do. It looks often only where a client may go, a lockout is served, or the
// disk is to be tried again.
func (d *Desk) rest() time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.broken != nil || slices.ContainsFunc(d.owners, (*account).out) ||
		slices.ContainsFunc(d.sessions, func(s *session) bool { return s.Kind == ByClient }) {
		return lookEvery
	}
	now, rest := d.now(), time.Hour
	for _, s := range d.sessions {
		rest = min(rest, s.left(now))
	}
	return rest
}

func (d *Desk) work() {
	if os.Remove(d.path(PardonFile)) == nil {
		d.Pardon()
	}
	d.mu.Lock()
	d.lookAtClients()
	d.sweep()
	d.advance()
	texts := d.due()
	ttl := d.rules.TTL
	d.unlock()
	d.save() // before a text goes out: a restart must not refill the budget
	for _, t := range texts {
		d.opt.Text(t.owner, t.code, ttl)
	}
	for _, f := range d.news() {
		d.opt.Fault(f)
	}
}

// touch has a file written by the next save.
func (d *Desk) touch(file string) {
	d.mu.Lock()
	d.stale[file] = true
	d.mu.Unlock()
}

// hash is a SHA-256: what is left at rest of tokens and secrets, which are too long to be guessed.
type hash [sha256.Size]byte

func hashOf(s string) hash { return sha256.Sum256([]byte(s)) }

// MarshalText implements encoding.TextMarshaler.
func (h hash) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(h[:])), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (h *hash) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(string(text))
	if err != nil || len(b) != len(h) {
		return errors.New("no SHA-256")
	}
	copy(h[:], b)
	return nil
}

func (h hash) equal(other hash) bool { return subtle.ConstantTimeCompare(h[:], other[:]) == 1 }

// phoneHash binds a session to a number that the file does not hold.
func phoneHash(id string, p lock.Phone) hash { return hashOf(id + " " + p.Reveal()) }

// userKey is whose a user is: a number's. An owner's name may pass to another person with another number.
func userKey(p lock.Phone) hash { return phoneHash("user", p) }

func (d *Desk) path(file string) string { return filepath.Join(d.opt.Dir, file) }
