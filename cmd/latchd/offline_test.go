package main

import (
	"bufio"
	"context"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"latchd/configs"
	"latchd/lock"
	"latchd/otp"
)

const rfcSecret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" // of the test vectors of RFC 6238

// owner enrols an app as a person would: reads what is printed, and types.
type owner struct {
	t      *testing.T
	says   chan<- string
	shown  *io.PipeReader
	screen *bufio.Reader // of what is shown
	key    otp.TOTP
	ended  chan error
}

func newOwner(ctx context.Context, t *testing.T, path string, replace bool) *owner {
	lines, said := make(chan string), make(chan error, 1)
	r, w := io.Pipe()
	go func() {
		err := enrolment{lines: lines, out: w, door: "Front door", digits: 6, path: path, replace: replace}.run(ctx)
		w.Close()
		said <- err
	}()
	return &owner{t: t, says: lines, shown: r, screen: bufio.NewReader(r), ended: said}
}

// sees reads on to what matches.
func (o *owner) sees(pattern string) string {
	o.t.Helper()
	want := regexp.MustCompile(pattern)
	late := time.AfterFunc(patience, func() { o.shown.Close() })
	defer late.Stop()
	var text strings.Builder
	for !want.MatchString(text.String()) {
		b, err := o.screen.ReadByte()
		if err != nil {
			o.t.Fatalf("the screen ended before %q: %v", pattern, err)
		}
		text.WriteByte(b)
	}
	return want.FindString(text.String())
}

// scans takes the key in.
func (o *owner) scans() {
	o.t.Helper()
	key, err := otp.ParseTOTP(strings.ReplaceAll(strings.TrimSpace(o.sees(`\n +([A-Z2-7]{4} ){7}[A-Z2-7]{4}\n`)), " ", ""))
	if err != nil {
		o.t.Fatal(err)
	}
	o.key = key
}

func (o *owner) types(at time.Time) {
	o.t.Helper()
	o.sees(`The code that the app shows: $`)
	select {
	case o.says <- o.key.Code(otp.Step(at), 6).Reveal():
	case <-time.After(patience):
		o.t.Fatal("nobody reads the code")
	}
}

// end returns how it ended, and reads the screen to its end meanwhile.
func (o *owner) end() error {
	o.t.Helper()
	io.Copy(io.Discard, o.screen)
	select {
	case err := <-o.ended:
		return err
	case <-time.After(patience):
		o.t.Fatal("the enrolment does not end")
		return nil
	}
}

func TestEnrollingAnApp(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "offline-code")
	holds := func(key otp.TOTP) {
		t.Helper()
		files, err := os.ReadDir(dir)
		if err != nil || len(files) != 1 {
			t.Fatalf("%v, %v: want the secret alone", files, err)
		}
		if info, err := files[0].Info(); err != nil || info.Mode() != 0o600 {
			t.Errorf("mode %v, %v", info.Mode(), err)
		}
		b, err := os.ReadFile(path)
		if err != nil || string(b) != key.Reveal()+"\n" {
			t.Errorf("the file does not hold the key that was shown, %v", err)
		}
	}

	o := newOwner(t.Context(), t, path, false)
	o.scans()
	o.types(time.Now().Add(-7 * time.Minute))
	o.sees(`about [78]m0s behind this machine's`) // the next period may have begun since
	o.types(time.Now().Add(time.Hour))
	o.sees(`about 1h0m0s ahead of this machine's`)
	if files, _ := os.ReadDir(dir); len(files) > 0 {
		t.Errorf("%v is there before the proof", files)
	}
	o.types(time.Now())
	if err := o.end(); err != nil {
		t.Fatal(err)
	}
	holds(o.key)

	again := newOwner(t.Context(), t, path, false)
	if err := again.end(); err == nil || !strings.Contains(err.Error(), "--replace") {
		t.Errorf("a second enrolment ended with %v", err)
	}
	holds(o.key)

	ctx, breakOff := context.WithCancel(t.Context())
	broken := newOwner(ctx, t, path, true)
	broken.scans()
	broken.sees(`app shows: $`)
	breakOff()
	if err := broken.end(); err == nil || !strings.Contains(err.Error(), "nothing has been written") {
		t.Errorf("broken off, it ended with %v", err)
	}
	holds(o.key)

	empty := newOwner(t.Context(), t, path, true)
	go func() {
		for range maxRounds {
			empty.says <- ""
		}
	}()
	if err := empty.end(); err == nil || !strings.Contains(err.Error(), "none of 10 codes was right: nothing has been written") {
		t.Errorf("with empty lines, it ended with %v", err)
	}
	holds(o.key)

	next := newOwner(t.Context(), t, path, true)
	next.scans()
	next.types(time.Now())
	if err := next.end(); err != nil {
		t.Fatal(err)
	}
	holds(next.key)
}

// TestAnOfflineCodeOpensWhenNoTextArrives plays a door whose texts fail, on a machine whose clock is right.
func TestAnOfflineCodeOpensWhenNoTextArrives(t *testing.T) {
	t.Setenv("LATCHD_OFFLINE_CODE", rfcSecret)
	t.Setenv(testClock, "synced")
	key, err := otp.ParseTOTP(rfcSecret)
	if err != nil {
		t.Fatal(err)
	}
	code := func(periods int64) string { return key.Code(otp.Step(time.Now())+periods, 6).Reveal() }

	r := newRig(t)
	config, err := os.ReadFile(r.config)
	if err != nil {
		t.Fatal(err)
	}
	failing := string(config) + "[offline]\ncode = \"failing\"\n[code]\nattempts = 10\nttl = \"30s\"\n"
	r.write(failing)
	r.startBroker()
	r.start()
	r.await("availability", "online")

	r.fingers("bell")
	texted := r.code()
	r.await("event", "code.delivered")
	r.types(code(0), "denied")
	r.types(texted, "granted")

	r.twilio.Close()
	r.fingers("bell")
	r.await("event", "code.failed")
	used := code(0)
	r.types(used, "granted", `"method":"code"`, `"detail":"offline code"`)
	r.await("lock/state", "UNLOCKED")
	r.types(used, "denied", `"reason":"used"`)

	next := code(1)
	r.write(strings.Replace(failing, `"failing"`, `"off"`, 1))
	r.signal(syscall.SIGHUP)
	r.untilLogged("the configuration has been read again")
	r.types(next, "denied")

	r.write(failing)
	r.signal(syscall.SIGKILL)
	r.start()
	r.await("event", "daemon.started")
	r.await("event", "fault.raised", `"part":"twilio"`)
	r.types(used, "denied", `"reason":"no_code"`)
	r.types(next, "granted", `"detail":"offline code"`)
	r.nothingSecret(rfcSecret, used, next)
}

func TestADoorWithoutTheAppsSecretSaysSo(t *testing.T) {
	env := map[string]string{}
	h := &house{houseOptions: houseOptions{secrets: configs.Secrets{Getenv: func(name string) string { return env[name] }}}}
	cfg := configs.Default()
	for _, c := range []struct {
		mode, secret string
		want         string // of the fault; "": none
	}{
		{"off", "", ""},
		{"failing", "", "not found"},
		{"always", "GEZDGNBV", "40 bits are too few"},
		{"always", rfcSecret, ""},
	} {
		cfg.Offline.Code, env["LATCHD_OFFLINE_CODE"] = c.mode, c.secret
		h.early = nil
		rules := h.rules(&cfg)
		if len(h.early) != 1 {
			t.Fatalf("%s: posted %v", c.mode, h.early)
		}
		f := h.early[0].(lock.Fault)
		if f.Part != "offline" || f.Standing != (c.want != "") || !strings.Contains(f.Detail, c.want) {
			t.Errorf("%s: %+v, want %q", c.mode, f, c.want)
		}
		if has := !rules.Offline.Key.IsZero(); has != (c.secret == rfcSecret) {
			t.Errorf("%s: has a secret: %v", c.mode, has)
		}
	}
}
