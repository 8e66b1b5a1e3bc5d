package web

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"latchd/lock"
)

// street is the way to a server, which may be cut.
type street struct {
	http.Handler
	cut   atomic.Bool
	signs atomic.Int32 // requests to sign in
}

func (s *street) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.cut.Load() {
		panic(http.ErrAbortHandler)
	}
	if r.Method == http.MethodPost && (strings.HasPrefix(r.URL.Path, "/otp/") || r.URL.Path == "/console/signin/") {
		s.signs.Add(1)
	}
	s.Handler.ServeHTTP(w, r)
}

// owner is Ada at her browser.
type owner struct {
	*estate
	phone string // the code on it
}

// becomes changes the door.
func (e *estate) becomes(change func(*lock.Status)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	change(&e.status)
	e.console.Status(e.status)
}

// shows waits until an element's text is just that, or holds it.
func shows(query, text string) step {
	return chromedp.PollFunction[chromedp.Void](`(query, text) => document.querySelector(query)?.textContent.includes(text)`,
		chromedp.WithPollingArgs(query, text))
}

// twice clicks one element and at once another.
func twice(first, second string) step {
	return chromedp.PollFunction[chromedp.Void](`(...queries) => (queries.forEach(q => document.querySelector(q).click()), true)`,
		chromedp.WithPollingArgs(first, second))
}

// empties a field, as a hand would.
func empties(query string) step {
	return chromedp.PollFunction[chromedp.Void](`query => {
		const field = document.querySelector(query);
		field.value = "";
		return field.dispatchEvent(new Event("input"));
	}`, chromedp.WithPollingArgs(query))
}

// rightly and wrongly are ways to copy a code.
func rightly(code string) string { return code }
func wrongly(code string) string {
	return strings.Map(func(r rune) rune { return '0' + (r-'0'+1)%10 }, code)
}

// types puts the code that is on Ada's phone into the page.
func (e *owner) types(copied func(string) string) step {
	return chromedp.Func(func(ctx context.Context, t *target) error {
		_, err := chromedp.SendKeys(chromedp.CSS(`#code`), copied(e.phone)+kb.Enter)(ctx, t)
		return err
	})
}

// reads waits for a code on Ada's phone.
func (e *owner) reads() step {
	return chromedp.Func(func(context.Context, *target) error {
		select {
		case e.phone = <-e.codes:
			return nil
		case <-time.After(30 * time.Second):
			return errors.New("no code was texted")
		}
	})
}

// asks has a code texted.
func (e *owner) asks() step {
	return chromedp.Steps(chromedp.SetValue(chromedp.CSS(`#phone`), adaPhone), clicks(`#ask`), sees(`#second #code:focus`), e.reads())
}

var consoleLooks = []look{
	{"console-1280x800-dark", 1280, 800, "dark", "reduce"},
	{"console-1280x800-light", 1280, 800, "light", "reduce"},
	{"console-390x844-dark", 390, 844, "dark", "reduce"},
	{"console-390x844-light", 390, 844, "light", "reduce"},
}

const signedIn = `body[data-view=desk][data-link=live]`

func TestAnOwnerSignsInOpensLocksAndReadsWhatHappened(t *testing.T) {
	tab, dir := openBrowser(t), pictures(t)
	for _, l := range consoleLooks {
		t.Run(l.name, func(t *testing.T) {
			e := owner{estate: newEstate(t)}
			e.happens(lock.Event{Type: lock.BellRung}, lock.Event{Type: lock.CodeSent, Owner: "Ada", Phone: "…21"},
				lock.Event{Type: lock.AccessDenied, Method: lock.ByCode, Reason: lock.WrongCode},
				lock.Event{Type: lock.FaultRaised, Part: "mqtt", Detail: `<img src="/x" id="markup">`, Hint: "check the broker"})
			way := &street{Handler: Site{Console: e.console}.Handler()}
			server := httptest.NewServer(way)
			defer server.Close()
			defer e.console.Close() // first: it ends the streams
			play(t, tab, []scene{
				{"who is not signed in is asked for a phone number", []step{l.set(), chromedp.Navigate(server.URL),
					sees(`body[data-view=signin] #phone`), l.picture(dir, "signin")}},
				{"what is none is not sent", []step{chromedp.SendKeys(chromedp.CSS(`#phone`), "none"+kb.Enter),
					shows(`#problem`, "no phone number"), call(func() { sent(t, way, 0) })}},
				{"then for the code", []step{e.asks(), sees(`#again:disabled`), l.picture(dir, "code")}},
				{"what is no code is not sent", []step{clicks(`#enter`), shows(`#problem`, "Type the code"),
					chromedp.SendKeys(chromedp.CSS(`#code`), "12345O"+kb.Enter), sees(`#code[aria-invalid]:focus`), empties(`#code`),
					call(func() { sent(t, way, 1) })}},
				{"a wrong one is refused", []step{e.types(wrongly), shows(`#problem`, "This code is wrong")}},
				{"the right one signs in", []step{empties(`#code`), e.types(rightly), sees(signedIn + ` #state:focus`),
					shows(`#owner`, "Ada"), shows(`#state`, "Locked"), shows(`#sessions em`, "this browser"), l.picture(dir, "desk")}},
				{"what happened is in the journal, as text", []step{sees(`#events tr[data-seq="4"]`), shows(`#events tr[data-seq="4"]`, "<img src"),
					chromedp.WaitNotPresent(chromedp.CSS(`#markup`))}},
				{"and in the timeline, for keys as well", []step{chromedp.Focus(chromedp.CSS(`.mark[tabindex="0"]`)), chromedp.KeyEvent(kb.Home),
					chromedp.KeyEvent(kb.ArrowRight), shows(`#told`, "Refused · with a code · wrong code"), l.picture(dir, "timeline")}},
				{"the legend hides a kind", []step{clicks(`#legend button:nth-child(2)`), chromedp.WaitNotPresent(chromedp.CSS(`.mark[data-kind=denied]`)),
					clicks(`#legend button:nth-child(2)`), sees(`.mark[data-kind=denied]`)}},
				{"words search the whole journal, at the door", []step{chromedp.SendKeys(chromedp.CSS(`#search`), "wrong_code"),
					shows(`#found`, "1 found"), sees(`#csv[href*="q=wrong_code"]`), sees(`#events tr[data-seq="3"]`),
					chromedp.WaitNotPresent(chromedp.CSS(`#events tr[data-seq="4"]`)), empties(`#search`), sees(`#events tr[data-seq="4"]`)}},
				{"a day's name shows that day", []step{clicks(`.today .day`), sees(`#journal-title:focus`), sees(`#csv[href*="since="]`),
					shows(`.today .day small`, "3"), chromedp.SetValue(chromedp.CSS(`#day`), "")}},
				{"opening is asked about, and Cancel leaves it locked", []step{clicks(`#open`), sees(`#sure[open]`), l.picture(dir, "sure"), clicks(`#no`),
					chromedp.WaitNotVisible(chromedp.CSS(`#sure`)), call(func() { e.ordered(t) })}},
				{"a second tap hits nothing", []step{twice(`#open`, `#yes`), sees(`#sure[open]`), call(func() { e.ordered(t) })}},
				{"a sure one opens", []step{sees(`#yes:enabled`), clicks(`#yes`), sees(`body[data-lock=UNLOCKED]`), shows(`#state`, "Unlocked"),
					sees(`#pulse:not(.over)`), sees(`#open:focus`), call(func() { e.ordered(t, lock.Unlock) }), l.picture(dir, "open")}},
				{"and is locked again", []step{clicks(`#lock`), sees(`body[data-lock=LOCKED]`), shows(`#state`, "Locked")}},
				{"a lockout is seen, and lifted", []step{call(func() {
					e.becomes(func(s *lock.Status) {
						s.LockedOut, s.Remaining, s.Until, s.Level = true, 10*time.Minute, time.Now().Add(10*time.Minute), 2
						s.Faults = []lock.Fault{{Part: "twilio", Detail: "Twilio refuses the account", Hint: "check account_sid"}}
					})
				}), sees(`#keypad[data-lockout] #pardon`), shows(`#faults`, "What to do: check account_sid"), l.picture(dir, "lockout"),
					clicks(`#pardon`), chromedp.WaitNotPresent(chromedp.CSS(`#keypad[data-lockout]`)), sees(`#pardon:focus`)}},
				{"what it leaves behind is forgotten", []step{shows(`#lockout`, "after a lockout, the next is longer"), clicks(`#pardon`), shows(`#lockout`, "ready"),
					chromedp.WaitNotVisible(chromedp.CSS(`#pardon`)), sees(`#open:focus`),
					call(func() { e.ordered(t, lock.Unlock, lock.Lock, lock.Pardon, lock.Pardon) })}},
				{"the pulse is counted from where it is", []step{call(func() {
					e.becomes(func(s *lock.Status) { s.Strike, s.OpenFor, s.Contact = lock.Unlocked, time.Hour, true })
				}), shows(`#pulse-left`, "for 3600 s"), shows(`#closed`, "The door is closed."), call(func() {
					e.becomes(func(s *lock.Status) { s.OpenFor, s.Tamper = 2*time.Hour, true })
				}), shows(`#pulse-left`, "for 7200 s"), shows(`#closed b`, "Someone tampers with it!"),
					call(func() { e.becomes(func(s *lock.Status) { s.Strike, s.OpenFor = lock.Locked, 0 }) })}},
				{"what happens now appears by itself", []step{call(func() {
					e.happens(lock.Event{Type: lock.AccessGranted, Method: lock.ByExit}, lock.Event{Type: lock.AccessGranted, Method: lock.ByMQTT})
				}), shows(`#events tr[data-seq="5"]`, "Opened by the exit button"), sees(`.mark[data-kind=granted]`)}},
				{"a tap tells of all that lies under it", []step{chromedp.Tap(chromedp.CSS(`.mark[data-seq="6"] use`)),
					shows(`#told`, "by the exit button"), shows(`#told`, "over MQTT"), l.picture(dir, "told"),
					clicks(`#earlier`), chromedp.Poll[chromedp.Void](`document.querySelector("#told").textContent === ""`)}},
				{"who signs out is asked for a phone number", []step{clicks(`#signout`), sees(`body[data-view=signin]`),
					shows(`#why`, "You have signed out.")}},
			})
		})
	}
}

// sent fails the test when codes have been asked for and typed in some other number of times.
func sent(t *testing.T, s *street, want int32) {
	if n := s.signs.Load(); n != want {
		t.Errorf("%d codes were asked for or sent, want %d", n, want)
	}
}

// ordered fails the test when the owner has given other orders than these.
func (e *estate) ordered(t *testing.T, want ...lock.Action) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var got []lock.Action
	for _, o := range e.orders {
		got = append(got, o.Action)
	}
	if !slices.Equal(got, want) {
		t.Errorf("ordered %v, want %v", got, want)
	}
}

func TestASessionEndsWhereItIsRevokedAndOutlivesTheDaemon(t *testing.T) {
	tab, l := openBrowser(t), consoleLooks[0]
	e := owner{estate: newEstate(t)}
	way := &street{Handler: Site{Console: e.console}.Handler()}
	server := httptest.NewServer(way)
	defer server.Close()
	defer e.console.Close() // first: it ends the streams
	play(t, tab, []scene{
		{"Ada signs in here", []step{l.set(), chromedp.Navigate(server.URL + "/console/"), e.asks(), e.types(rightly), sees(signedIn),
			chromedp.Evaluate[chromedp.Void](`void (window.same = true)`)}},
		{"the daemon is gone, and back, and nothing is missed", []step{
			call(func() { way.cut.Store(true); server.CloseClientConnections() }), sees(`body[data-view=desk][data-link=lost]`),
			call(func() { e.happens(lock.Event{Type: lock.DoorForced}); way.cut.Store(false) }), sees(signedIn),
			shows(`#events tbody`, "Door forced"), chromedp.Poll[chromedp.Void](`window.same`)}},
		{"she ends this session from there", []step{call(func() {
			e.signIn()
			for _, s := range e.desk.Sessions() {
				if strings.Contains(s.Agent, "Chrome") {
					e.ask("DELETE", "/api/v1/sessions/"+s.ID, "")
				}
			}
		}), sees(`body[data-view=signin] #phone`), shows(`#why`, "Your session is over.")}},
		{"she signs in again, and ends it here", []step{e.asks(), e.types(rightly), sees(signedIn), sees(`#sessions li:nth-child(2)`),
			clicks(`#sessions li:nth-child(1) button`), sees(`#yes:enabled`), clicks(`#yes`), sees(`body[data-view=signin]`),
			shows(`#why`, "You have ended this session.")}},
	})
	if n := len(e.desk.Sessions()); n != 1 {
		t.Errorf("%d sessions are left, want the other browser's", n)
	}
}

// framed waits until an expression on the console's document, inside the demo's page, holds.
func framed(expression string, args ...any) step {
	return chromedp.PollFunction[chromedp.Void](`(...args) => { const page = document.querySelector("#console").contentDocument; return `+
		expression+`; }`, chromedp.WithPollingArgs(args...))
}

func TestASignInCodeGoesIntoTheConsoleAndNotToTheDoor(t *testing.T) {
	tab, dir, l := openBrowser(t), pictures(t), look{"demo-1280x800-dark", 1280, 800, "dark", "reduce"}
	e, h := owner{estate: newEstate(t)}, newHouse(false)
	server := httptest.NewServer(Site{Demo: h.demo, Console: e.console}.Handler())
	defer server.Close()
	defer h.demo.Close() // first: they end the streams
	defer e.console.Close()
	arrives := chromedp.Steps(e.reads(), call(func() {
		h.demo.Text(adaPhone, e.phone+" signs you in to Front door. Pass it on to nobody.", time.Now())
	}))
	play(t, tab, []scene{
		{"the console is beside the phone", []step{l.set(), chromedp.Navigate(server.URL), sees(`body[data-link=live]`),
			clicks(`#tabs [data-tab=console]`), framed(`page.querySelector("[data-view=signin] #ask")`)}},
		{"it has a code texted", []step{
			framed(`(page.querySelector("#phone").value = args[0], page.querySelector("#ask").click(), true)`, adaPhone),
			framed(`page.querySelector("#second:not([hidden])")`), arrives, sees(`#phone .bubble .code`), l.picture(dir, "signin")}},
		{"a click on the phone fills it in", []step{clicks(`#phone .bubble .code`), framed(`page.querySelector("#code").value.length === 6`),
			framed(`(page.querySelector("#enter").click(), true)`), framed(`page.querySelector("[data-view=desk][data-link=live]")`)}},
		{"and does nothing where none is asked for", []step{clicks(`#phone .bubble .type`), says("idle", "Ring for a code."), l.picture(dir, "console")}},
	})
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.seq != 1 || h.status.Typed != 0 {
		t.Errorf("the door was told of it: %d events, %d digits typed", h.seq, h.status.Typed)
	}
}
