package board

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"periph.io/x/conn/v3/gpio"

	"latchd/lock"
)

// SwitchOptions describe a single input.
type SwitchOptions struct {
	Sensor    lock.Sensor
	ActiveLow bool          // it is active at the low level and has a pull-up; otherwise a pull-down
	Debounce  time.Duration // how long it must have been still to count as released
	Attack    time.Duration // how long it must have been still to count as active; 0: Debounce
}

// Switch is a single input, debounced: the bell, the request to exit, the door's contact, the tamper contact. It sleeps
// until the line moves.
type Switch struct {
	pin  gpio.PinIn
	o    SwitchOptions
	gate *gate
}

// NewSwitch takes a line as Lines.Input gives it.
func NewSwitch(pin gpio.PinIn, o SwitchOptions) *Switch {
	o.Attack = cmp.Or(o.Attack, o.Debounce)
	return &Switch{pin: pin, o: o, gate: newGate()}
}

// Run hands sink the first reading, as a lock.Level that is Initial, and then each debounced change. A line that cannot be
// waited on is a lock.Fault under the sensor's name, tried again until it works. Run ends with the context, whose error it
// returns, or with Close, which makes it return os.ErrClosed; the switch is spent then.
func (s *Switch) Run(ctx context.Context, sink func(lock.Input)) error {
	defer context.AfterFunc(ctx, s.Close)()
	err := s.run(sink)
	return cmp.Or(ctx.Err(), err)
}

func (s *Switch) run(sink func(lock.Input)) error {
	if err := s.gate.enter(); err != nil {
		return err
	}
	d := debounce{active: s.active(), attack: s.o.Attack, release: s.o.Debounce}
	s.gate.leave()
	sink(lock.Level{Sensor: s.o.Sensor, Active: d.active, Initial: true})
	start, next := time.Now(), forever
	for {
		moved, active, err := s.wait(next)
		if errors.Is(err, errWait) {
			moved = true
			active, err = s.mend(sink)
		}
		if err != nil {
			return err
		}
		var changed bool
		if changed, next = d.step(time.Since(start), active, moved); changed {
			sink(lock.Level{Sensor: s.o.Sensor, Active: active})
		}
	}
}

// active reads the line; the caller is inside the gate.
func (s *Switch) active() bool { return s.pin.Read() == gpio.Level(!s.o.ActiveLow) }

var errWait = errors.New("the line cannot be waited on")

// wait sleeps until the line moves or time is up, then reads it. An edge may be an old one that was queued: only the
// level counts. periph says neither that a wait failed nor why; one that ends too early did.
func (s *Switch) wait(timeout time.Duration) (moved, active bool, err error) {
	if err := s.gate.enter(); err != nil {
		return false, false, err
	}
	defer s.gate.leave()
	start := time.Now()
	moved = s.pin.WaitForEdge(timeout)
	if !moved && time.Since(start) < timeout/2 && !s.gate.shut.Load() {
		return false, false, errWait
	}
	return moved, s.active(), nil
}

// mend sets the line up anew, with growing waits, until it can be waited on again.
func (s *Switch) mend(sink func(lock.Input)) (active bool, err error) {
	part, raised := string(s.o.Sensor), false
	for retry := firstRetry; ; retry = min(2*retry, lastRetry) {
		fault := s.setUp()
		if fault == nil {
			_, active, fault = s.wait(retry)
		}
		if fault == nil {
			if raised {
				sink(lock.Fault{Part: part})
			}
			return active, nil
		}
		if errors.Is(fault, os.ErrClosed) {
			return false, fault
		}
		if !raised {
			raised = true
			sink(lock.Fault{Part: part, Standing: true, Detail: fmt.Sprintf("line %s: %v", s.pin.Name(), fault),
				Hint: "check the wire; restart the board if the line stays away"})
		}
		time.Sleep(retry)
	}
}

func (s *Switch) setUp() error {
	if err := s.gate.enter(); err != nil {
		return err
	}
	defer s.gate.leave()
	return s.pin.In(pull(s.o.ActiveLow), gpio.BothEdges)
}

// Close ends Run and all use of the line. It does not release the line.
func (s *Switch) Close() { s.gate.close(s.pin.Halt) }

// pull is that of an input that a contact joins to ground (active low) or to the supply.
func pull(activeLow bool) gpio.Pull {
	if activeLow {
		return gpio.PullUp
	}
	return gpio.PullDown
}

// debounce decides when a contact that bounces has changed.
type debounce struct {
	active          bool // as last reported
	attack, release time.Duration

	pending bool          // the line is at the other level
	since   time.Duration // and has not moved since
}

// step takes a reading made at now; moved: there was an edge since the last one. It says whether the contact has changed,
// and how long from now to look again if no edge comes first.
func (d *debounce) step(now time.Duration, active, moved bool) (changed bool, next time.Duration) {
	if active == d.active {
		d.pending = false
		return false, forever
	}
	if !d.pending || moved {
		d.pending, d.since = true, now
	}
	still := d.release
	if active {
		still = d.attack
	}
	if left := still - (now - d.since); left > 0 {
		return false, left
	}
	d.active, d.pending = active, false
	return true, forever
}
