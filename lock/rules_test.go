package lock_test

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	. "latchd/lock"
	"latchd/otp"
)

var (
	steps = flag.Int("steps", 1_000_000, "steps of the long random run")
	seed  = flag.Uint64("seed", 1, "seed of the long random run")
)

// judge knows the rules of the door in its own words and holds a machine to them after every step. It keeps what the
// machine must not keep: the codes and the digits in clear.
type judge struct {
	t   testing.TB
	cfg Config
	m   *Machine
	now Instant
	rng *rand.Rand

	code     string   // the newest texted
	dead     []string // that are told as such: texted before, or offline codes that opened; newest first, "" for none
	codeEnd  time.Duration
	spent    bool
	lastStep int64           // of the last offline code that opened
	texted   map[string]bool // by the owners of the newest ring: whether their text failed
	textedAt time.Duration   // when that was
	ring     uint64
	twilio   bool // its fault stands
	typed    string
	typedAt  time.Duration
	unseen   bool // digits were typed in a lockout
	outUntil time.Duration
	lastOK   time.Time // of the last accepted command
	failures int
	texts    []time.Duration // when, per owner's text

	openSince, openUntil time.Duration // by the line
	open                 bool
	opened, denied       int
	offline              int           // of the opened
	life                 time.Duration // over all restarts
}

// one puts an input in and holds every effect to the rules.
func (j *judge) one(in Input) {
	mayOpen := j.mayOpen(in)
	wasOut, opened := j.now.Mono < j.outUntil, false
	for _, e := range j.m.Step(j.now, in) {
		switch e := e.(type) {
		case OpenStrike:
			if !mayOpen || opened {
				j.fail("opened for %#v", in)
			}
			opened = true
			j.drive(e.For)
		case LockStrike:
			j.open = false
		case Text:
			j.text(in, e, wasOut)
		case Emit:
			j.event(e.Event)
		}
	}
	if mayOpen && !opened {
		j.fail("did not open for %#v", in)
	}
	j.count(in, opened, wasOut)
	s := j.m.Status()
	if s.Strike == Unlocked && !j.open || s.Strike == Locked && j.open {
		j.fail("says %v, the line is open: %v", s.Strike, j.open)
	}
	if warned := slices.ContainsFunc(s.Faults, func(f Fault) bool { return f.Part == "texts" }); warned && s.TextsLeft > j.cfg.PerDay/5+len(j.cfg.Owners) || !warned && s.TextsLeft <= j.cfg.PerDay/5 {
		j.fail("%d texts left, warned: %v", s.TextsLeft, warned)
	}
}

func (j *judge) fail(format string, args ...any) {
	j.t.Helper()
	j.t.Fatalf("seed %d, at %v: %s", *seed, j.now.Mono, fmt.Sprintf(format, args...))
}

// mayOpen says whether the rules let this input open the door.
func (j *judge) mayOpen(in Input) bool {
	switch in := in.(type) {
	case Key:
		return in.Rune == '#' && j.now.Mono >= j.outUntil && !j.unseen && (j.isCode() || j.offlineStep() > 0)
	case Level:
		return in.Sensor == Exit && in.Active && !in.Initial
	case Command:
		age := j.now.Wall.Sub(in.At)
		return in.Refused == "" && j.cfg.Commands && (in.Action == Unlock || in.Action == Open) && age <= 10*time.Second &&
			age >= -10*time.Second && (in.At.After(j.lastOK) || j.lastOK.After(j.now.Wall.Add(10*time.Second)))
	}
	return false
}

// isCode says whether the live code has been typed.
func (j *judge) isCode() bool {
	return !j.spent && j.now.Mono < j.codeEnd && j.typed == j.code
}

// offlineStep returns the period of the offline code that has been typed, 0 when it is none that may open now.
func (j *judge) offlineStep() int64 {
	o := j.cfg.Offline
	fails := j.twilio || len(j.texted) > 0 && j.now.Mono-j.textedAt <= time.Hour && !slices.Contains(slices.Collect(maps.Values(j.texted)), false)
	if !j.now.Synced || o.When != OfflineAlways && !(o.When == OfflineFailing && fails) || len(j.typed) != j.cfg.Digits {
		return 0
	}
	now := j.now.Wall.Unix() / 30
	for step := now + 1; step >= now-1; step-- {
		if step > j.lastStep && o.Key.Code(step, j.cfg.Digits).Reveal() == j.typed {
			return step
		}
	}
	return 0
}

// bury puts a dead code first among those that the door remembers beside the newest.
func (j *judge) bury(code string) {
	j.dead = append([]string{code}, j.dead...)
	j.dead = j.dead[:min(len(j.dead), 15)]
}

// drive is the strike's line: it locks by itself when the time is over.
func (j *judge) drive(d time.Duration) {
	if !j.open {
		j.open, j.openSince = true, j.now.Mono
	}
	j.openUntil = j.now.Mono + d
	if d <= 0 || j.openUntil-j.openSince > MaxPulse {
		j.fail("a pulse of %v makes %v in all", d, j.openUntil-j.openSince)
	}
}

func (j *judge) text(in Input, e Text, out bool) {
	l, pressed := in.(Level)
	if _, ring := in.(Ring); !ring && !(pressed && l.Sensor == Bell && l.Active) || out {
		j.fail("texted for %#v, locked out %v", in, out)
	}
	now, hour, day := j.now.Mono, 0, 0
	for _, at := range j.texts {
		if now-at < j.cfg.MinGap {
			j.fail("texted %v after the last text", now-at)
		}
		if now-at < time.Hour {
			hour++
		}
		if now-at < 24*time.Hour {
			day++
		}
	}
	if len(e.To) == 0 || hour+len(e.To) > j.cfg.PerHour || day+len(e.To) > j.cfg.PerDay {
		j.fail("texted %v with %d in the hour and %d in the day", e.To, hour, day)
	}
	for range e.To {
		j.texts = append(j.texts, now)
	}
	if len(j.texts) > 200 {
		j.texts = j.texts[100:]
	}
	j.bury(j.code)
	j.code, j.codeEnd, j.spent = e.Code.Reveal(), now+e.TTL, false
	j.ring, j.texted, j.textedAt = e.Ring, map[string]bool{}, j.now.Mono
	for _, owner := range e.To {
		j.texted[owner] = false
	}
}

// fourDigits says whether digits stand four in a row, which could have been typed.
func fourDigits(s string) bool {
	n := 0
	for _, c := range s {
		if n++; c < '0' || c > '9' {
			n = 0
		}
		if n == 4 {
			return true
		}
	}
	return false
}

// event sees to it that no word of an event holds digits that could have been typed.
func (j *judge) event(e Event) {
	v := reflect.ValueOf(e)
	for i := range v.NumField() {
		if f := v.Field(i); f.Kind() == reflect.String && fourDigits(f.String()) {
			j.fail("%s tells %q", e.Type, f.String())
		}
	}
	switch e.Type {
	case LockoutStarted:
		if j.failures+1 != j.cfg.Attempts || e.Wait < j.cfg.Lockout || e.Wait > j.cfg.LockoutMax {
			j.fail("a lockout of %v after %d failures", e.Wait, j.failures+1)
		}
		j.outUntil = j.now.Mono + e.Wait
	case AccessDenied:
		j.denied++
	}
}

// count follows what is typed and what it costs.
func (j *judge) count(in Input, opened, wasOut bool) {
	after := j.m.State().Failures
	key, isKey := in.(Key)
	switch {
	case isKey && key.Rune == '#' && opened && j.isCode():
		j.spent, j.failures, j.opened = true, 0, j.opened+1
	case isKey && key.Rune == '#' && opened:
		j.lastStep = j.offlineStep()
		j.bury(j.typed)
		j.failures, j.opened, j.offline = 0, j.opened+1, j.offline+1
	case isKey && key.Rune == '#' && !wasOut && !j.unseen && len(j.typed) == j.cfg.Digits && j.typed != j.code && !slices.Contains(j.dead, j.typed):
		j.failures = (j.failures + 1) % j.cfg.Attempts
	}
	if after != j.failures {
		j.fail("%d failures counted, %d made, by %#v", after, j.failures, in)
	}
	switch in := in.(type) {
	case Command:
		if opened {
			j.lastOK = in.At
		}
	case TextNews:
		if in.Ring == j.ring && j.texted != nil {
			j.texted[in.Owner] = in.State == Failed
		}
	case Fault:
		if in.Part == "twilio" {
			j.twilio = in.Standing
		}
	}
	if isKey && '0' <= key.Rune && key.Rune <= '9' {
		j.typed, j.typedAt = j.typed+string(key.Rune), j.now.Mono
		j.unseen = j.unseen || wasOut
	}
	if isKey && (key.Rune == '#' || key.Rune == '*') {
		j.typed, j.unseen = "", false
	}
}

// pass lets time go by as the shell would, a Tick at each wake; now and then the Tick is late, or the wall clock jumps.
func (j *judge) pass(span time.Duration) {
	end := j.now.Mono + span
	for {
		at, due := j.m.Wake()
		if !due || at > end {
			break
		}
		j.to(max(at, j.now.Mono))
		j.one(Tick{})
		if next, due := j.m.Wake(); due && next <= j.now.Mono {
			j.fail("the wake time stands still")
		}
	}
	j.to(end)
}

func (j *judge) to(at time.Duration) {
	j.life += at - j.now.Mono
	j.now.Wall = j.now.Wall.Add(at - j.now.Mono)
	j.now.Mono = at
	if j.open && at > j.openUntil {
		j.fail("the pulse outlived its end by %v", at-j.openUntil)
	}
	if out := j.now.Mono < j.outUntil; j.typed != "" && (at >= j.typedAt+j.cfg.IdleClear || j.unseen && !out) {
		j.typed, j.unseen = "", false
	}
}

// restart is a power cut, or a stop and start: what is in memory is lost, the strike locks, State remains.
func (j *judge) restart() {
	j.one(Tick{}) // so that State is as of now
	st := j.m.State()
	jump := time.Duration(j.rng.Int64N(int64(time.Hour)))
	old := j.now.Mono
	j.now.Mono = jump // another boot, another zero
	shift := jump - old
	j.outUntil += shift
	for i := range j.texts {
		j.texts[i] += shift
	}
	j.code, j.dead, j.spent, j.typed, j.unseen, j.open = "", nil, true, "", false, false
	j.ring, j.texted, j.twilio = 0, nil, false
	j.m = New(j.cfg, st, j.now)
	j.one(Started{"x"})
}

func (j *judge) entry() string {
	guess := fmt.Sprintf("%04d", j.rng.IntN(10_000))
	switch j.rng.IntN(8) {
	case 0, 1:
		return j.code
	case 2:
		if len(j.dead) > 0 {
			return j.dead[j.rng.IntN(len(j.dead))]
		}
	case 3, 4:
		return j.cfg.Offline.Key.Code(j.now.Wall.Unix()/30+j.rng.Int64N(5)-2, j.cfg.Digits).Reveal()
	case 5:
		return guess[:j.rng.IntN(4)] + strings.Repeat("9", j.rng.IntN(20))
	}
	return guess
}

func (j *judge) anything() {
	r := j.rng
	at := j.now.Wall.Add(time.Duration(r.Int64N(int64(30*time.Second)) - int64(15*time.Second))).Truncate(time.Microsecond)
	if r.IntN(3) == 0 {
		at = j.lastOK
	}
	switch r.IntN(20) {
	case 0, 1, 2, 3, 4, 5, 6:
		for _, k := range j.entry() + "#" {
			j.one(Key{k})
			if r.IntN(60) == 0 {
				j.pass(time.Duration(r.Int64N(int64(12 * time.Second))))
			}
		}
	case 7, 8:
		j.one(Level{Sensor: Bell, Active: true})
		j.one(Level{Sensor: Bell})
	case 9:
		j.one(Ring{})
	case 10:
		j.one(Key{rune("0123456789ABCD*"[r.IntN(15)])})
	case 11:
		j.one(Level{Sensor: []Sensor{Exit, Contact, Tamper, Bell}[r.IntN(4)], Active: r.IntN(2) == 0})
	case 12:
		j.one(Command{Method: ByMQTT, Action: []Action{Lock, Unlock, Open, Pardon, "?"}[r.IntN(5)], At: at,
			Refused: []Reason{"", "", Retained}[r.IntN(3)]})
	case 13:
		j.one(TextNews{Ring: j.ring - r.Uint64N(2), Owner: []string{"Ada", "Bob"}[r.IntN(2)], State: []TextState{Sent, Delivered, Failed}[r.IntN(3)]})
	case 14:
		j.one(Fault{Part: []string{"mqtt", "keypad", "strike", "twilio"}[r.IntN(4)], Standing: r.IntN(2) == 0})
	case 15:
		switch r.IntN(20) {
		case 0:
			j.restart()
		case 1:
			j.cfg.Offline.When = []OfflineWhen{"", OfflineFailing, OfflineAlways}[r.IntN(3)]
			j.one(Reconfigured{j.cfg})
			j.typed, j.unseen = "", false
		}
	case 16:
		years := r.IntN(3) - 1
		j.now.Wall = noon.Add(j.life-time.Duration(r.Int64N(int64(2*time.Minute)))).AddDate(years, 0, 0)
		j.now.Synced = r.IntN(4) > 0
		if years > 0 { // an offline code that opens then ends all others for a year
			j.now.Synced = r.IntN(1000) == 0
		}
	default:
		j.pass(time.Duration(r.Int64N(int64([]time.Duration{time.Second, time.Minute, 10 * time.Minute, time.Hour}[r.IntN(4)]))))
	}
}

// TestTheRulesHold is the long random run. With -steps it is as long as asked for; with -seed it is another one.
func TestTheRulesHold(t *testing.T) {
	cfg := rules()
	cfg.Digits, cfg.Attempts, cfg.Lockout, cfg.LockoutMax = 4, 4, time.Minute, 2*time.Hour
	cfg.Owners = append(cfg.Owners, Owner{Name: "Bob", Quiet: Hours{22 * 60, 7 * 60}})
	cfg.PerHour, cfg.PerDay = 9, 70
	cfg.Offline = Offline{OfflineAlways, otp.NewTOTP()}
	j := &judge{t: t, cfg: cfg, now: Instant{Wall: noon}, rng: rand.New(rand.NewPCG(*seed, 0))}
	j.m = New(cfg, State{}, j.now)
	j.one(Started{"x"})
	n := 0
	for ; n < *steps; n++ {
		j.anything()
	}
	t.Logf("%d steps, %v of the door's life, opened by code %d times, %d of them by an offline code, %d entries refused", n,
		j.life.Round(time.Hour), j.opened, j.offline, j.denied)
	if n >= 100_000 && (j.opened-j.offline < n/5000 || j.offline < n/1000 || j.denied < n/1000) {
		t.Errorf("the run is not a test: opened %d times, %d of them by an offline code, refused %d", j.opened, j.offline, j.denied)
	}
}

var fuzzKey, _ = otp.ParseTOTP("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")

// FuzzTheRulesHold lets the fuzzer choose what happens.
func FuzzTheRulesHold(f *testing.F) {
	f.Add([]byte("\x00\x10\x20\x30"))
	f.Add([]byte(strings.Repeat("\x07\x00\xff", 40)))
	f.Fuzz(func(t *testing.T, data []byte) {
		cfg := rules()
		cfg.Digits = 4
		cfg.Offline = Offline{OfflineFailing, fuzzKey}
		j := &judge{t: t, cfg: cfg, now: Instant{Wall: noon}, rng: rand.New(&bytesSource{data: data})}
		j.m = New(cfg, State{}, j.now)
		j.one(Started{"x"})
		for range min(len(data), 400) {
			j.anything()
		}
	})
}

// bytesSource makes the fuzzer's bytes the source of every choice.
type bytesSource struct {
	data []byte
	n    int
}

func (s *bytesSource) Uint64() uint64 {
	v := uint64(s.n)
	for range 8 {
		v = v<<8 | v>>56
		if len(s.data) > 0 {
			v ^= uint64(s.data[s.n%len(s.data)])
		}
		s.n++
	}
	return v * 0x9e3779b97f4a7c15
}
