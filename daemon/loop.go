// Package daemon is the loop: one goroutine owns the door's machine and the clock, carries the machine's effects to the
// adapters and brings their answers back as inputs.
//
// It never waits for a network or a disk: the strike's line is driven on the spot, and everything else is handed to
// adapters that queue. It makes no decision about the door; those are the machine's.
package daemon

import (
	"context"
	"log/slog"
	"time"

	"latchd/lock"
)

// Strike is the strike's line. It locks by itself when the time it was opened for is over, whatever becomes of the loop.
type Strike interface {
	Open(d time.Duration) error
	Lock() error
}

// Lamps tell the visitor by light and sound; Show must not block.
type Lamps interface{ Show(lock.Signal) }

// Texter takes codes to be texted; neither method may block.
type Texter interface {
	Send(lock.Text)
	Spent(ring uint64) // its code is used: no further text of it, and no call
}

// Journal keeps what must survive; neither method may block.
type Journal interface {
	Save(lock.State)
	Add(lock.Event)
}

// Options are a loop's door and the adapters around it. Show and Stuck may be nil; the others may not.
type Options struct {
	Door    string // its id, as events have it
	Version string
	Rules   lock.Config
	State   lock.State // from the journal

	Strike  Strike
	Lamps   Lamps
	Texts   Texter
	Journal Journal

	Show   func(lock.Status) // hears what the door is after every step; must not block
	Synced func() bool       // whether the wall clock follows a time source
	Log    *slog.Logger

	Alive      func()        // feeds the watchdog
	AliveEvery time.Duration // 0: nobody watches

	// Stuck hears that the loop has not come back for Patience, and when it does come back; from another goroutine, and
	// the loop waits for it. It must not block. May be nil.
	Stuck func(bool)
}

// Patience is how long the loop may be at one input before it counts as stuck. A step takes microseconds.
const Patience = 2 * time.Second

// Loop is the door at work. Make it with New, feed it with Post, and let one goroutine Run it.
type Loop struct {
	Options
	inputs chan lock.Input
	ended  chan struct{}
	start  time.Time
	m      *lock.Machine
}

// backlog is how many inputs may wait. A step takes microseconds: it is full only when the loop hangs.
const backlog = 256

// New makes a loop whose door goes on from o.State. Nothing happens before Run.
func New(o Options) *Loop {
	l := &Loop{Options: o, inputs: make(chan lock.Input, backlog), ended: make(chan struct{}), start: time.Now()}
	l.m = lock.New(o.Rules, o.State, l.now())
	return l
}

// Post hands an input to the loop. It waits while the backlog is full, and drops the input once Run has ended. It must not
// be called from an adapter's method that the loop calls.
func (l *Loop) Post(in lock.Input) {
	select {
	case l.inputs <- in:
	case <-l.ended:
	}
}

func (l *Loop) now() lock.Instant {
	t := time.Now()
	return lock.Instant{Mono: t.Sub(l.start), Wall: t}
}

// Run works the door until ctx ends; its last step locks the strike. A panic on the way locks the strike too, before it
// goes on to end the program.
func (l *Loop) Run(ctx context.Context) {
	defer close(l.ended)
	defer l.Strike.Lock()
	l.step(lock.Started{Version: l.Version})

	var alive <-chan time.Time
	if l.AliveEvery > 0 {
		t := time.NewTicker(l.AliveEvery)
		defer t.Stop()
		alive = t.C
	}
	wake := time.NewTimer(time.Hour)
	defer wake.Stop()
	for {
		l.arm(wake)
		select {
		case <-ctx.Done():
			l.step(lock.Stopping{})
			return
		case in := <-l.inputs:
			if ctx.Err() == nil {
				l.step(in)
			}
		case <-wake.C:
			l.step(lock.Tick{})
		case <-alive:
			done := l.overdue()
			l.Alive()
			done()
		}
	}
}

// arm sets the one timer to the next thing that time alone will cause.
func (l *Loop) arm(wake *time.Timer) {
	if at, due := l.m.Wake(); due {
		wake.Reset(at - l.now().Mono)
		return
	}
	wake.Stop()
}

// overdue tells Stuck when what follows takes longer than Patience, until done is called. It costs nothing at rest.
func (l *Loop) overdue() (done func()) {
	if l.Stuck == nil {
		return func() {}
	}
	told := make(chan struct{})
	late := time.AfterFunc(Patience, func() {
		l.Stuck(true)
		close(told)
	})
	return func() {
		if !late.Stop() {
			<-told
			l.Stuck(false)
		}
	}
}

// step puts one input in and carries the effects out: first what moves the door and warns the visitor, then what must
// survive, then the words about it, so that no event is told before the state that it belongs to is safe.
func (l *Loop) step(in lock.Input) {
	defer l.overdue()()
	now := l.now()
	if k, ok := in.(lock.Key); ok && (k.Rune < '0' || k.Rune > '9') { // may send an entry; digits do not pay for the asking
		now.Synced = clock(now.Wall, l.Synced) == synced
	}
	effects := l.m.Step(now, in)
	if !l.drive(effects) {
		effects = lock.Unopened(effects)
		effects = append(effects, l.m.Step(now, lock.StrikeFailed{})...)
	}
	for _, e := range effects {
		switch e := e.(type) {
		case lock.Feedback:
			l.Lamps.Show(e.Signal)
		case lock.Text:
			l.Texts.Send(e)
		case lock.Spent:
			l.Texts.Spent(e.Ring)
		case lock.Save:
			l.Journal.Save(e.State)
		}
	}
	for _, e := range effects {
		if e, ok := e.(lock.Emit); ok {
			l.tell(e.Event)
		}
	}
	if l.Show != nil {
		l.Show(l.m.Status())
	}
}

// drive moves the strike, and says whether it opened where it was to.
func (l *Loop) drive(effects []lock.Effect) bool {
	opened := true
	for _, e := range effects {
		switch e := e.(type) {
		case lock.OpenStrike:
			if err := l.Strike.Open(e.For); err != nil {
				l.Log.Error("the strike did not open", "error", err)
				opened = false
			}
		case lock.LockStrike:
			if err := l.Strike.Lock(); err != nil {
				l.Log.Error("the strike did not lock", "error", err)
			}
		}
	}
	return opened
}

// tell stamps an event and hands it on.
func (l *Loop) tell(e lock.Event) {
	e.Door, e.Clock = l.Door, clock(e.At, l.Synced)
	l.Journal.Add(e)
	level := slog.LevelInfo
	if e.Type == lock.FaultRaised || e.Type == lock.DoorForced || e.Type == lock.LockoutStarted {
		level = slog.LevelWarn
	}
	l.Log.Log(context.Background(), level, string(e.Type), attrs(e)...)
}

// attrs are the event's own words, without what every event has.
func attrs(e lock.Event) (a []any) {
	for _, f := range []struct{ key, value string }{{"reason", string(e.Reason)}, {"method", string(e.Method)},
		{"action", string(e.Action)}, {"owner", e.Owner}, {"phone", e.Phone}, {"part", e.Part}, {"detail", e.Detail}, {"hint", e.Hint}} {
		if f.value != "" {
			a = append(a, f.key, f.value)
		}
	}
	if e.Code != 0 {
		a = append(a, "twilio_code", e.Code)
	}
	if e.Wait != 0 {
		a = append(a, "wait", e.Wait.Round(time.Second))
	}
	return a
}
