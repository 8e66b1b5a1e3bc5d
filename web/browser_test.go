package web

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
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

// openBrowser returns a browser's tab, or skips the test where there is no browser.
func openBrowser(t *testing.T) context.Context {
	t.Helper()
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("no chromium on this machine: the page is not tried in a browser")
	}
	flags := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium), chromedp.UserDataDir(t.TempDir()),
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true))
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
	return chromedp.Steps(chromedp.EmulateViewport(l.width, l.height), chromedp.Func(func(ctx context.Context, t *target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, media)
		return err
	}))
}

// picture takes one when nothing moves any more, and finds what would make the page scroll sideways.
func (l look) picture(dir, name string) step {
	still := chromedp.Poll[chromedp.Void](`document.getAnimations().every(a => a.playState !== "running")`)
	return chromedp.Func(func(ctx context.Context, t *target) error {
		if _, err := still(ctx, t); err != nil {
			return err
		}
		if wide, err := chromedp.Evaluate[bool](`document.documentElement.scrollWidth > innerWidth`)(ctx, t); err != nil || wide {
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

func TestAVisitorRingsReadsTypesAndComesInAndAGuesserIsLockedOut(t *testing.T) {
	tab := openBrowser(t)
	dir := *screenshots
	if dir == "" {
		dir = t.TempDir()
	}
	for _, l := range looks {
		t.Run(l.name, func(t *testing.T) {
			h := newHouse(false)
			server := httptest.NewServer(h.demo.Handler())
			defer server.Close()
			defer h.demo.Close() // first: it ends the streams
			for _, s := range []struct {
				name string
				do   []step
			}{
				{"the page opens", []step{l.set(), chromedp.Navigate(server.URL),
					sees(`body[data-link=live][data-lock=LOCKED] #bell`), says("idle", "Ring for a code."), l.picture(dir, "idle")}},
				{"b rings the bell, and a text arrives", []step{chromedp.KeyEvent("b"),
					sees(`#phone .bubble [data-code="` + rightCode + `"]`), sees(`#code`), l.picture(dir, "texted")}},
				{"digits show as dots", []step{chromedp.KeyEvent("48091"), sees(`#display[data-typed="5"]`), wordless("#display")}},
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
					sees(`#pad[data-lockout] #lockout`), says("bad", "Too many wrong codes."), l.picture(dir, "lockout")}},
				{"the stream shows it as retained", []step{
					sees(`#mqtt .message[data-topic="latchd/front/lockout/state"][data-retained=true]`)}},
			} {
				began := time.Now()
				ctx, cancel := context.WithTimeout(tab, 30*time.Second)
				err := chromedp.Do(ctx, s.do...)
				t.Log(s.name, time.Since(began))
				cancel()
				if err != nil {
					t.Fatalf("%s: %v", s.name, err)
				}
			}
		})
	}
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
