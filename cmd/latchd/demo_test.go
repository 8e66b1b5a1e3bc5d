package main

import (
	"bufio"
	"context"
	"flag"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

var screenshots = flag.String("screenshots", "", "folder for the demo's pictures; empty: a temporary one")

// startDemo runs the demo in this process and returns its address.
func startDemo(t *testing.T) string {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	out, stdout := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := runDemo(ctx, "127.0.0.1:0", stdout, slog.New(slog.DiscardHandler))
		stdout.CloseWithError(err)
		ended <- err
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the demo ended with %v", err)
		}
	})
	lines := bufio.NewReader(out)
	first, err := lines.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	go io.Copy(io.Discard, lines)
	return strings.TrimSpace(first)
}

func TestTheDemosFirstLineIsItsAddress(t *testing.T) {
	address := startDemo(t)
	resp, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK || !strings.Contains(string(page), "<title>latchd") {
		t.Errorf("%s: %v, %v", address, resp.Status, err)
	}
}

// TestTheDemoInABrowser rings, reads the phone, types and sees the door open, then types three wrong codes and sees the
// lockout: the real daemon behind a real page.
func TestTheDemoInABrowser(t *testing.T) {
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("no chromium on this machine: the demo is not tried in a browser")
	}
	dir := *screenshots
	if dir == "" {
		dir = t.TempDir()
	}
	address := startDemo(t)
	browser, stop := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium), chromedp.UserDataDir(t.TempDir()), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.WSURLReadTimeout(time.Minute))...)
	defer stop()
	tab, _ := chromedp.NewContext(browser)
	defer chromedp.Cancel(tab)
	if err := chromedp.Do(tab); err != nil { // or the first scene's end would be the browser's
		t.Fatal(err)
	}

	sees := func(query string) chromedp.Action[chromedp.Void] { return chromedp.WaitVisible(chromedp.CSS(query)) }
	shot := func(name string) chromedp.Action[chromedp.Void] {
		return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
			still := chromedp.Poll[chromedp.Void](`document.getAnimations().every(a => a.playState !== "running" || a.effect.getTiming().iterations === Infinity)`)
			if _, err := still(ctx, target); err != nil {
				return err
			}
			png, err := chromedp.CaptureScreenshot()(ctx, target)
			if err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644)
		})
	}
	dusk := chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}})
		return err
	})
	// until does something again and again until it shows: a busy machine can sleep through a finger's tap of 80 ms.
	until := func(query string, do chromedp.Action[chromedp.Void]) chromedp.Action[chromedp.Void] {
		return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
			for {
				if _, err := do(ctx, target); err != nil {
					return err
				}
				soon, cancel := context.WithTimeout(ctx, 4*time.Second)
				_, err := sees(query)(soon, target)
				cancel()
				if err == nil || ctx.Err() != nil {
					return err
				}
			}
		})
	}
	for _, scene := range []struct {
		name string
		do   []chromedp.Action[chromedp.Void]
	}{
		{"the page opens on a locked door", []chromedp.Action[chromedp.Void]{chromedp.EmulateViewport(1280, 800), dusk,
			chromedp.Navigate(address), sees(`body[data-link="live"][data-lock="LOCKED"]`)}},
		{"a ring brings a text", []chromedp.Action[chromedp.Void]{chromedp.Click(chromedp.CSS("#bell")),
			sees("#phone .bubble .code"), sees("#code"), shot("texted")}},
		{"the code opens the door", []chromedp.Action[chromedp.Void]{
			until(`body[data-lock="UNLOCKED"]`, chromedp.Click(chromedp.CSS("#phone .bubble .type"))), sees(`#door[data-state="open"]`), sees(`#answer[data-kind="good"]`), shot("open")}},
		{"home automation hears of it", []chromedp.Action[chromedp.Void]{
			sees(`#mqtt .message[data-topic="latchd/demo/access"]`), sees(`body[data-lock="LOCKED"]`)}},
		{"three wrong codes lock the keypad", []chromedp.Action[chromedp.Void]{
			until("#pad[data-lockout]", chromedp.KeyEvent("000000\r")), sees("#lockout"), shot("lockout")}},
	} {
		ctx, cancel := context.WithTimeout(tab, time.Minute)
		err := chromedp.Do(ctx, scene.do...)
		cancel()
		if err != nil {
			t.Fatalf("%s: %v", scene.name, err)
		}
	}
}

func TestTheDemosTwilioCanBeToldToFail(t *testing.T) {
	address := startDemo(t)
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	defer stop()
	ask := func(method, path, form string) *http.Response {
		r, err := http.NewRequestWithContext(ctx, method, address+path, strings.NewReader(form))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { resp.Body.Close() })
		return resp
	}
	for mood := range moods {
		if resp := ask("POST", "twilio", "mood="+mood); resp.StatusCode != http.StatusNoContent {
			t.Errorf("mood %s: %s", mood, resp.Status)
		}
	}
	ask("POST", "twilio", "mood=refuse")
	stream := bufio.NewScanner(ask("GET", "panel/stream", "").Body)
	hear := func(words ...string) {
		t.Helper()
		for stream.Scan() {
			if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(stream.Text(), w) }) {
				return
			}
		}
		t.Fatalf("the page was not told of %v: %v", words, stream.Err())
	}
	hear("daemon.started") // before that nobody looks at the bell
	ask("POST", "panel/bell", "")
	hear("code.failed", "unsubscribed")
}
