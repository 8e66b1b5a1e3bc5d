package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"periph.io/x/conn/v3/gpio"
)

// flags answer all that comes before the buttons, so that a test need not.
var (
	doorFlags = []string{"--name", "Side", "--id", "side", "--listen", "none", "--driver", "sim", "--strike-line", "GPIO8", "--strike-active", "low",
		"--rows", "GPIO4,GPIO27,GPIO12,GPIO7", "--cols", "GPIO9,GPIO2,GPIO14,GPIO10"}
	switchFlags = slices.Concat(doorFlags, []string{"--keys", "123A,456B,789C,*0#D", "--socket", "none", "--bell", "GPIO3:high", "--exit", "GPIO22",
		"--contact", "none", "--tamper", "none", "--green", "none", "--red", "none", "--buzzer", "none"})
)

// untouched fails unless everything is as it was before: the file, the folder, the lines.
func (f *fitter) untouched(t *testing.T) {
	t.Helper()
	if b, err := os.ReadFile(f.s.path); err != nil || string(b) != copper {
		t.Errorf("the configuration is another: %v", err)
	}
	if files, err := os.ReadDir(f.dir); err != nil || len(files) != 1 {
		t.Errorf("%v, %v: want the configuration alone", files, err)
	}
	if f.s.sim == nil {
		return
	}
	if level, err := f.s.sim.Line("GPIO8"); level != gpio.High || err != nil {
		t.Errorf("the strike's line is at %v, %v: the level that opens", level, err)
	}
	if free, err := f.s.sim.Free(); len(free) != 26 || err != nil {
		t.Errorf("lines are still held: free are %v, %v", free, err)
	}
}

func TestBrokenOffAtAnyQuestionNothingIsWrittenAndNoLineIsDriven(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		args  []string
		steps []step
	}{
		{"door, strike and keypad", nil, slices.Concat(doorSteps, strikeSteps, padStart, padSteps()[:4])},
		{"buttons", append([]string{"--keys", "123A,456B,789C,*0#D"}, doorFlags...),
			slices.Concat([]step{{`reaches it \[.*\]: $`, func(f *fitter) { f.types(filepath.Join(f.dir, "board")) }}}, switchSteps, lampSteps)},
		{"accounts", switchFlags, slices.Concat(accounts, lastStep)},
	} {
		for n := range c.steps {
			t.Run(fmt.Sprintf("%s, question %d", c.name, n+1), func(t *testing.T) {
				f := newFitter(t, c.args...)
				f.t = t
				f.plays(c.steps[:n])
				f.sees(c.steps[n].sees)
				if n%2 == 0 {
					f.breakOff()
				} else {
					close(f.lines)
				}
				if err := f.end(); !errors.Is(err, errBrokenOff) {
					t.Errorf("it ended with %v", err)
				}
				f.untouched(t)
				if f.s.sim != nil && c.args == nil { // the probe's lines are let go, to their pull-ups; at rest some pull down
					for _, line := range []string{"GPIO4", "GPIO9", "GPIO15"} {
						if level, _ := f.s.sim.Line(line); level == gpio.Low && n > len(doorSteps)+len(strikeSteps) {
							t.Errorf("%s is left driven", line)
						}
					}
				}
			})
		}
	}
}

func TestBrokenOffWhereNothingIsAskedNothingIsWritten(t *testing.T) {
	f := newFitter(t)
	f.breakOff()
	f.end()
	file := filepath.Join(f.dir, "token")
	if err := os.WriteFile(file, []byte("sesame0secret0token"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := f.s.flags.Parse([]string{"--twilio-secret-file", file}); err != nil {
		t.Fatal(err)
	}
	f.s.yes, f.s.out = true, io.Discard
	ended, end := context.WithCancel(t.Context())
	end()
	if err := f.s.run(ended); !errors.Is(err, errBrokenOff) {
		t.Errorf("it ended with %v", err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	f.untouched(t)
}

func TestBrokenOffInMidPulseTheStrikeLocksAtOnce(t *testing.T) {
	f := newFitter(t)
	f.plays(doorSteps, strikeSteps[:4])
	f.sees(strikeSteps[4].sees)
	strike := f.s.sim.Watch(t.Context(), "GPIO8")
	f.types("yes")
	if c := <-strike; c.Level != gpio.Low {
		t.Errorf("%+v", c)
	}
	f.breakOff()
	if c := <-strike; c.Level != gpio.High {
		t.Errorf("%+v", c)
	}
	if err := f.end(); !errors.Is(err, errBrokenOff) {
		t.Error(err)
	}
	f.untouched(t)
}

func TestTheStrikesLineIsOnlyDrivenAfterAYes(t *testing.T) {
	again := `relay \[GPIO8\]: $`
	high, low := strikeSteps[2], strikeSteps[4]
	after := func(text string) step { return step{text, func(*fitter) {}} }
	for _, c := range []struct {
		name   string
		steps  []step
		pulses int // of the low level, which alone shows at this copper
	}{
		{"open at rest", []step{strikeSteps[0], {strikeSteps[1].sees, answers("no")}, after(`nothing drives GPIO8(.|\n)*` + again)}, 0},
		{"not tried", []step{strikeSteps[0], {strikeSteps[1].sees, answers("skip")}, after(`high or low \[low\]: $`)}, 0},
		{"no to the first", []step{strikeSteps[0], strikeSteps[1], {high.sees, answers("")}, after(`high or low \[low\]: $`)}, 0},
		{"it was open before", []step{strikeSteps[0], strikeSteps[1], high, {strikeSteps[3].sees, answers("open")}, after(again)}, 0},
		{"neither", append(slices.Clone(strikeSteps[:5]), step{strikeSteps[5].sees, answers("nothing")}, after(`Neither level(.|\n)*`+again)), 1},
		{"in doubt", append(slices.Clone(strikeSteps[:6]), step{strikeSteps[6].sees, answers("no")}, after(`in doubt(.|\n)*`+again)), 1},
		{"on the first level, wrongly heard", []step{strikeSteps[0], strikeSteps[1], high, {strikeSteps[3].sees, answers("clicked")},
			{`held low now(.|\n)*: $`, answers("no")}, after(`in doubt(.|\n)*` + again)}, 1},
		{"no line of that name", []step{{again, answers("skip")}, after(`This is "skip", and the board has no such line(.|\n)*` + again)}, 0},
		{"low is not agreed to", append(slices.Clone(strikeSteps[:4]), step{low.sees, answers("no")}, after(`high or low \[low\]: $`)), 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFitter(t)
			f.t = t
			f.plays(doorSteps)
			f.sees(again)
			strike := f.s.sim.Watch(t.Context(), "GPIO8")
			c.steps[0].do(f)
			f.plays(c.steps[1:])
			f.breakOff()
			if err := f.end(); !errors.Is(err, errBrokenOff) {
				t.Error(err)
			}
			for range c.pulses {
				if down, up := <-strike, <-strike; down.Level != gpio.Low || up.Level != gpio.High {
					t.Errorf("%+v, %+v", down, up)
				}
			}
			select {
			case change := <-strike:
				t.Errorf("driven without a yes: %+v", change)
			default:
			}
			f.untouched(t)
		})
	}
}

func TestAKeypadThatCannotBeIsNamed(t *testing.T) {
	f := newFitter(t)
	f.plays(doorSteps, strikeSteps[:1], []step{{strikeSteps[1].sees, answers("skip")}, {`high or low \[low\]: $`, answers("")}}, padStart)
	for _, key := range "123456789*0#" {
		f.sees(`(?m)^  ` + strings.ReplaceAll(string(key), "*", `\*`) + `: $`)
		if strings.ContainsRune("147*", key) {
			f.types("") // the first column shows nothing
			continue
		}
		finger(`GPIO\d+ - GPIO\d+\n`, "hold", string(key), "1m")(f)
	}
	f.sees(`fourth column\): $`)
	f.types("")
	f.sees(`nothing is seen of the column 1 4 7 \*: its wire is broken`)
	f.sees(`\[press\]: $`)
	f.breakOff()
	if err := f.end(); !errors.Is(err, errBrokenOff) {
		t.Error(err)
	}
	f.untouched(t)
}
