// Package journal keeps what must survive a power cut, in SQLite: every event of the door under a seq that rises by one
// and never goes back, the state of the lockouts, and how far the broker has acknowledged the events (the outbox).
//
// The door never waits for it: Add and Save only queue, and one goroutine, Run, writes. When the disk is full, read-only
// or broken it raises a fault, keeps what it can in memory, and catches up by itself. A journal that cannot be trusted is
// never repaired and never deleted: it is set aside under another name and a fresh one is begun.
//
// It stores no code, no typed digit, no secret and no whole phone number, because lock.Event and lock.State carry none.
//
// The folder holds journal.db (with -wal and -shm while it is open), seq (see ceiling.go), retained, lock (held by the one process
// that writes) and whatever was set aside as journal.db.damaged-TIME. Those made here can be read by their owner only.
package journal

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"latchd/lock"
)

// ErrInUse says that another process writes this journal.
var ErrInUse = errors.New("another latchd is writing it")

// queueLimit bounds the events that wait in memory, before Run has taken them and again after, while they cannot be written.
const queueLimit = 10_000

// Options says where the journal lies and what it is told about time.
type Options struct {
	Dir  string        // made with mode 0700 when missing; an existing one keeps its mode
	Door string        // the door's id, for the events that the journal makes itself
	Keep time.Duration // events older than this are pruned; 0 keeps all
	Boot Boot          // the zero value is ThisBoot()
	Log  *slog.Logger  // nil discards

	// Now gives the wall clock and whether it can be believed; nothing is pruned while it cannot. nil: time.Now, believed.
	Now func() (time.Time, bool)
}

// Opened is what Open found.
type Opened struct {
	State lock.State // as of now: what ran on while the daemon was away has been taken off
	Known bool       // State was read; false on a first start, too

	// Why says why State cannot be trusted to be the newest: the journal was set aside, is missing, or cannot be
	// written. Empty on a first start and on an ordinary one. When it is not empty, start strict.
	Why string
	// Aside is the path where the damaged journal lies now, if there was one.
	Aside string
}

// Journal is an open journal. Its methods may be called from any goroutine.
type Journal struct {
	opt     Options
	path    string
	opened  Opened
	openErr error // why there are no open files

	mu      sync.Mutex // held for appending and taking only, never while the disk is touched
	queue   []lock.Event
	lost    int // events dropped from the front of queue
	unsaved *saved
	closed  bool

	wake      chan struct{}
	suspect   chan error // damage met while reading
	delivered atomic.Uint64
	owed      atomic.Bool   // delivered has risen since it was last written
	given     atomic.Uint64 // the highest seq that was written

	retaining sync.Mutex // held while the file retained is read and replaced

	file   files
	row    row  // as on the disk
	unsure bool // the last run was cut short, and the inside of the file has not been checked since
}

// saved is a state and the moment since boot at which it held.
type saved struct {
	lock.State
	at time.Duration
}

// Open opens the journal in o.Dir, or begins one. It fails only with ErrInUse and on an empty Dir. A disk that cannot
// be used is no failure: the journal works in memory, Run raises the fault and goes on trying, and Opened.Why says so.
func Open(o Options) (*Journal, Opened, error) {
	if o.Dir == "" {
		return nil, Opened{}, errors.New("open the journal: no folder given")
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, Opened{}, fmt.Errorf("open the journal in %s: %w", o.Dir, err)
	}
	o.Dir = dir
	if o.Boot.Clock == nil {
		o.Boot = ThisBoot()
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = func() (time.Time, bool) { return time.Now(), true }
	}
	j := &Journal{opt: o, path: filepath.Join(dir, "journal.db"), wake: make(chan struct{}, 1), suspect: make(chan error, 1)}
	err = j.attach(nil)
	if errors.Is(err, ErrInUse) {
		return nil, Opened{}, fmt.Errorf("open the journal in %s: %w: stop it first, or give this one a folder of its own", dir, err)
	}
	if err != nil {
		j.openErr, j.opened.Why = err, err.Error()
	}
	return j, j.opened, nil
}

// Add queues an event. It never blocks; beyond 10,000 waiting events the oldest is dropped, counted, and the hole told.
//
// Of one step of the machine, call Save before Add: then no event is told before the state it belongs to is safe.
func (j *Journal) Add(e lock.Event) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		j.opt.Log.Warn("event after the journal was closed", "type", string(e.Type))
		return
	}
	if len(j.queue) == queueLimit {
		j.queue = j.queue[1:]
		j.lost++
	}
	j.queue = append(j.queue, e)
	j.nudge()
}

// Save queues the state; of several waiting, the newest is written. It never blocks.
func (j *Journal) Save(s lock.State) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.unsaved = &saved{s, j.opt.Boot.Clock()}
	j.nudge()
}

func (j *Journal) nudge() {
	select {
	case j.wake <- struct{}{}:
	default:
	}
}

// Close lets go of the files. It is for a journal that Run is never called on; Run closes by itself.
func (j *Journal) Close() error {
	j.mu.Lock()
	j.closed = true
	j.mu.Unlock()
	return j.release()
}

// release closes the files, and after a clean end says so in the ceiling.
func (j *Journal) release() error {
	j.file.mu.Lock()
	defer j.file.mu.Unlock()
	clean := j.file.w != nil && !j.unsure
	err := j.file.shut()
	if last := j.given.Load(); clean && err == nil && j.file.top != last {
		err = writeCeiling(j.opt.Dir, last)
	}
	if l := j.file.lock; l != nil {
		j.file.lock = nil
		err = errors.Join(err, l.Close())
	}
	if err != nil {
		return fmt.Errorf("close the journal in %s: %w", j.opt.Dir, err)
	}
	return nil
}
