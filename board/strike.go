package board

import (
	"fmt"
	"os"
	"sync"
	"time"

	"periph.io/x/conn/v3/gpio"
)

// MaxPulse is the longest that a strike stays released, whatever it is told.
const MaxPulse = 30 * time.Second

// Waits before a line that would not lock is tried again.
const (
	firstRetry = 10 * time.Millisecond
	lastRetry  = time.Second
	lastTries  = 4 // of Close
)

// Strike holds a door locked but for bounded pulses, which its own timer ends: no caller that hangs, dies or errs can keep
// the door open. A line that fails is tried again until it is locked. Safe for concurrent use.
type Strike struct {
	line   gpio.PinOut
	locked gpio.Level
	limit  time.Duration
	news   chan error // the newest state of the line, for onFault

	mu     sync.Mutex
	closed bool
	open   bool          // the line has left the locked level, or may have
	since  time.Time     // when it did
	until  time.Time     // when it locks, or is tried again
	retry  time.Duration // the next wait while the line fails
	fault  error
	timer  *time.Timer
	watch  func(unlocked bool) // nil: nobody does
}

// NewStrike locks the strike on that line, which should have been requested at its locked level, and keeps it so.
// activeLow: a low level releases it. limit shortens MaxPulse; 0 leaves it. onFault hears, from a goroutine of its own,
// the error of a line that fails and nil once it works again.
func NewStrike(line gpio.PinOut, activeLow bool, limit time.Duration, onFault func(error)) *Strike {
	if limit <= 0 || limit > MaxPulse {
		limit = MaxPulse
	}
	s := &Strike{line: line, locked: gpio.Level(activeLow), limit: limit, news: make(chan error, 1)}
	s.timer = time.AfterFunc(limit, s.expire)
	go func() {
		for err := range s.news {
			onFault(err)
		}
	}()
	_ = s.Lock() // its failure is onFault's to tell
	return s
}

// Watch has f called with true when the strike has been released, and with false when it has been locked. f must not block.
func (s *Strike) Watch(f func(unlocked bool)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watch = f
}

func (s *Strike) show(unlocked bool) {
	if s.watch != nil {
		s.watch(unlocked)
	}
}

// Open releases the strike for d and returns. Called again while it is released, d counts anew, but the strike locks at
// the latest when the limit has passed since it left the locked level. On an error the strike is locked, or being locked.
func (s *Strike) Open(d time.Duration) error {
	if d <= 0 {
		return fmt.Errorf("open the strike for %v: not a time", d)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return fmt.Errorf("open the strike: %w", os.ErrClosed)
	}
	now := time.Now()
	if s.open && (s.fault != nil || now.Sub(s.since) >= s.limit) {
		if err := s.lock(); err != nil { // what cannot be locked is not opened
			return fmt.Errorf("open the strike: %w", err)
		}
	}
	if !s.open {
		s.open, s.since = true, now
	}
	if err := s.line.Out(!s.locked); err != nil {
		_ = s.line.Out(s.locked) // in case it did leave; the retry finds out
		return s.again(fmt.Errorf("open the strike: %w", err))
	}
	s.arm(min(d, s.limit-now.Sub(s.since)))
	s.show(true)
	return nil
}

// Lock locks the strike now. On an error it is tried again until it is locked.
func (s *Strike) Lock() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	return s.lock()
}

// Close locks the strike for good: no Open succeeds afterwards. It tries a few times, for less than 0.1 s. It does not
// release the line.
func (s *Strike) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	s.timer.Stop()
	err := s.line.Out(s.locked)
	for try, wait := 1, firstRetry; err != nil && try < lastTries; try, wait = try+1, 2*wait {
		time.Sleep(wait)
		err = s.line.Out(s.locked)
	}
	close(s.news)
	if err != nil {
		return fmt.Errorf("lock the strike: %w", err)
	}
	return nil
}

// expire runs when the timer does.
func (s *Strike) expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || !s.open {
		return
	}
	if left := time.Until(s.until); left > 0 { // the pulse was made longer while the timer fired
		s.timer.Reset(left)
		return
	}
	_ = s.lock() // told to onFault
}

// lock drives the line to locked, or arms the timer to try again.
func (s *Strike) lock() error {
	if err := s.line.Out(s.locked); err != nil {
		if !s.open {
			s.open, s.since = true, time.Now()
		}
		return s.again(fmt.Errorf("lock the strike: %w", err))
	}
	s.open, s.retry = false, 0
	s.timer.Stop()
	s.tell(nil)
	s.show(false)
	return nil
}

func (s *Strike) again(fault error) error {
	s.retry = min(max(2*s.retry, firstRetry), lastRetry)
	s.arm(s.retry)
	s.tell(fault)
	return fault
}

func (s *Strike) arm(d time.Duration) {
	s.until = time.Now().Add(d)
	s.timer.Reset(d)
}

// tell leaves the state of the line for onFault in place of any that it has not heard yet: a listener that blocks must
// not hold up a timer that locks the door.
func (s *Strike) tell(fault error) {
	if fault == nil && s.fault == nil {
		return
	}
	s.fault = fault
	select {
	case <-s.news:
	default:
	}
	s.news <- fault
}
