package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// How much is measured.
const (
	sideRounds  = 3
	sideEntries = 68 // of a code, in a round; half as many for a program that looks at the lines all the time
	sideStarts  = 20
	sideTraced  = 10                    // entries with the scheduler's trace on; in all at most 100 in an hour
	sideSettle  = 100 * time.Second     // until a connection to Twilio is given up, too
	sideRest    = 120 * time.Second     // a round of Go's collector
	sideTap     = 45 * time.Millisecond // down, and up: what the slowest of the programs still sees
	sidePulse   = 500 * time.Millisecond
	sideLatency = 15 * time.Millisecond // every program's debounce
	// Two rings are further apart than latchd keeps a connection to Twilio, as they are at a door.
	sideGap = 61 * time.Second
)

// sideResult is what the machine tells of the programs.
type sideResult struct {
	Kernel, Go string
	Programs   []*sideProgram
	Zero       string // why gpiozero does not run
	Error      string
}

// sideProgram is one of the programs and what was measured of it.
type sideProgram struct {
	Name string
	// Key is the time from the last key's edge to the strike's less the debounce, Bell from the bell's edge to the
	// request's header, Start from exec to the first locked level.
	Key, Bell, Start []time.Duration
	Bench            []time.Duration // the bench's own part of Key's time, of other entries
	Rest             time.Duration   // how long it was left alone
	CPU              time.Duration   // meanwhile, of all threads
	Switches         int             // meanwhile
	RSS, PSS         int             // then, kB

	file  string // that is executed
	start func() (pid int, err error)
	stop  func() error
	gap   time.Duration // from one ring to the next, until the program is done with it
	rings time.Duration // now and then: how far rings are apart at a door
	polls bool
	rang  time.Time
}

// bench measures the programs one after the other, on the same lines, by the same trace.
type sideBench struct {
	*door
	tape *tape
}

// side measures latchd beside its peers, and tells the result.
func side(out *os.File) error {
	var kernel unix.Utsname
	unix.Uname(&kernel) // cannot fail
	r := sideResult{Kernel: unix.ByteSliceToString(kernel.Release[:]), Go: runtime.Version()}
	if err := r.measure(); err != nil {
		r.Error = err.Error()
	}
	return json.NewEncoder(out).Encode(r)
}

func (r *sideResult) measure() error {
	d, err := openDoor(load)
	if err != nil {
		return err
	}
	if v := d.play("install", false, resume{}, nil, nil); v.Error != "" {
		return fmt.Errorf("install latchd: %s", v.Error)
	}
	b := &sideBench{door: d}
	if b.tape, err = startTape(d.h); err != nil {
		return err
	}
	r.Programs = b.programs()
	for round := range sideRounds {
		for _, p := range r.Programs {
			fmt.Fprintf(os.Stderr, "%.0f s: round %d of %s\n", float64(monotonic())/1e9, round+1, p.Name)
			if err := b.round(p, round == sideRounds-1); err != nil {
				return fmt.Errorf("%s, round %d: %w", p.Name, round+1, err)
			}
		}
	}
	fmt.Fprintf(os.Stderr, "%.0f s: starts\n", float64(monotonic())/1e9)
	for range sideStarts {
		for _, p := range r.Programs {
			if _, err := b.begin(p); err != nil {
				return fmt.Errorf("%s: %w", p.Name, err)
			}
			if err := p.stop(); err != nil {
				return err
			}
		}
	}
	r.Zero = whyNot(exec.Command("python3", filepath.Join(load, "zero.py")))
	return nil
}

// whyNot runs a program and returns the last line of what it printed if it failed, or "" if it ended well.
func whyNot(c *exec.Cmd) string {
	out, err := c.CombinedOutput()
	if err == nil {
		return ""
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return lines[len(lines)-1]
}

// begin starts a program at a fresh door, and notes how long it took to lock the strike.
func (b *sideBench) begin(p *sideProgram) (pid int, err error) {
	if err := b.fresh([]string{"texts.min_gap=1s", "texts.per_hour=100", "texts.per_day=500", "code.digits=4", "strike.pulse=" + sidePulse.String()}); err != nil {
		return 0, err
	}
	b.tape.forget()
	if pid, err = p.start(); err != nil {
		return 0, err
	}
	if _, ok := b.witness.locks(patience); !ok {
		return 0, fmt.Errorf("the strike was not locked within %v of the start", patience)
	}
	<-time.After(2 * time.Second) // python takes long to be ready after it has locked
	took, err := b.tape.locked(p.file)
	p.Start = append(p.Start, took)
	return pid, err
}

// round starts a program, lets people in, and in the end, the last time, leaves it alone.
func (b *sideBench) round(p *sideProgram, last bool) error {
	pid, err := b.begin(p)
	if err != nil {
		return err
	}
	entries := sideEntries
	if p.polls {
		entries /= 2
	}
	for n := range entries {
		fresh := n%4 == 0 || p.rings == 0 // the bell is measured
		gap := p.gap
		if fresh {
			gap = max(gap, p.rings)
		}
		key, bell, err := b.entry(p, gap)
		if err != nil {
			return fmt.Errorf("entry %d: %w", n+1, err)
		}
		p.Key = append(p.Key, time.Duration(key.to-key.from)-sideLatency)
		if fresh {
			p.Bell = append(p.Bell, bell)
		}
	}
	if last {
		if err := firstError(func() error { return b.rest(p, pid) }, func() error { return b.benchPart(p) }); err != nil {
			return err
		}
	}
	return p.stop()
}

// entry rings, waits for the text, and types its code. It returns the last key's and the strike's edges.
func (b *sideBench) entry(p *sideProgram, gap time.Duration) (key opening, bell time.Duration, err error) {
	<-time.After(time.Until(p.rang.Add(gap)))
	p.rang = time.Now()
	for len(b.asked) > 0 {
		<-b.asked
	}
	rang, err := b.copper.turn("bell", true)
	if err != nil {
		return key, 0, err
	}
	<-time.After(100 * time.Millisecond)
	if _, err := b.copper.turn("bell", false); err != nil {
		return key, 0, err
	}
	code, ok := b.text(patience)
	if !ok {
		return key, 0, fmt.Errorf("no text came")
	}
	bell = time.Duration(monotonic()-rang) - time.Since(<-b.asked)
	<-time.After(300 * time.Millisecond)
	if key.from, err = b.copper.typeKeys(code+"#", sideTap); err != nil {
		return key, 0, err
	}
	o, ok := b.witness.opens(patience)
	if !ok {
		return key, 0, fmt.Errorf("the strike did not open for the right code")
	}
	key.to = o.from
	_, ok = b.witness.locks(patience)
	if !ok {
		return key, 0, fmt.Errorf("the strike did not lock again")
	}
	return key, bell, nil
}

// rest leaves a program alone and notes what it does meanwhile.
func (b *sideBench) rest(p *sideProgram, pid int) error {
	<-time.After(sideSettle)
	cpu, switches, err := atWork(pid)
	if err != nil {
		return err
	}
	<-time.After(sideRest)
	cpu2, switches2, err := atWork(pid)
	if err != nil {
		return err
	}
	p.Rest, p.CPU, p.Switches = sideRest, cpu2-cpu, switches2-switches
	memory := fmt.Sprintf("/proc/%d/smaps_rollup", pid)
	if p.RSS, err = number(memory, "Rss:"); err != nil {
		return err
	}
	p.PSS, err = number(memory, "Pss:")
	return err
}

// benchPart notes, by the scheduler's trace, how long the bench itself was at work between the last key and the strike.
func (b *sideBench) benchPart(p *sideProgram) error {
	for range sideTraced {
		<-time.After(p.gap)
		ran, err := b.tape.schedule()
		if err != nil {
			return err
		}
		key, _, err := b.entry(p, 0)
		if err != nil {
			return err
		}
		part, err := ran("player", opening{from: key.from + int64(sideLatency), to: key.to})
		if err != nil {
			return err
		}
		p.Bench = append(p.Bench, part)
	}
	return nil
}
