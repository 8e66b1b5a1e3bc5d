package web

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"sync/atomic"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"latchd/lock"
)

// serveAt serves at an address, "127.0.0.1:0" for any that is free.
func serveAt(t *testing.T, address string, h http.Handler) *httptest.Server {
	t.Helper()
	at, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(h)
	s.Listener.Close()
	s.Listener = at
	s.Start()
	return s
}

// reads has the browser prefer a language.
func reads(language string) step {
	return chromedp.Func(func(ctx context.Context, t *target) error {
		_, err := cdp.Call(ctx, t, emulation.SetUserAgentOverride,
			emulation.SetUserAgentOverrideParams{UserAgent: "Mozilla/5.0 (X11; Linux aarch64) Chrome/140.0", AcceptLanguage: language})
		return err
	})
}

func touches(queries ...string) step {
	var all []step
	for _, q := range queries {
		all = append(all, chromedp.Tap(chromedp.CSS(q)))
	}
	return chromedp.Steps(all...)
}

// keyed taps keys of the pad.
func keyed(keys string) step {
	var all []string
	for _, k := range keys {
		all = append(all, `[data-key="`+string(k)+`"]`)
	}
	return touches(all...)
}

// fits fails when the page would scroll, or when something to touch is smaller than 48 pixels or lies outside.
func fits() step {
	small := chromedp.Evaluate[string](`[...document.querySelectorAll("button")].filter(b => b.offsetParent).map(b => {
		const r = b.getBoundingClientRect();
		return Math.min(r.width, r.height) < 48 || r.top < 0 || r.left < 0 || r.bottom > innerHeight || r.right > innerWidth
			? b.outerHTML.slice(0, 60) + JSON.stringify(r) : "";
	}).join("") + (document.documentElement.scrollHeight > innerHeight ? "scrolls" : "")`)
	return chromedp.Func(func(ctx context.Context, t *target) error {
		bad, err := small(ctx, t)
		if err == nil && bad != "" {
			err = &misfit{bad}
		}
		return err
	})
}

type misfit struct{ what string }

func (m *misfit) Error() string { return "does not fit: " + m.what }

var panelLooks = []look{
	{"panel-800x480-dark", 800, 480, "dark", "reduce"},
	{"panel-480x800-light", 480, 800, "light", "reduce"},
	{"panel-1024x600-light", 1024, 600, "light", "no-preference"},
	{"panel-390x844-dark", 390, 844, "dark", "reduce"},
}

func TestAVisitorComesInByTouchInTheirLanguage(t *testing.T) {
	tab, dir := openBrowser(t), pictures(t)
	for i, words := range []struct{ lang, idle, wrong, open, used, many string }{
		{"en", "Ring for a code.", "Wrong code. 2 tries left.", "Welcome. Come in.", "Already used. Ring for a new code.", "Too many wrong codes. Locked out for 10 minutes."},
		{"de", "Für einen Code bitte klingeln.", "Falscher Code. Noch 2 Versuche.", "Willkommen. Bitte eintreten.",
			"Schon benutzt. Bitte für einen neuen Code klingeln.", "Zu viele falsche Codes. Für 10 Minuten gesperrt."},
		{"fr", "Sonnez pour recevoir un code.", "Code incorrect. Encore 2 essais.", "Bienvenue. Entrez.",
			"Code déjà utilisé. Sonnez pour en recevoir un autre.", "Trop de codes incorrects. Clavier bloqué pour 10 minutes."},
		{"es", "Llame al timbre para recibir un código.", "Código incorrecto. Quedan 2 intentos.", "Código correcto. Pase.",
			"Código ya usado. Llame para pedir otro.", "Demasiados códigos incorrectos. Bloqueado por 10 minutos."},
	} {
		t.Run(words.lang, func(t *testing.T) {
			h, l := newHouse(false), panelLooks[i]
			server := httptest.NewServer(Site{Panel: h.demo.Panel}.Handler())
			defer server.Close()
			defer h.demo.Close() // first: it ends the streams
			play(t, tab, []scene{
				{"/ leads to the panel, in the visitor's language", []step{l.set(), reads(words.lang + "-" + words.lang),
					chromedp.Navigate(server.URL), sees(`html[lang=` + words.lang + `] body[data-link=live][data-lock=LOCKED] #bell`),
					says("idle", words.idle), chromedp.WaitNotVisible(chromedp.CSS(`#resend`)), fits(), l.picture(dir, "idle")}},
				{"the bell brings a code, and a new one has to wait", []step{touches(`#bell`), sees(`#code`), sees(`#text[data-state=sent]`),
					sees(`#resend:disabled`), fits(), l.picture(dir, "texted")}},
				{"a new code is to be had after the wait", []step{call(h.rested), sees(`#resend:enabled`), touches(`#resend`),
					sees(`#resend:disabled`), sees(`#code`)}},
				{"a wrong one is refused", []step{keyed("111111#"), says("bad", words.wrong), l.picture(dir, "wrong")}},
				{"what was typed is cleared", []step{keyed("22"), sees(`#display[data-typed="2"]`), wordless("#display"), keyed("*"),
					sees(`#display[data-typed="0"]`)}},
				{"the right one opens", []step{keyed(rightCode + "#"), sees(`body[data-lock=UNLOCKED]`), says("good", words.open),
					l.picture(dir, "open")}},
				{"once", []step{call(h.relock), keyed(rightCode + "#"), says("bad", words.used)}},
				{"three wrong ones lock the keypad", []step{keyed("111111#111111#111111#"), sees(`#pad[data-lockout] #lockout`),
					says("bad", words.many), fits(), l.picture(dir, "lockout")}},
			})
		})
	}
}

// deaf cuts the stream, and lets presses through.
type deaf struct {
	http.Handler
	cut atomic.Bool
}

func (d *deaf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if d.cut.Load() && r.URL.Path == "/panel/stream" {
		panic(http.ErrAbortHandler)
	}
	d.Handler.ServeHTTP(w, r)
}

func TestThePanelOutlivesTheDaemon(t *testing.T) {
	tab, dir, l := openBrowser(t), pictures(t), panelLooks[0]
	h := newHouse(false)
	way := &deaf{Handler: Site{Panel: h.demo.Panel}.Handler()}
	server := serveAt(t, "127.0.0.1:0", way)
	address := server.Listener.Addr().String()
	stop := func() {
		h.demo.Close() // first: it ends the streams
		server.CloseClientConnections()
		server.Close()
	}
	defer func() { stop() }()
	play(t, tab, []scene{
		{"keys work", []step{l.set(), reads("en"), chromedp.Navigate(server.URL + "/panel/"), sees(`body[data-link=live]`),
			chromedp.Evaluate[chromedp.Void](`void (window.same = true)`), chromedp.KeyEvent("b"), sees(`#code`), chromedp.KeyEvent("12"),
			sees(`#display[data-typed="2"]`)}},
		{"with the focus on a key, enter presses that one", []step{chromedp.KeyEvent(kb.Escape + kb.Tab + kb.Tab), sees(`[data-key="1"]:focus`),
			chromedp.KeyEvent(kb.Enter), sees(`#display[data-typed="1"]`)}},
		{"what it shows is stale, and nothing can be pressed", []step{call(func() { way.cut.Store(true); server.CloseClientConnections() }),
			sees(`body[data-link=lost] #pad[data-lost]`), keyed("5"), touches("#bell"), says("bad", "Not connected. Please wait."),
			l.picture(dir, "lost"), call(func() { way.cut.Store(false) }), sees(`body[data-link=live] #display[data-typed="1"]`)}},
		{"the daemon stops", []step{call(stop), sees(`body[data-link=lost] #pad[data-lost]`), keyed("5")}},
		{"another one starts, and the page goes on with its state", []step{
			call(func() { h = newHouse(false); server = serveAt(t, address, Site{Panel: h.demo.Panel}.Handler()) }),
			sees(`body[data-link=live] #display[data-typed="0"]`), chromedp.WaitNotVisible(chromedp.CSS(`#code`)), says("idle", "Ring for a code."),
			chromedp.Poll[chromedp.Void](`window.same`), keyed("7"), sees(`#display[data-typed="1"]`)}},
	})
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.typed != "7" {
		t.Errorf("the new daemon got %d keys, want the one pressed since", len(h.typed))
	}
}

func TestAVisitorComesInByKeyboardAndHearsWhatTheyType(t *testing.T) {
	tab, l := openBrowser(t), panelLooks[0]
	h := newHouse(false)
	server := httptest.NewServer(Site{Panel: h.demo.Panel}.Handler())
	defer server.Close()
	defer h.demo.Close() // first: it ends the streams
	play(t, tab, []scene{
		{"the bell comes first, and Enter rings it", []step{l.set(), reads("en"), chromedp.Navigate(server.URL), sees(`body[data-link=live]`),
			chromedp.KeyEvent(kb.Tab), sees(`#bell[aria-keyshortcuts=b]:focus`), chromedp.KeyEvent(kb.Enter), sees(`#code`)}},
		{"digits are counted aloud", []step{chromedp.KeyEvent(rightCode[:3]), shows(`#typed[role=status]`, "3 of 6")}},
		{"Enter sends them, though the bell has the focus", []step{chromedp.KeyEvent(rightCode[3:] + kb.Enter),
			sees(`body[data-lock=UNLOCKED] #bell:focus`), says("good", "Welcome. Come in.")}},
		{"nobody is asked in when it is locked again", []step{call(h.relock), says("idle", "Ring for a code.")}},
		{"what could not be texted is rung for again", []step{call(h.rested), chromedp.KeyEvent("b"), sees(`#code`), call(func() {
			h.demo.Panel.Event(lock.Event{Type: lock.BellRung})
			h.demo.Panel.Event(lock.Event{Type: lock.CodeFailed})
		}), sees(`#text[data-state=failed]`), says("bad", "The code could not be texted."),
			says("idle", "The code could not be texted. Ring again.")}},
	})
}

// worst fails for each sentence with which something is cut off, overlaps or makes the page scroll: all that the panel can
// say, in its language, beside a live code, a text's state and a long wait for another one.
func worst() step {
	long := chromedp.Evaluate[string](`(async () => {
		const { speak } = await import("/words.js"), words = speak(navigator.languages, await import("/tongues.js"));
		const $ = query => document.querySelector(query), bad = [];
		const idle = ["idle", "failed", "open", "locked", "jammed"].map(name => words[name]);
		const said = Object.keys(words.says).map(say => words.say({ say, left: 2, digits: 6, wait_ms: 59 * 60000 }));
		for (const text of [...idle, ...said, words.type("#")]) {
			$("#answer").textContent = text;
			$("#text").lastElementChild.textContent = words.text.failed;
			$("#resend").textContent = words.resendIn("59:59");
			const top = $("#text").getBoundingClientRect().bottom, below = $(innerHeight > innerWidth ? ".keys" : "#bell");
			const cut = [...document.querySelectorAll("h1, #answer, #text, button")].find(e => e.scrollWidth > e.clientWidth + 1);
			if (document.documentElement.scrollHeight > innerHeight) bad.push("scrolls: " + text);
			if (top > below.getBoundingClientRect().top) bad.push("overlaps: " + text);
			if (cut) bad.push("cut off: " + cut.outerHTML.slice(0, 60) + text);
		}
		return bad.concat(said.length < 20 ? ["too few sentences"] : []).join("\n");
	})()`, chromedp.EvalAwaitPromise)
	return chromedp.Func(func(ctx context.Context, t *target) error {
		bad, err := long(ctx, t)
		if err == nil && bad != "" {
			err = &misfit{bad}
		}
		return err
	})
}

func TestTheLongestSentencesFitTheScreen(t *testing.T) {
	tab := openBrowser(t)
	for _, lang := range []string{"en", "de", "fr", "es"} {
		for _, l := range panelLooks[:2] {
			t.Run(lang+"-"+l.name, func(t *testing.T) {
				h := newHouse(false)
				server := httptest.NewServer(Site{Panel: h.demo.Panel}.Handler())
				defer server.Close()
				defer h.demo.Close() // first: it ends the streams
				play(t, tab, []scene{{"all of them", []step{l.set(), reads(lang), chromedp.Navigate(server.URL),
					sees(`html[lang=` + lang + `] body[data-link=live]`), touches("#bell"), sees(`#code`), sees(`#text[data-state=sent]`),
					sees(`#resend`), worst(), fits()}}})
			})
		}
	}
}

// rested ends the wait for another code.
func (h *house) rested() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.status.ResendIn = 0
	h.demo.Status(h.status)
}

func TestEachPageWeighsLessThan50KB(t *testing.T) {
	for _, name := range []string{"panel.html", "console.html"} {
		weight, read := 0, map[string]bool{}
		var weigh func(string)
		weigh = func(name string) {
			if read[name] {
				return
			}
			read[name] = true
			b, err := os.ReadFile("page/" + name)
			if err != nil {
				t.Fatal(err)
			}
			weight += len(b)
			for _, m := range regexp.MustCompile(`(?:(?:href|src)="/|from "\./)([a-z.]+)"`).FindAllSubmatch(b, -1) {
				weigh(string(m[1]))
			}
		}
		weigh(name)
		t.Logf("%s: %d bytes in %d files", name, weight, len(read))
		if weight >= 50_000 || len(read) < 5 {
			t.Errorf("%s weighs %d bytes in %d files, want less than 50,000 in all", name, weight, len(read))
		}
	}
}
