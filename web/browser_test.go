package web

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"go.uber.org/goleak"
)

var screenshots = flag.String("screenshots", "", "folder for the browser test's pictures; empty: a temporary one")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type (
	step   = chromedp.Action[chromedp.Void]
	target = chromedp.Target
)

// underRace says whether the race detector is at work: with it, a browser's tests take minutes.
var underRace bool

// openBrowser returns a browser's tab, or skips the test where there is no browser.
func openBrowser(t *testing.T) context.Context {
	t.Helper()
	if underRace {
		t.Skip("the pages are tried in a browser without the race detector: what they do to the server is tried without them")
	}
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("no chromium on this machine: the page is not tried in a browser")
	}
	flags := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium), chromedp.UserDataDir(t.TempDir()),
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true), chromedp.WSURLReadTimeout(time.Minute))
	ctx, stop := chromedp.NewExecAllocator(context.Background(), flags...)
	t.Cleanup(stop)
	tab, _ := chromedp.NewContext(ctx)
	t.Cleanup(func() {
		if err := chromedp.Cancel(tab); err != nil {
			t.Errorf("closing the browser: %v", err)
		}
	})
	if err := chromedp.Do(tab); err != nil {
		t.Fatalf("starting %s: %v", chromium, err)
	}
	return tab
}

// look is a way to look at the page.
type look struct {
	name          string
	width, height int64
	scheme        string
	motion        string
}

var looks = []look{
	{"wide-dark", 1280, 800, "dark", "no-preference"},
	{"wide-light", 1280, 800, "light", "reduce"},
	{"phone-dark", 390, 844, "dark", "reduce"},
	{"phone-light", 390, 844, "light", "reduce"},
}

func (l look) set() step {
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: l.scheme}, {Name: "prefers-reduced-motion", Value: l.motion}}}
	emulate := func(ctx context.Context, t *target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, media)
		return err
	}
	return chromedp.Steps(chromedp.EmulateViewport(l.width, l.height), chromedp.Func(emulate))
}

// picture takes one when nothing moves any more, and finds what would make the page scroll sideways.
func (l look) picture(dir, name string) step {
	wider := chromedp.Evaluate[bool](`document.documentElement.scrollWidth > innerWidth`)
	still := chromedp.Poll[chromedp.Void](`document.getAnimations().every(a => a.playState !== "running")`)
	return chromedp.Func(func(ctx context.Context, t *target) error {
		if _, err := still(ctx, t); err != nil {
			return err
		}
		if wide, err := wider(ctx, t); err != nil || wide {
			return errors.Join(err, fmt.Errorf("scrolls sideways: %t", wide))
		}
		png, err := chromedp.CaptureScreenshot()(ctx, t)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, l.name+"-"+name+".png"), png, 0o644)
	})
}

// sees waits until the page holds what the query selects.
func sees(query string) step { return chromedp.WaitVisible(chromedp.CSS(query)) }

// says waits for an answer at the door.
func says(kind, text string) step {
	return chromedp.PollFunction[chromedp.Void](`(kind, text) => {
		const a = document.querySelector("#answer");
		return a.dataset.kind === kind && a.textContent === text
	}`, chromedp.WithPollingArgs(kind, text))
}

func clicks(query string) step { return chromedp.Click(chromedp.CSS(query)) }

func call(f func()) step {
	return chromedp.Func(func(context.Context, *target) error { f(); return nil })
}

// scene is what happens to the page and what it must come to show.
type scene struct {
	name string
	do   []step
}

func play(t *testing.T, tab context.Context, scenes []scene) {
	t.Helper()
	for _, s := range scenes {
		ctx, cancel := context.WithTimeout(tab, time.Minute)
		err := chromedp.Do(ctx, s.do...)
		cancel()
		if err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
	}
}

func pictures(t *testing.T) string {
	if *screenshots == "" {
		return t.TempDir()
	}
	return *screenshots
}

func TestAVisitorRingsReadsTypesAndComesInAndAGuesserIsLockedOut(t *testing.T) {
	tab, dir := openBrowser(t), pictures(t)
	for _, l := range looks {
		t.Run(l.name, func(t *testing.T) {
			h := newHouse(false)
			server := httptest.NewServer(site(h.demo))
			defer server.Close()
			defer h.demo.Close() // first: it ends the streams
			play(t, tab, []scene{
				{"the page opens", []step{l.set(), chromedp.Navigate(server.URL),
					sees(`body[data-link=live][data-lock=LOCKED] #bell`), says("idle", "Ring for a code."), l.picture(dir, "idle")}},
				{"b rings the bell, and a text arrives", []step{chromedp.KeyEvent("b"),
					sees(`#phone .bubble [data-code="` + rightCode + `"]`), sees(`#code`), l.picture(dir, "texted")}},
				{"digits show as dots", []step{chromedp.KeyEvent("48091"), sees(`#display[data-typed="5"]`), wordless("#display"),
					l.picture(dir, "typing")}},
				{"the right code opens the door", []step{chromedp.KeyEvent("3" + kb.Enter),
					sees(`body[data-lock=UNLOCKED] #door[data-state=open]`), says("good", "Welcome. Come in."), l.picture(dir, "open")}},
				{"the door closes after the pulse", []step{call(h.relock), sees(`body[data-lock=LOCKED] #door[data-state=closed]`)}},
				{"a click on the phone types the code again, which is used", []step{clicks(`#phone .bubble .code`),
					says("bad", "Already used. Ring for a new code.")}},
				{"too few digits are no code", []step{clicks(`[data-key="7"]`), clicks(`[data-key="#"]`),
					says("bad", "Not a code: a code has 6 digits.")}},
				{"a wrong code says how many tries are left", []step{chromedp.KeyEvent("111111" + kb.Enter),
					says("bad", "Wrong code. 2 tries left."), l.picture(dir, "wrong")}},
				{"the third one locks the keypad", []step{chromedp.KeyEvent("111111" + kb.Enter + "111111" + kb.Enter),
					sees(`#pad[data-lockout] #lockout`), says("bad", "Too many wrong codes. Locked out for 10 minutes."), l.picture(dir, "lockout")}},
				{"the stream shows it as retained", []step{
					sees(`#mqtt .message[data-topic="latchd/front/lockout/state"][data-retained=true]`)}},
			})
		})
	}
}

func TestADoorWithAContactIsPushedAndALostDaemonComesBack(t *testing.T) {
	tab, dir, l := openBrowser(t), pictures(t), looks[0]
	h := newHouse(true)
	var away atomic.Bool
	handler := site(h.demo)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if away.Load() {
			panic(http.ErrAbortHandler)
		}
		handler.ServeHTTP(w, r)
	}))
	defer server.Close()
	defer h.demo.Close() // first: it ends the streams
	play(t, tab, []scene{
		{"a locked door does not give way", []step{l.set(), chromedp.Navigate(server.URL),
			sees(`body[data-link=live]`), clicks(`#push`), says("bad", "The door is locked.")}},
		{"the exit button lets the visitor through, who shuts the door", []step{clicks(`#exit`), doorMoved(2),
			sees(`#door[data-state=closed]`), call(h.relock)}},
		{"force opens it too", []step{sees(`body[data-lock=LOCKED]`), clicks(`#force`), sees(`#door[data-state=open]`),
			l.picture(dir, "contact"), clicks(`#push`), sees(`#door[data-state=closed]`)}},
		{"the filter keeps what is asked for", []step{chromedp.SendKeys(chromedp.CSS(`#filter`), "door/state"),
			sees(`.message[data-topic="latchd/front/door/state"]`),
			chromedp.WaitNotVisible(chromedp.CSS(`.message[data-topic="latchd/front/availability"]`))}},
		{"digits go into it too", []step{chromedp.SendKeys(chromedp.CSS(`#filter`), "123")}},
		{"the page says that the daemon is gone", []step{call(func() { away.Store(true); server.CloseClientConnections() }),
			sees(`body[data-link=lost]`), l.picture(dir, "lost")}},
		{"and goes on when it is back", []step{call(func() { away.Store(false) }), sees(`body[data-link=live]`)}},
	})
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.typed != "" {
		t.Error("what was typed into the filter reached the keypad")
	}
}

// doorMoved waits until the stream has shown the door's leaf move n times.
func doorMoved(n int) step {
	return chromedp.PollFunction[chromedp.Void](
		`n => document.querySelectorAll('.message[data-topic="latchd/front/door/state"]').length === n`,
		chromedp.WithPollingArgs(n))
}

// wordless fails when the element shows any character.
func wordless(query string) step {
	return chromedp.Func(func(ctx context.Context, t *target) error {
		text, err := chromedp.TextContent(chromedp.CSS(query))(ctx, t)
		if err == nil && text != "" {
			err = fmt.Errorf("%s shows %d characters", query, len(text))
		}
		return err
	})
}
