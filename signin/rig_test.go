package signin

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"latchd/lock"
	"latchd/otp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	ada      = "+15557654321"
	grace    = "+447700900123"
	stranger = "+4915112345678"
)

var (
	owners = []Owner{{"Ada", ada}, {"Grace", grace}}
	rules  = Rules{Digits: 6, TTL: 5 * time.Minute, Attempts: 3, Lockout: time.Minute, LockoutMax: time.Hour, MinGap: 30 * time.Second, PerHour: 5, PerDay: 8}
)

// rig is a desk at work, within a synctest bubble or without.
type rig struct {
	*Desk
	t      *testing.T
	dir    string
	owners []Owner
	stop   func()

	mu     sync.Mutex
	codes  map[string][]string // texted, by owner
	faults map[string]lock.Fault
	ended  []string
	log    bytes.Buffer
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, dir: t.TempDir(), owners: owners}
	r.open()
	t.Cleanup(func() { r.stop() })
	return r
}

func (r *rig) open() {
	r.t.Helper()
	r.codes, r.faults = map[string][]string{}, map[string]lock.Fault{}
	locked := func(f func()) { r.mu.Lock(); defer r.mu.Unlock(); f() }
	d, err := Open(Options{Dir: r.dir, Owners: r.owners, Rules: rules, Log: slog.New(slog.NewTextHandler(&r.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Text: func(owner string, c otp.Code, _ time.Duration) {
			locked(func() { r.codes[owner] = append(r.codes[owner], c.Reveal()) })
		},
		Fault: func(f lock.Fault) { locked(func() { r.faults[f.Kind] = f }) },
		Ended: func(id string) { locked(func() { r.ended = append(r.ended, id) }) }})
	if err != nil {
		r.t.Fatal(err)
	}
	r.Desk = d
	ctx, cancel := context.WithCancel(context.Background())
	var run sync.WaitGroup
	run.Go(func() { d.Run(ctx) })
	r.stop = func() { cancel(); run.Wait() }
}

// restart ends the desk in good order and opens it again.
func (r *rig) restart() {
	r.t.Helper()
	r.stop()
	r.open()
}

// cut is a power cut: what was not written by now never is.
func (r *rig) cut() {
	r.t.Helper()
	kept := map[string][]byte{}
	for _, file := range []string{sessionsFile, clientsFile, usersFile} {
		if body, err := os.ReadFile(r.path(file)); err == nil {
			kept[file] = body
		}
	}
	r.stop()
	for file, body := range kept {
		if err := os.WriteFile(r.path(file), body, 0o600); err != nil {
			r.t.Fatal(err)
		}
	}
	r.open()
}

// code has a code texted, or returns "".
func (r *rig) code(owner, phone string) string {
	r.t.Helper()
	if err := r.Ask(phone); err != nil {
		r.t.Fatal(err)
	}
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	sent := r.codes[owner]
	if len(sent) == 0 {
		return ""
	}
	delete(r.codes, owner)
	return sent[len(sent)-1]
}

// secret signs Ada in up to the secret identifier.
func (r *rig) secret() string {
	r.t.Helper()
	secret, err := r.Verify(ada, r.code("Ada", ada))
	if err != nil {
		r.t.Fatal(err)
	}
	return secret
}

// bought is a secret identifier without the waiting for texts.
func (r *rig) bought() string {
	r.Desk.mu.Lock()
	defer r.Desk.mu.Unlock()
	return r.newSecret(r.account("Ada"))
}

// revoke ends a session, and says whether there was one.
func (r *rig) revoke(id string) bool {
	r.t.Helper()
	found, err := r.Revoke(id)
	if err != nil {
		r.t.Fatal(err)
	}
	return found
}

func (r *rig) standing(kind string) bool {
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.faults[kind].Standing
}

// wrong returns a code that is not this one.
func wrong(code string) string {
	return strings.Map(func(c rune) rune { return '0' + ('9' - c) }, code)
}

func post(h http.Handler, id, secret string, form url.Values) *httptest.ResponseRecorder {
	req := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if id != "" {
		req.SetBasicAuth(id, secret)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	return w
}

// direct carries requests to a handler without a network.
type direct struct{ http.Handler }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return w.Result(), nil
}
