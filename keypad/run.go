package keypad

import (
	"context"
	"slices"
	"strings"
	"time"

	"latchd/lock"
)

// The loop's times.
const (
	scanEvery   = 5 * time.Millisecond  // while a key is down
	rescanEvery = 25 * time.Millisecond // at rest while a key is stuck: a tap of 80 ms is still seen for long enough
	stuckAfter  = 10 * time.Second
	firstRetry  = 100 * time.Millisecond
	lastRetry   = 30 * time.Second
)

// Run scans the pad until ctx ends, and then returns nil. It may be asleep in the pad's Wait by then: end ctx first, then
// close the pad. It fails only when the options do not fit together. The sink gets, on Run's own goroutine, a lock.Key
// for every press, and a lock.Fault of the part "keypad" that names stuck keys by their lines or says why the pad cannot
// be used; then Run tries again, after waits that grow from 100 ms to 30 s.
//
// At rest, all rows are low and Run sleeps until an edge: it does not poll. While a key is down it scans every 5 ms. A
// stuck key holds its column low at rest, so that the other keys of the column give no edge: as long as one is stuck, and
// only then, Run looks again every 25 ms.
func Run(ctx context.Context, pad Pad, o Options, sink func(lock.Input)) error {
	if err := o.check(); err != nil {
		return err
	}
	if o.Debounce == 0 {
		o.Debounce = 15 * time.Millisecond
	}
	l := &loop{
		pad: pad, options: o, sink: sink, scanner: NewScanner(o.Keys, o.Debounce, stuckAfter),
		start: time.Now(), timer: time.NewTimer(0), retry: firstRetry,
	}
	defer l.timer.Stop()
	<-l.timer.C
	for ctx.Err() == nil {
		err := l.scanAndRest(ctx)
		if ctx.Err() != nil {
			return nil
		}
		l.fail(err)
		l.pause(ctx, l.retry)
		l.scanner.Missed()
	}
	return nil
}

type loop struct {
	pad     Pad
	options Options
	sink    func(lock.Input)
	scanner *Scanner
	start   time.Time
	timer   *time.Timer
	next    time.Duration // when the next scan is due
	stuck   []string      // keys, by their lines
	failure string        // why the pad cannot be used; empty: it can
	failed  time.Duration // when that was last so
	retry   time.Duration // the wait after that
	fault   lock.Fault    // as last reported
}

func (l *loop) now() time.Duration { return time.Since(l.start) }

// scanAndRest scans while a key is down and rests while none is, until a line fails or ctx ends.
func (l *loop) scanAndRest(ctx context.Context) error {
	for {
		// Even after an edge: a contact that flutters for ever must not keep a processor busy.
		if l.pauseUntil(ctx, l.next); ctx.Err() != nil {
			return ctx.Err()
		}
		if err := l.scan(); err != nil {
			return err
		}
		if l.scanner.Busy() {
			continue
		}
		if err := l.rest(); err != nil {
			return err
		}
	}
}

// scan reads the whole matrix once and passes on what comes of it.
func (l *loop) scan() error {
	now := l.now()
	if l.scanner.Busy() && now-l.next < scanEvery {
		l.next += scanEvery // from the plan and not from now, so that late timers do not add up
	} else {
		l.next = now + scanEvery
	}
	var frame Matrix
	for r := range l.options.Rows {
		if err := l.pad.Drive(r); err != nil {
			return err
		}
		cols, err := l.pad.Columns()
		if err != nil {
			return err
		}
		frame[r] = cols
	}
	for _, e := range l.scanner.Step(now, frame) {
		l.pass(e)
	}
	if l.failure != "" {
		l.failure = ""
		l.report()
	}
	return nil
}

func (l *loop) pass(e Event) {
	switch e := e.(type) {
	case Press:
		l.sink(lock.Key{Rune: e.Key})
	case Stuck:
		l.stuck = append(l.stuck, l.name(e.Row, e.Col))
		l.report()
	case Freed:
		l.stuck = slices.DeleteFunc(l.stuck, func(name string) bool { return name == l.name(e.Row, e.Col) })
		l.report()
	}
}

// rest makes any key give an edge and sleeps until one does. A key that went down before the edges were drained is seen
// in the columns; one that goes down later gives an edge that the wait finds.
func (l *loop) rest() error {
	if err := l.pad.Rest(); err != nil {
		return err
	}
	l.pad.Drain()
	low, err := l.pad.Columns()
	switch {
	case err != nil:
	case len(l.stuck) > 0:
		_, err = l.pad.Wait(rescanEvery)
	case low == 0:
		_, err = l.pad.Wait(0)
	}
	return err
}

func (l *loop) name(row, col int) string { return l.options.Rows[row] + " × " + l.options.Cols[col] }

// fail notes that the pad cannot be used, and for how long to leave it alone. A pad that fails again and again is left
// alone for longer and longer, even if it works in between.
func (l *loop) fail(err error) {
	if l.failed != 0 && l.now()-l.failed < 2*lastRetry {
		l.retry = min(2*l.retry, lastRetry)
	} else {
		l.retry = firstRetry
	}
	l.failed, l.failure = l.now(), err.Error()
	l.report()
}

// report tells the sink how the pad is, if that is news.
func (l *loop) report() {
	f := lock.Fault{Part: "keypad"}
	switch {
	case l.failure != "":
		f.Standing, f.Detail = true, "the keypad cannot be read: "+l.failure
		f.Hint = "see who else uses its lines; it is tried again by itself"
	case len(l.stuck) > 0:
		f.Standing, f.Detail = true, "stuck down (row × column): "+strings.Join(l.stuck, ", ")
		f.Hint = "free the key, or look for a short between the two lines; the other keys work, one at a time"
	}
	if f != l.fault && (f.Standing || l.fault.Standing) {
		l.fault = f
		l.sink(f)
	}
}

// pauseUntil waits until it is the time t, or until ctx ends.
func (l *loop) pauseUntil(ctx context.Context, t time.Duration) {
	if d := (t - l.now()).Truncate(time.Millisecond); d > 0 {
		l.pause(ctx, d)
	}
	if d := t - l.now(); d > 0 && ctx.Err() == nil {
		nap(min(d, time.Millisecond))
	}
}

// pause waits for d, or until ctx ends.
func (l *loop) pause(ctx context.Context, d time.Duration) {
	l.timer.Reset(d)
	select {
	case <-l.timer.C:
	case <-ctx.Done():
	}
}
