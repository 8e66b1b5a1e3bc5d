package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

// patience is how long a script waits for what must come, where it names no time.
const patience = 10 * time.Second

// play is one scenario at work. Its commands, beside testscript's own (exec, stdout, grep, ! and so on):
//
//	door [TABLE.KEY=VALUE...]  a new door at work, with these settings (also: make-door, which does not start it)
//	install [package]          as the README says, by hand or with the package; uninstall: take away what was installed by hand
//	configure [SETTINGS]       the file only; the door is told by systemctl reload or restart
//	bell|exit|contact|tamper [on|off|DURATION|Nx [EVERY]]
//	                           press for 200 ms, or so long, or N times, for 25 ms; contact on is a closed door
//	ring                       press the bell, wait for the text; its code is $CODE from then on
//	enter DIGITS               type them and the enter key, with taps of 60 ms; $WRONG is not $CODE
//	type KEYS [DURATION]       without it, or with such taps; type Nx: so many digits, as fast as the debounce lets pass
//	hold KEYS / release KEYS   put fingers on keys, lift them
//	chatter KEYS|SWITCH DURATION
//	                           each bounces for so long before it stays down, and as it is lifted
//	order ACTION               a command over MQTT, made at this moment; the script does not wait for what comes of it
//	signal NAME                to the daemon: KILL, STOP, HUP and so on
//	opens [WITHIN]             the strike opens, counted from what was done last; each opening must be claimed so
//	locks [WITHIN]             the strike is locked
//	lasted DURATION            the last opening lasted so long, to 50 ms
//	booted, exposed            how long from the kernel's start to locked and ready; what systemd-analyze security says
//	undriven                   nothing has driven the strike's line since the last door, or since uninstall
//	stays-locked DURATION      and no text, no opening meanwhile
//	no-text                    since the last one
//	texts N [GAP]              exactly so many since the last ring, no two closer than GAP; the newest's code is $CODE from then on
//	lamp green|red|buzzer      comes on within a second (on GPIO12, 18, 25)
//	hear TOPIC REGEXP [WITHIN] ; unheard TOPIC REGEXP; heard N TOPIC REGEXP: exactly so many since the last hear
//	sleep DURATION; clock +DURATION|-DURATION|YEAR
//	power-cut; reboot          in a machine of its own; the script goes on after it
//	memory [MB]                the daemon's; it has grown by so many at the most since the last memory
//	keeps-secret COMMAND...    what it prints holds no code, token or whole phone number
//	disk                       a small one under /var/lib/latchd, until the next door; disk full|roomy|failing|well|read-only
//	say TEXT                   into the table of verdicts
type play struct {
	d      *door
	name   string
	from   int           // the line to go on at, after a power cut
	mark   int64         // when something was done last, CLOCK_MONOTONIC, ns
	clock  time.Duration // by how much the wall clock was moved
	resume resume
	cut    func(resume) // records where to go on
	here   bool         // not in a machine of its own
	said   []string
	memory int // of the daemon, resident, KiB
	doors  int
}

// resume is what a script remembers over a power cut.
type resume struct {
	Line             int
	Code             string
	Secrets          []string
	ActiveLow        bool
	Drives, Openings int
	Cursor           string // of the system's log, where the scenario began
	Failed           string // as the machine went down
}

func (p *play) commands() map[string]func(*testscript.TestScript, bool, []string) {
	type command func(ts *testscript.TestScript, args []string) error
	plain := map[string]command{
		"install": p.install, "uninstall": p.uninstall, "undriven": p.undriven, "booted": p.booted, "exposed": p.exposed, "door": p.door, "make-door": p.makeDoor, "configure": func(_ *testscript.TestScript, a []string) error { return p.d.configure(a) },
		"bell": p.press("bell"), "exit": p.press("exit"), "contact": p.press("contact"), "tamper": p.press("tamper"),
		"ring": p.ring, "type": p.typeKeys, "enter": func(ts *testscript.TestScript, a []string) error { return p.typeKeys(ts, append(a, "#")) }, "hold": p.hold(true), "release": p.hold(false), "chatter": p.chatter,
		"signal": p.signal, "opens": p.opens, "locks": p.locks, "lasted": p.lasted, "stays-locked": p.staysLocked, "no-text": p.noText,
		"hear": p.hear, "unheard": p.unheard, "heard": p.heard,
		"order": p.order, "texts": p.texts, "lamp": p.lamp, "memory": p.remember, "keeps-secret": p.keepsSecret, "disk": p.disk,
		"sleep": p.sleep, "clock": p.setClock, "power-cut": p.powerCut, "reboot": p.reboot, "say": p.say,
	}
	all := map[string]func(*testscript.TestScript, bool, []string){}
	for name, f := range plain {
		all[name] = func(ts *testscript.TestScript, neg bool, args []string) {
			if neg {
				ts.Fatalf("%s cannot be negated", name)
			}
			if err := f(ts, args); err != nil {
				ts.Fatalf("%v", err)
			}
		}
	}
	return all
}

func (p *play) install(ts *testscript.TestScript, args []string) error {
	p.act()
	byHand := len(args) == 0
	transcript, took, err := p.d.install(byHand)
	ts.Logf("%s", transcript)
	all := show(time.Duration(monotonic() - p.mark))
	if byHand {
		p.said = append(p.said, "installed by hand and ready after "+all)
		return err
	}
	p.said = append(p.said, "installation to ready: "+all)
	for i, what := range []string{"apt install", "latchd setup", "start"} {
		p.said = append(p.said, "of that, "+what+": "+show(took[i]))
	}
	return err
}

func (p *play) uninstall(*testscript.TestScript, []string) error {
	uninstall()
	<-time.After(time.Second) // for the trace of the stop
	p.d.witness.forget(false)
	p.d.ears.forget()
	return nil
}

func (p *play) undriven(*testscript.TestScript, []string) error {
	p.d.witness.mu.Lock()
	defer p.d.witness.mu.Unlock()
	for _, m := range p.d.witness.seen {
		return fmt.Errorf("the strike's line was driven, %v after the boot", time.Duration(m.at))
	}
	return nil
}

func (p *play) makeDoor(ts *testscript.TestScript, settings []string) error {
	if p.doors > 0 {
		if err := p.d.witness.account(); err != nil {
			return fmt.Errorf("the door before: %w", err)
		}
		p.count()
	}
	p.doors++
	p.resume.ActiveLow = slices.Contains(settings, "strike.active=low")
	return p.d.fresh(settings)
}

// count adds what the witness has counted, before it forgets.
func (p *play) count() {
	drives, openings := p.d.witness.counts()
	p.resume.Drives, p.resume.Openings = p.resume.Drives+drives, p.resume.Openings+openings
}

func (p *play) door(ts *testscript.TestScript, settings []string) error {
	if err := p.makeDoor(ts, settings); err != nil {
		return err
	}
	p.act()
	if _, err := command("systemctl", "start", "latchd"); err != nil {
		return err
	}
	if _, ok := p.d.ears.wait("availability", regexp.MustCompile("^online$"), patience); !ok {
		return fmt.Errorf("the door does not say that it is online:\n%s", p.d.ears.last(10))
	}
	return nil
}

func (p *play) act() { p.mark = monotonic() }

func (p *play) press(name string) func(*testscript.TestScript, []string) error {
	return func(_ *testscript.TestScript, args []string) (err error) {
		how := "200ms"
		if len(args) > 0 {
			how = args[0]
		}
		if how == "on" || how == "off" {
			p.mark, err = p.d.copper.turn(name, how == "on")
			return err
		}
		if n, ok := times(how); ok {
			return p.tap(name, n, args[1:])
		}
		long, err := time.ParseDuration(how)
		if err != nil {
			return err
		}
		if p.mark, err = p.d.copper.turn(name, true); err != nil {
			return err
		}
		<-time.After(long)
		_, err = p.d.copper.turn(name, false)
		return err
	}
}

func (p *play) ring(ts *testscript.TestScript, _ []string) error {
	if err := p.press("bell")(ts, nil); err != nil {
		return err
	}
	code, ok := p.d.text(patience)
	if !ok {
		return fmt.Errorf("no text came; heard:\n%s", p.d.ears.last(20))
	}
	p.setCode(ts.Setenv, code)
	return nil
}

// setCode sets $CODE, and $WRONG to one that differs in its last digit.
func (p *play) setCode(setenv func(key, value string), code string) {
	p.resume.Code = code
	setenv("CODE", code)
	if code != "" {
		setenv("WRONG", code[:len(code)-1]+string('0'+(code[len(code)-1]-'0'+1)%10))
	}
}

func (p *play) typeKeys(_ *testscript.TestScript, args []string) (err error) {
	down := 60 * time.Millisecond
	if n := len(args) - 1; n == 1 {
		if long, err := time.ParseDuration(args[n]); err == nil {
			down, args = long, args[:n]
		}
	}
	keys := strings.Join(args, "")
	if n, ok := times(keys); ok {
		keys = strings.Repeat("0123456789", n/10+1)[:n]
		p.mark, err = p.d.copper.typeKeys(keys, quick)
		return err
	}
	p.mark, err = p.d.copper.typeKeys(keys, down)
	return err
}

func (p *play) hold(down bool) func(*testscript.TestScript, []string) error {
	return func(_ *testscript.TestScript, args []string) (err error) {
		for _, key := range strings.Join(args, "") {
			if p.mark, err = p.d.copper.key(key, down); err != nil {
				return err
			}
		}
		return nil
	}
}

func (p *play) chatter(_ *testscript.TestScript, args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("want: chatter KEYS|SWITCH DURATION")
	}
	long, err := time.ParseDuration(args[1])
	if err != nil {
		return err
	}
	if _, ok := switches[args[0]]; ok {
		return p.bounce(long, func(down bool) (int64, error) { return p.d.copper.turn(args[0], down) })
	}
	for _, key := range args[0] {
		if err := p.bounce(long, func(down bool) (int64, error) { return p.d.copper.key(key, down) }); err != nil {
			return err
		}
	}
	return nil
}

func (p *play) bounce(long time.Duration, turn func(down bool) (int64, error)) (err error) {
	for _, last := range []bool{true, false} {
		for end := time.Now().Add(long); time.Now().Before(end); {
			for _, down := range []bool{true, false} {
				if _, err := turn(down); err != nil {
					return err
				}
				<-time.After(700 * time.Microsecond)
			}
		}
		if p.mark, err = turn(last); err != nil {
			return err
		}
		<-time.After(80 * time.Millisecond)
	}
	return nil
}

func (p *play) signal(_ *testscript.TestScript, args []string) error {
	pid, err := strconv.Atoi(p.d.pid())
	if err != nil || pid == 0 {
		return fmt.Errorf("the daemon is not at work: %v", err)
	}
	signal := unix.SignalNum("SIG" + strings.Join(args, ""))
	if signal == 0 {
		return fmt.Errorf("no signal %s", args)
	}
	p.act()
	return syscall.Kill(pid, signal)
}

// within reads the optional time that ends the arguments.
func within(args []string, n int) (time.Duration, error) {
	if len(args) <= n {
		return patience, nil
	}
	return time.ParseDuration(args[n])
}

func (p *play) opens(_ *testscript.TestScript, args []string) error {
	limit, err := within(args, 0)
	if err != nil {
		return err
	}
	o, ok := p.d.witness.opens(limit)
	if !ok {
		return fmt.Errorf("the strike has not opened; heard:\n%s", p.d.ears.last(20))
	}
	return p.measure("open", time.Duration(o.from-p.mark), limit)
}

func (p *play) locks(_ *testscript.TestScript, args []string) error {
	limit, err := within(args, 0)
	if err != nil {
		return err
	}
	o, ok := p.d.witness.locks(patience + limit)
	if !ok {
		return fmt.Errorf("the strike is not locked; heard:\n%s", p.d.ears.last(20))
	}
	if o.to < p.mark { // it was locked before
		return nil
	}
	if len(args) == 0 {
		return nil
	}
	return p.measure("locked", time.Duration(o.to-p.mark), limit)
}

func (p *play) measure(what string, took, limit time.Duration) error {
	p.said = append(p.said, fmt.Sprintf("%s after %s", what, show(took)))
	if took > limit {
		return fmt.Errorf("%s after %v, want %v at the most", what, took, limit)
	}
	return nil
}

func show(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%.1f ms", d.Seconds()*1e3)
	default:
		return fmt.Sprintf("%.2f s", d.Seconds())
	}
}

func (p *play) lasted(_ *testscript.TestScript, args []string) error {
	want, err := time.ParseDuration(strings.Join(args, ""))
	if err != nil {
		return err
	}
	o, ok := p.d.witness.locks(want + patience)
	if !ok {
		return fmt.Errorf("the strike is open still")
	}
	took := time.Duration(o.to - o.from)
	p.said = append(p.said, "open for "+show(took))
	if (took - want).Abs() > 50*time.Millisecond {
		return fmt.Errorf("the strike was open for %v, want %v", took, want)
	}
	return nil
}

func (p *play) staysLocked(ts *testscript.TestScript, args []string) error {
	if err := p.sleep(ts, args); err != nil {
		return err
	}
	if err := p.d.witness.account(); err != nil {
		return err
	}
	return p.noText(ts, nil)
}

func (p *play) noText(*testscript.TestScript, []string) error {
	if n := len(p.d.texts); n > 0 {
		return fmt.Errorf("%d texts went out", n)
	}
	return nil
}

func (p *play) hear(_ *testscript.TestScript, args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("want: hear TOPIC REGEXP [WITHIN]")
	}
	limit, err := within(args, 2)
	if err != nil {
		return err
	}
	re, err := regexp.Compile(args[1])
	if err != nil {
		return err
	}
	if _, ok := p.d.ears.wait(args[0], re, limit); !ok {
		return fmt.Errorf("%s said nothing like %q within %v; heard:\n%s", args[0], args[1], limit, p.d.ears.last(20))
	}
	return nil
}

func (p *play) unheard(ts *testscript.TestScript, args []string) error {
	return p.heard(ts, append([]string{"0"}, args...))
}

func (p *play) heard(_ *testscript.TestScript, args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("want: heard N TOPIC REGEXP")
	}
	re, err := regexp.Compile(args[2])
	if err != nil {
		return err
	}
	if n := p.d.ears.count(args[1], re); strconv.Itoa(n) != args[0] {
		return fmt.Errorf("%s said something like %q %d times, want %s; heard:\n%s", args[1], args[2], n, args[0], p.d.ears.last(30))
	}
	return nil
}

func (p *play) sleep(_ *testscript.TestScript, args []string) error {
	long, err := time.ParseDuration(strings.Join(args, ""))
	if err == nil {
		<-time.After(long)
	}
	return err
}

func (p *play) setClock(ts *testscript.TestScript, args []string) error {
	if p.here {
		return fmt.Errorf("the clock of this machine is left alone")
	}
	how := strings.Join(args, "")
	by, err := time.ParseDuration(how)
	if year, e := strconv.Atoi(how); err != nil && e == nil {
		// As if the clock had begun with that year when the machine was started: the kernel takes no earlier time than that in 1970.
		began := time.Date(year, 1, 1, 0, 0, 1, 0, time.UTC)
		by, err = time.Until(began.Add(time.Duration(monotonic()))), nil
	}
	if err != nil {
		return fmt.Errorf("want a duration or a year: %w", err)
	}
	p.clock += by
	return moveClock(by)
}

func moveClock(by time.Duration) error {
	t := unix.NsecToTimeval(time.Now().Add(by).UnixNano())
	return unix.Settimeofday(&t)
}

// lineOf finds the line at work: testscript keeps it to itself, but shows it in what it logs.
func lineOf(ts *testscript.TestScript) int {
	line, _ := strconv.Atoi(ts.Getenv("LINE"))
	return line
}

func (p *play) say(_ *testscript.TestScript, args []string) error {
	p.said = append(p.said, strings.Join(args, " "))
	return nil
}

// script returns the scenario's text and its title, with the lines that were played before a power cut left out and
// every cut told where it stands.
func (p *play) script() (title string, text []byte, err error) {
	b, err := os.ReadFile(filepath.Join(p.d.load, "scenarios", p.name+".txt"))
	if err != nil {
		return "", nil, err
	}
	lines := strings.Split(string(b), "\n")
	title = strings.TrimSpace(strings.TrimPrefix(lines[0], "#"))
	for i, line := range lines {
		switch word, _, _ := strings.Cut(line, " "); {
		case i < p.from:
			lines[i] = "# " + line
		case word == "power-cut" || word == "reboot":
			lines[i] = "env LINE=" + strconv.Itoa(i+1) + "\n" + line
		}
	}
	return title, []byte(strings.Join(lines, "\n")), nil
}
