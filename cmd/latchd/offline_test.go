package main

import (
	"bufio"
	"context"
	"image"
	"image/color"
	"image/png"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"rsc.io/qr"

	"latchd/configs"
	"latchd/lock"
	"latchd/otp"
)

const rfcSecret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" // of the test vectors of RFC 6238

// seen returns the picture as a person sees it: rows of modules, true where it is dark.
func seen(t *testing.T, picture string) (rows [][]bool) {
	t.Helper()
	for line := range strings.Lines(picture) {
		line, ink := strings.CutPrefix(strings.TrimSuffix(line, "\n"), inkOnPaper)
		line, off := strings.CutSuffix(line, inkOff)
		if !ink || !off {
			t.Fatalf("a line that keeps the terminal's colours, or changes them for good: %q", line)
		}
		var upper, lower []bool
		for _, c := range line {
			upper = append(upper, c == '█' || c == '▀')
			lower = append(lower, c == '█' || c == '▄')
		}
		rows = append(rows, upper, lower)
	}
	return rows
}

func TestThePictureIsTheCodeWithAnEdge(t *testing.T) {
	const text = "otpauth://totp/latchd:Front%20door?secret=" + rfcSecret + "&issuer=latchd"
	picture, err := drawQR(text)
	if err != nil {
		t.Fatal(err)
	}
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		t.Fatal(err)
	}
	rows := seen(t, picture)
	if len(rows) < code.Size+2*4 {
		t.Fatalf("%d rows for a code of %d", len(rows), code.Size)
	}
	for y, row := range rows {
		if len(row) != code.Size+2*4 {
			t.Fatalf("row %d has %d modules", y, len(row))
		}
		for x, dark := range row {
			if dark != code.Black(x-4, y-4) {
				t.Fatalf("at %d, %d: dark %v", x, y, dark)
			}
		}
	}
	if lines := len(rows) / 2; lines > 23 || len(rows[0]) > 80 {
		t.Errorf("%d lines of %d do not fit a small terminal with the question below", lines, len(rows[0]))
	}
}

// TestAReaderReadsThePicture gives the picture to zbarimg, of Debian's zbar-tools, as a phone's camera would get it.
func TestAReaderReadsThePicture(t *testing.T) {
	if _, err := exec.LookPath("zbarimg"); err != nil {
		t.Skip("zbarimg is not installed here (Debian: zbar-tools)")
	}
	key, err := otp.ParseTOTP(rfcSecret)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		door   string
		digits int
		want   string
	}{
		{"Front door", 6, "otpauth://totp/latchd:Front%20door?secret=" + rfcSecret + "&issuer=latchd"},
		{"Hof & Küche?: 1+1", 8, "otpauth://totp/latchd:Hof%20%26%20K%C3%BCche%3F%3A%201%2B1?secret=" + rfcSecret + "&issuer=latchd&digits=8"},
	} {
		picture, err := drawQR(keyURI(key, c.door, c.digits))
		if err != nil {
			t.Fatal(err)
		}
		const scale = 4 // dots a module
		rows := seen(t, picture)
		img := image.NewGray(image.Rect(0, 0, scale*len(rows[0]), scale*len(rows)))
		for y := range img.Rect.Dy() {
			for x := range img.Rect.Dx() {
				if !rows[y/scale][x/scale] {
					img.SetGray(x, y, color.Gray{Y: 255})
				}
			}
		}
		file := filepath.Join(t.TempDir(), "qr.png")
		f, err := os.Create(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := png.Encode(f, img); err != nil {
			t.Fatal(err)
		}
		f.Close()
		out, err := exec.CommandContext(t.Context(), "zbarimg", "--quiet", "--raw", file).Output()
		if err != nil {
			t.Fatalf("zbarimg: %v", err)
		}
		if got := strings.TrimSpace(string(out)); got != c.want {
			t.Errorf("read as %s\nwant %s", got, c.want)
		}
	}
}

// owner enrols an app as a person would: reads what is printed, and types.
type owner struct {
	t      *testing.T
	says   chan<- string
	screen *bufio.Reader
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
	return &owner{t: t, says: lines, screen: bufio.NewReader(r), ended: said}
}

// sees reads on to what matches.
func (o *owner) sees(pattern string) string {
	o.t.Helper()
	want := regexp.MustCompile(pattern)
	var text strings.Builder
	for !want.MatchString(text.String()) {
		b, err := o.screen.ReadByte()
		if err != nil {
			o.t.Fatalf("the screen ended before %q", pattern)
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
	o.sees(`about 7m0s behind this machine's`)
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
