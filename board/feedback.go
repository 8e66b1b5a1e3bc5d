package board

import (
	"cmp"
	"errors"
	"sync"
	"time"

	"periph.io/x/conn/v3/gpio"

	"latchd/lock"
)

// lamp is a set of the feedback lines.
type lamp uint8

const (
	green lamp = 1 << iota
	red
	buzzer
	dark lamp = 0
)

// beat is what is on for how long.
type beat struct {
	on lamp
	d  time.Duration
}

const (
	blip  = 40 * time.Millisecond
	short = 150 * time.Millisecond
	long  = 600 * time.Millisecond
)

// patterns tell the signals apart twice: by the rhythm of the light, whatever its colour, and by that of the buzzer. The
// strike itself lights the green of an opening. docs/feedback.md shows them.
var patterns = map[lock.Signal][]beat{
	lock.KeyTaken:      rhythm(green, blip),
	lock.DoorOpen:      {{buzzer, long}},
	lock.TextOnItsWay:  rhythm(green, short, short, short),
	lock.TextNotSent:   rhythm(red, short, short),
	lock.BellNotTexted: rhythm(green|red, short, long),
	lock.EntryWrong:    rhythm(red, long, long),
	lock.KeypadLocked:  rhythm(red, short, short, long),
}

// rhythm sounds and shines together, with a short pause in between.
func rhythm(light lamp, ons ...time.Duration) (beats []beat) {
	for i, on := range ons {
		if i > 0 {
			beats = append(beats, beat{dark, short})
		}
		beats = append(beats, beat{light | buzzer, on})
	}
	return beats
}

// shown is what is on during a beat: green, too, for as long as the strike is unlocked, whatever else there is to say.
func shown(beat lamp, unlocked bool) lamp {
	if unlocked {
		return beat | green
	}
	return beat
}

// oneLight is the light of a door with one lamp: it shines for the other too. The rhythms are told apart by any colour.
const oneLight = green | red

// Feedback tells the visitor by light and sound. The newest signal cuts short the one before.
type Feedback struct {
	lines    map[lamp]gpio.PinOut // by what each tells
	fault    func(error)
	signal   chan lock.Signal // holds the newest
	unlocked chan bool        // likewise
	once     sync.Once
	stop     chan struct{}
	ended    chan struct{}
}

// NewFeedback takes lines that are off at the low level; nil: not fitted. onFault hears the error of a line that fails and
// nil once it works again; it must not block for long. A lamp that is fitted alone shines for the other as well.
func NewFeedback(greenLine, redLine, buzzerLine gpio.PinOut, onFault func(error)) *Feedback {
	f := &Feedback{lines: map[lamp]gpio.PinOut{}, fault: onFault, signal: make(chan lock.Signal, 1), unlocked: make(chan bool, 1),
		stop: make(chan struct{}), ended: make(chan struct{})}
	if greenLine == nil || redLine == nil {
		f.add(oneLight, cmp.Or(greenLine, redLine))
	} else {
		f.add(green, greenLine)
		f.add(red, redLine)
	}
	f.add(buzzer, buzzerLine)
	go f.play()
	return f
}

func (f *Feedback) add(tells lamp, line gpio.PinOut) {
	if line != nil {
		f.lines[tells] = line
	}
}

// Show plays a signal's pattern and does not wait for it. A signal without a pattern ends the one that plays.
func (f *Feedback) Show(s lock.Signal) { leave(f.signal, s) }

// Unlocked lights the green lamp until it is told that the strike is locked again. It does not wait.
func (f *Feedback) Unlocked(is bool) { leave(f.unlocked, is) }

// leave puts the newest in the place of what has not been taken yet.
func leave[T any](c chan T, newest T) {
	for {
		select {
		case c <- newest:
			return
		default:
		}
		select {
		case <-c:
		default:
		}
	}
}

func (f *Feedback) play() {
	defer close(f.ended)
	defer f.set(dark)
	var (
		now      = dark
		rest     []beat
		next     <-chan time.Time
		unlocked bool
	)
	for failed := false; ; {
		if err := f.set(shown(now, unlocked)); err != nil || failed {
			failed = err != nil
			f.fault(err)
		}
		select {
		case <-f.stop:
			return
		case unlocked = <-f.unlocked:
			continue
		case s := <-f.signal:
			rest = patterns[s]
		case <-next:
		}
		now, next = dark, nil
		if len(rest) > 0 {
			now, next, rest = rest[0].on, time.After(rest[0].d), rest[1:]
		}
	}
}

func (f *Feedback) set(on lamp) error {
	var errs []error
	for l, line := range f.lines {
		errs = append(errs, line.Out(on&l != 0))
	}
	return errors.Join(errs...)
}

// Close turns all lines off.
func (f *Feedback) Close() {
	f.once.Do(func() { close(f.stop) })
	<-f.ended
}
