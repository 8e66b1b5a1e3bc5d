package main

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"latchd/sms/standin"
)

var lamps = map[string]int{"green": 12, "red": 18, "buzzer": 25}

// quick is a little longer than the debounce of a key or a switch, and as long up as down.
const quick = 25 * time.Millisecond

// times reads "1000x".
func times(s string) (n int, ok bool) {
	number, ok := strings.CutSuffix(s, "x")
	n, err := strconv.Atoi(number)
	return n, ok && err == nil
}

// tap presses a switch n times, one press every so long.
func (p *play) tap(name string, n int, args []string) error {
	every := 2 * quick
	if len(args) > 0 {
		var err error
		if every, err = time.ParseDuration(args[0]); err != nil {
			return err
		}
	}
	for range n {
		at, err := p.d.copper.turn(name, true)
		if err != nil {
			return err
		}
		p.mark = at
		<-time.After(quick)
		if _, err := p.d.copper.turn(name, false); err != nil {
			return err
		}
		<-time.After(every - quick)
	}
	return nil
}

func (p *play) order(_ *testscript.TestScript, args []string) error {
	p.act()
	at := float64(time.Now().UnixMicro()) / 1e6
	p.d.ears.client.Publish("latchd/front/lock/set", 1, false, fmt.Sprintf(`{"action":%q,"at":%.6f}`, strings.Join(args, ""), at))
	return nil
}

func (p *play) texts(ts *testscript.TestScript, args []string) error {
	gap, want := time.Duration(0), args[0]
	if len(args) > 1 {
		var err error
		if gap, err = time.ParseDuration(args[1]); err != nil {
			return err
		}
	}
	var got []standin.Message
	for len(p.d.texts) > 0 {
		got = append(got, <-p.d.texts)
	}
	if strconv.Itoa(len(got)) != want {
		return fmt.Errorf("%d texts went out, want %s", len(got), want)
	}
	for i := range got {
		if i > 0 && got[i].At.Sub(got[i-1].At) < gap-time.Second/2 { // a request takes its time, and the next another
			return fmt.Errorf("two texts %v apart", got[i].At.Sub(got[i-1].At))
		}
	}
	if len(got) > 0 {
		p.setCode(ts.Setenv, inText.FindString(got[len(got)-1].Body))
	}
	return nil
}

func (p *play) lamp(_ *testscript.TestScript, args []string) error {
	line, ok := lamps[strings.Join(args, "")]
	if !ok {
		return fmt.Errorf("no lamp %q", args)
	}
	for range 200 {
		if level, err := readWord(p.d.h.file(line, "value")); err != nil || level == "1" {
			return err
		}
		<-time.After(5 * time.Millisecond)
	}
	return fmt.Errorf("the lamp stays dark")
}

var resident = regexp.MustCompile(`VmRSS:\s+(\d+) kB`)

func (p *play) remember(_ *testscript.TestScript, args []string) error {
	b, err := os.ReadFile("/proc/" + p.d.pid() + "/status")
	found := resident.FindSubmatch(b)
	if err != nil || found == nil {
		return fmt.Errorf("read the daemon's memory: %v", err)
	}
	was := p.memory
	p.memory, _ = strconv.Atoi(string(found[1])) // as the pattern has it
	p.said = append(p.said, fmt.Sprintf("%.1f MB", float64(p.memory)/1024))
	if len(args) == 0 {
		return nil
	}
	most, err := strconv.ParseFloat(args[0], 64)
	if err == nil && float64(p.memory-was) > most*1024 {
		err = fmt.Errorf("the daemon has grown from %d to %d KiB", was, p.memory)
	}
	return err
}

func (p *play) keepsSecret(_ *testscript.TestScript, args []string) error {
	said, err := command(args[0], args[1:]...)
	if err == nil && p.d.tells(said) {
		err = fmt.Errorf("%s prints a secret: a code, a token or a whole phone number", strings.Join(args, " "))
	}
	return err
}
