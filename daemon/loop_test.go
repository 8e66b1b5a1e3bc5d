package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"latchd/lock"
	"latchd/otp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// house plays every adapter and notes what it is asked for.
type house struct {
	mu    sync.Mutex
	noted []string
	code  string
	panic bool // at the next feedback
	stuck bool // the strike's line
}

func (h *house) note(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.noted = append(h.noted, fmt.Sprintf(format, args...))
}

func (h *house) take() (noted []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	noted, h.noted = h.noted, nil
	return noted
}

func (h *house) Open(d time.Duration) error {
	h.note("open %v", d)
	if h.stuck {
		return errors.New("i/o error")
	}
	return nil
}
func (h *house) Lock() error      { h.note("lock"); return nil }
func (h *house) Send(t lock.Text) { h.code = t.Code.Reveal(); h.note("text") }
func (h *house) Spent(uint64)     {}
func (h *house) Save(lock.State)  { h.note("save") }
func (h *house) Add(e lock.Event) { h.note("%s %s %s", e.Type, e.Door, e.Clock) }
func (h *house) Show(s lock.Signal) {
	if h.panic {
		panic("a lamp burst")
	}
}

func newTestLoop(h *house) *Loop {
	return New(Options{Door: "front", Version: "1", Rules: lock.Config{Digits: 6, TTL: 2 * time.Minute, Attempts: 3,
		Lockout: 10 * time.Minute, LockoutMax: 24 * time.Hour, Pulse: 5 * time.Second, HeldAlarm: time.Minute,
		IdleClear: 10 * time.Second, Enter: '#', Clear: '*', MinGap: time.Minute, PerHour: 5, PerDay: 20,
		Owners: []lock.Owner{{Name: "Ada"}}},
		Strike: h, Lamps: h, Texts: h, Journal: h, Synced: func() bool { return true }, Log: slog.New(slog.DiscardHandler)})
}

func press(l *Loop, keys string) {
	for _, k := range keys {
		l.Post(lock.Key{Rune: k})
	}
}

func TestMovesTheStrikeFirstThenSavesThenTells(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &house{}
		l := newTestLoop(h)
		ctx, cancel := context.WithCancel(t.Context())
		go l.Run(ctx)
		synctest.Wait()
		want(t, h, "lock", "daemon.started front unset")
		l.Post(lock.Level{Sensor: lock.Bell, Active: true})
		synctest.Wait()
		want(t, h, "text", "save", "bell.rung front unset")
		press(l, h.code+"#")
		synctest.Wait()
		want(t, h, "open 5s", "access.granted front unset", "lock.unlocked front unset")
		pass(5 * time.Second)
		synctest.Wait()
		want(t, h, "lock", "lock.locked front unset")
		cancel()
		synctest.Wait()
		want(t, h, "lock", "save", "daemon.stopped front unset", "lock")
	})
}

func TestAStrikeThatDoesNotOpenIsNotToldAsOpened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &house{}
		l := newTestLoop(h)
		ctx, cancel := context.WithCancel(t.Context())
		go l.Run(ctx)
		order := lock.Command{Method: lock.ByConsole, Action: lock.Unlock, At: time.Now(), Trusted: true}
		l.Post(lock.Level{Sensor: lock.Bell, Active: true})
		synctest.Wait()
		h.take()
		h.stuck = true
		press(l, h.code+"#")
		synctest.Wait()
		want(t, h, "open 5s", "access.denied front unset")
		l.Post(order)
		synctest.Wait()
		want(t, h, "open 5s", "access.denied front unset", "command.refused front unset")
		h.stuck = false
		l.Post(order)
		synctest.Wait()
		want(t, h, "open 5s", "access.granted front unset", "lock.unlocked front unset", "command.done front unset")
		pass(2 * time.Second)
		h.stuck = true // the pulse would be drawn out, and ends
		l.Post(lock.Level{Sensor: lock.Exit, Active: true})
		synctest.Wait()
		want(t, h, "open 5s", "exit.pressed front unset", "access.denied front unset", "lock.locked front unset")
		if s := l.m.Status(); s.Strike != lock.Locked || s.OpenFor != 0 {
			t.Errorf("the strike is %+v", s)
		}
		cancel()
		synctest.Wait()
	})
}

func want(t *testing.T, h *house, want ...string) {
	t.Helper()
	if got := h.take(); !slices.Equal(got, want) {
		t.Errorf("noted\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

func TestTheEndInMidPulseLocksFirstAndTakesNoFurtherInput(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &house{}
		l := newTestLoop(h)
		ctx, cancel := context.WithCancel(t.Context())
		go l.Run(ctx)
		l.Post(lock.Level{Sensor: lock.Exit, Active: true})
		synctest.Wait()
		h.take()
		cancel()
		for range 10 {
			l.Post(lock.Level{Sensor: lock.Exit, Active: true})
		}
		synctest.Wait()
		want(t, h, "lock", "save", "lock.locked front unset", "daemon.stopped front unset", "lock")
		for range 2 * backlog {
			l.Post(lock.Tick{}) // does not wait for a loop that has ended
		}
	})
}

func TestAPanicLocksTheStrike(t *testing.T) {
	h := &house{panic: true}
	l := newTestLoop(h)
	l.Post(lock.Level{Sensor: lock.Exit, Active: true})
	defer func() {
		if p := recover(); p == nil {
			t.Error("the panic was swallowed")
		}
		if n := h.take(); n[len(n)-1] != "lock" || !slices.Contains(n, "open 5s") {
			t.Errorf("noted %v", n)
		}
	}()
	l.Run(t.Context())
}

func TestOnlyALoopThatTurnsFeedsTheWatchdog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, fed, hang := &house{}, 0, make(chan struct{})
		l := newTestLoop(h)
		l.AliveEvery, l.Alive = 5*time.Second, func() { fed++ }
		l.Options.Show = func(s lock.Status) {
			if s.Strike == lock.Unlocked {
				<-hang
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		go l.Run(ctx)
		pass(time.Minute)
		synctest.Wait()
		if fed != 12 {
			t.Errorf("fed %d times in a minute", fed)
		}
		l.Post(lock.Level{Sensor: lock.Exit, Active: true})
		pass(time.Minute)
		synctest.Wait()
		if fed != 12 {
			t.Errorf("fed %d times, the loop was hanging", fed)
		}
		close(hang)
		cancel()
		synctest.Wait()
	})
}

func TestAtRestTheLoopSleeps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, shown := &house{}, 0
		l := newTestLoop(h)
		l.Options.Show = func(lock.Status) { shown++ }
		ctx, cancel := context.WithCancel(t.Context())
		go l.Run(ctx)
		pass(30 * 24 * time.Hour)
		synctest.Wait()
		if shown != 1 {
			t.Errorf("%d steps in a month of rest", shown)
		}
		cancel()
		synctest.Wait()
	})
}

func TestTheClockIsToldAsItIs(t *testing.T) {
	yes, no := func() bool { return true }, func() bool { return false }
	for _, c := range []struct {
		at     time.Time
		synced func() bool
		want   string
	}{
		{time.Unix(0, 0), yes, "unset"},
		{earliest.Add(-1), yes, "unset"},
		{earliest, no, "unsynced"},
		{earliest, yes, "synced"},
	} {
		if got := clock(c.at, c.synced); got != c.want {
			t.Errorf("%v: %s, want %s", c.at, got, c.want)
		}
	}
}

func TestAClockThatWasNeverSetIsAFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // where it is the year 2000
		ctx, cancel := context.WithCancel(t.Context())
		faults := make(chan lock.Input, 2)
		go WatchClock(ctx, func(in lock.Input) { faults <- in })
		if f := (<-faults).(lock.Fault); f.Part != "clock" || !f.Standing {
			t.Errorf("%+v", f)
		}
		pass(time.Hour)
		cancel()
		synctest.Wait()
		if len(faults) != 0 {
			t.Errorf("%+v", <-faults)
		}
	})
}

func TestNoCodeReachesTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &house{}
		l := newTestLoop(h)
		var log strings.Builder
		l.Log = slog.New(slog.NewTextHandler(io.Writer(&log), nil))
		ctx, cancel := context.WithCancel(t.Context())
		go l.Run(ctx)
		l.Post(lock.Level{Sensor: lock.Bell, Active: true})
		synctest.Wait()
		press(l, "135792#"+h.code+"#")
		cancel()
		synctest.Wait()
		if s := log.String(); strings.Contains(s, h.code) || strings.Contains(s, "135792") || !strings.Contains(s, "daemon.stopped") {
			t.Error(s)
		}
	})
}

// pass lets the bubble's time go by.
func pass(d time.Duration) { <-time.After(d) }

// slow is a strike whose line takes its time.
type slow struct {
	*house
	takes time.Duration
}

func (s *slow) Open(d time.Duration) error { pass(s.takes); return s.house.Open(d) }

func TestALoopThatHangsSaysSoAndWhenItGoesOn(t *testing.T) {
	for takes, want := range map[time.Duration]string{
		Patience - time.Millisecond: "",
		Patience + time.Minute:      "2s: true, 1m2s: false",
	} {
		synctest.Test(t, func(t *testing.T) {
			h := &house{}
			l := newTestLoop(h)
			l.Strike = &slow{h, takes}
			var start time.Time
			var said []string
			l.Stuck = func(stuck bool) { said = append(said, fmt.Sprintf("%v: %v", time.Since(start), stuck)) }
			ctx, cancel := context.WithCancel(t.Context())
			go l.Run(ctx)
			pass(time.Hour) // at rest nothing hangs
			start = time.Now()
			l.Post(lock.Level{Sensor: lock.Exit, Active: true})
			pass(time.Hour)
			if got := strings.Join(said, ", "); got != want {
				t.Errorf("a strike that takes %v: %q, want %q", takes, got, want)
			}
			cancel()
			synctest.Wait()
		})
	}
}

// TestAnOfflineCodeOpensOnlyWhileTheClockIsRight lives in the bubble's year 2000, in which no latchd has a clock that was
// set, and again a generation later.
func TestAnOfflineCodeOpensOnlyWhileTheClockIsRight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &house{}
		var asked atomic.Int64
		var adrift atomic.Bool
		o := newTestLoop(h).Options
		o.Rules.Attempts = 10
		o.Rules.Offline = lock.Offline{When: lock.OfflineAlways, Key: otp.NewTOTP()}
		o.Synced = func() bool { asked.Add(1); return !adrift.Load() }
		l := New(o)
		ctx, cancel := context.WithCancel(t.Context())
		go l.Run(ctx)
		code := func() string { return o.Rules.Offline.Key.Code(otp.Step(time.Now()), 6).Reveal() + "#" }
		opens := func(want bool, when string) {
			t.Helper()
			h.take()
			press(l, code())
			synctest.Wait()
			if opened := slices.Contains(h.take(), "open 5s"); opened != want {
				t.Errorf("%s: opened %v", when, opened)
			}
		}
		opens(false, "the clock has never been set")
		pass(30 * 365 * 24 * time.Hour)
		opens(true, "the clock is right")
		pass(time.Minute)
		adrift.Store(true)
		opens(false, "nobody says that the clock is right")
		asked.Store(0)
		press(l, "12345678")
		synctest.Wait()
		if n := asked.Load(); n != 0 {
			t.Errorf("the system was asked %d times for eight digits", n)
		}
		cancel()
		synctest.Wait()
	})
}
