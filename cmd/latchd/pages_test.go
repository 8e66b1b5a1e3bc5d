package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"syscall"
	"testing"

	"latchd/lock"
)

// A door without a keypad and without a bell button: all that a visitor does is done on the panel, and all that the owner
// does on the console.
func TestTheDoorFromThePanelAndTheConsole(t *testing.T) {
	r := newRig(t)
	r.startBroker()
	port := freePort(t)
	r.write(fmt.Sprintf(rigConfig, r.dir, testSID, r.twilio.URL, ownersPhone, r.port) + `
[keypad]
rows = []
cols = []
[bell]
line = ""
[web]
listen = "127.0.0.1:` + port + `"
console = true
`)
	r.start()
	r.await("lock/state", "LOCKED")
	r.await("availability", "online")
	site := newVisit(t, port)

	site.ask("POST", "/panel/bell", nil, http.StatusNoContent)
	r.await("bell", `"event_type":"ring"`)
	code := r.code()
	site.ask("POST", "/panel/press", url.Values{"keys": {other(code) + "#"}}, http.StatusNoContent)
	r.await("access", "wrong_code")
	site.ask("POST", "/panel/press", url.Values{"keys": {code + "#"}}, http.StatusNoContent)
	r.await("access", `"event_type":"granted"`, `"method":"code"`)
	r.await("lock/state", "UNLOCKED")
	r.await("lock/state", "LOCKED")

	phone := url.Values{"phone": {ownersPhone}}
	site.ask("GET", "/api/v1/door", nil, http.StatusUnauthorized)
	site.ask("POST", "/otp/getcode/", phone, http.StatusAccepted)
	phone.Set("code", r.code())
	site.ask("POST", "/console/signin/", phone, http.StatusNoContent)
	door := site.ask("POST", "/api/v1/door/unlock", nil, http.StatusOK)
	if door["strike"] != "UNLOCKED" || door["owner"] != "Ada" {
		t.Errorf("the door after unlocking: %v", door)
	}
	r.await("access", `"event_type":"granted"`, `"method":"console"`, `"owner":"Ada"`)
	site.ask("POST", "/api/v1/door/lock", nil, http.StatusOK)
	r.await("lock/state", "LOCKED")
	page := site.ask("GET", "/api/v1/events?type=access.*", nil, http.StatusOK)
	if events, _ := page["events"].([]any); len(events) != 3 {
		t.Errorf("the journal shows %v", page)
	}

	if out := r.client("add", "tablet"); !strings.Contains(out, "id      latchd-") || !strings.Contains(out, "secret  ") {
		t.Errorf("a new client: %q", out)
	}
	if out := r.client("list"); !strings.Contains(out, "tablet") {
		t.Errorf("the clients: %q", out)
	}
	if clients, _ := site.ask("GET", "/api/v1/clients", nil, http.StatusOK)["clients"].([]any); len(clients) != 1 {
		t.Errorf("the daemon knows of %d clients", len(clients))
	}
	r.client("revoke", "tablet")
	if err := r.signal(syscall.SIGTERM); err != nil {
		t.Errorf("ended with %v", err)
	}
	for _, secret := range []string{code, phone.Get("code"), ownersPhone, site.cookie()} {
		if strings.Contains(r.stderr.String(), secret) {
			t.Error("the log holds a code, a number or a token")
		}
	}

	// The session outlives the daemon, and so does what was opened from the console.
	r.start()
	r.await("availability", "online")
	if door := site.ask("GET", "/api/v1/door", nil, http.StatusOK); door["strike"] != string(lock.Locked) {
		t.Errorf("the door after a restart: %v", door)
	}
	site.ask("POST", "/console/signout/", nil, http.StatusNoContent)
	site.ask("GET", "/api/v1/door", nil, http.StatusUnauthorized)
}

// client runs latchd client, and returns what it printed.
func (r *rig) client(args ...string) string {
	r.t.Helper()
	var out, errs bytes.Buffer
	if status := Main(append([]string{"client"}, append(args, "--config", r.config)...), &out, &errs); status != exitDone {
		r.t.Fatalf("client %v: status %d: %s", args, status, &errs)
	}
	return out.String()
}

// visit is a browser without a window.
type visit struct {
	t    *testing.T
	base *url.URL
	http.Client
}

func newVisit(t *testing.T, port string) *visit {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &visit{t, &url.URL{Scheme: "http", Host: "127.0.0.1:" + port}, http.Client{Jar: jar, Transport: transport, Timeout: patience}}
}

func (v *visit) ask(method, path string, form url.Values, want int) (answer map[string]any) {
	v.t.Helper()
	req, err := http.NewRequest(method, v.base.String()+path, strings.NewReader(form.Encode()))
	if err != nil {
		v.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if c := v.cookie(); c != "" { // Go's jar keeps a Secure cookie from http, where browsers make an exception for loopback
		req.Header.Set("Cookie", "__Host-latchd="+c)
	}
	res, err := v.Do(req)
	if err != nil {
		v.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != want {
		v.t.Fatalf("%s %s: %d %s %v, want %d", method, path, res.StatusCode, b, err, want)
	}
	json.Unmarshal(b, &answer)
	return answer
}

// cookie is the session's.
func (v *visit) cookie() string {
	secure := *v.base
	secure.Scheme = "https"
	for _, c := range v.Jar.Cookies(&secure) {
		return c.Value
	}
	return ""
}

func TestThePagesOpenWhenTheirAddressIsFree(t *testing.T) {
	r := newRig(t)
	r.startBroker()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	r.write(fmt.Sprintf(rigConfig, r.dir, testSID, r.twilio.URL, ownersPhone, r.port) + "[web]\nlisten = \"127.0.0.1:" + port + "\"\n")
	r.start()
	r.await("event", `"type":"fault.raised"`, `"part":"web"`, "address already in use")
	taken.Close()
	r.await("event", `"type":"fault.cleared"`, `"part":"web"`)
	newVisit(t, port).ask("POST", "/panel/bell", nil, http.StatusNoContent)
	r.await("bell", `"event_type":"ring"`)
}
