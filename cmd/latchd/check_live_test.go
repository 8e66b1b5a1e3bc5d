package main

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	broker "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/hooks/auth"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/rogpeppe/go-internal/testscript"

	"latchd/sms/standin"
)

const liveConfig = `[door]
id = "front"
name = "Front door"
[board]
driver = "sim"
[twilio]
account_sid = "%s"
%s
api = "%s"
[[owner]]
name = "Ada"
phone = "%s"
[[owner]]
name = "Ben"
phone = "+447700900123"
[mqtt]
brokers = ["tcp://%s"]
username = "latchd-front"
[journal]
path = "journal"
`

// TestLiveScripts runs testdata/live, with a broker that wants a password and a Twilio for each configuration: a full account, a
// trial account, and a key that may read no more than it must. "posts N" is how often any Twilio was asked to do something.
func TestLiveScripts(t *testing.T) {
	const service = "MG0123456789abcdef0123456789abcdef"
	const sender = `from = "+15005550006"`
	testscript.Run(t, testscript.Params{
		Dir: "testdata/live",
		Setup: func(e *testscript.Env) error {
			posts := new(atomic.Int32)
			e.Values["posts"] = posts
			address, err := passwordBroker(e)
			if err != nil {
				return err
			}
			for name, c := range map[string]struct {
				account standin.Account
				sender  string
				outcome standin.Behaviour
			}{
				"full":    {standin.Account{Type: "Full"}, sender, standin.Behaviour{}},
				"trial":   {standin.Account{Type: "Trial", Verified: []string{ownersPhone}}, sender, standin.Behaviour{}},
				"key":     {standin.Account{}, sender, standin.Behaviour{Outcome: "undelivered", OutcomeCode: 30006}},
				"service": {standin.Account{Type: "Full", Senders: []string{"+15005550006"}}, `messaging_service_sid = "` + service + `"`, standin.Behaviour{}},
				"mute":    {standin.Account{Type: "Full"}, `from = "+15005550007"` + "\nvoice_fallback = true", standin.Behaviour{}},
				"voice":   {standin.Account{Type: "Full"}, sender + "\nvoice_fallback = true", standin.Behaviour{}},
				"alien":   {standin.Account{}, `from = "+15005550001"`, standin.Behaviour{}},
			} {
				c.account.Twilio = standin.New(standin.Options{AccountSID: testSID, Secret: testToken,
					Numbers: []string{"+15005550006", "+15005550007"}, Mute: []string{"+15005550007"}, Services: []string{service}, Step: time.Millisecond})
				c.account.Behave(c.outcome)
				twilio := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.Method != http.MethodGet {
						posts.Add(1)
					}
					c.account.ServeHTTP(w, r)
				}))
				e.Defer(twilio.Close)
				config := fmt.Sprintf(liveConfig, testSID, c.sender, twilio.URL, ownersPhone, address)
				if err := os.WriteFile(filepath.Join(e.WorkDir, name+".toml"), []byte(config), 0o600); err != nil {
					return err
				}
			}
			e.Setenv("TWILIO_AUTH_TOKEN", testToken)
			e.Setenv("LATCHD_MQTT_PASSWORD", testToken)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"posts": func(ts *testscript.TestScript, _ bool, args []string) {
				if n := ts.Value("posts").(*atomic.Int32).Load(); args[0] != strconv.Itoa(int(n)) {
					ts.Fatalf("%d posts, want %s", n, args[0])
				}
			},
		},
	})
}

// passwordBroker starts a broker that lets in latchd-front with its password only.
func passwordBroker(e *testscript.Env) (address string, err error) {
	s := broker.New(&broker.Options{Logger: slog.New(slog.DiscardHandler)})
	l := listeners.NewTCP(listeners.Config{ID: "t", Address: "127.0.0.1:0"})
	err = s.AddHook(new(auth.Hook), &auth.Options{Ledger: &auth.Ledger{
		Users: auth.Users{"latchd-front": {Username: "latchd-front", Password: testToken}},
		Auth:  auth.AuthRules{{Username: "latchd-front", Password: testToken, Allow: true}},
	}})
	if err == nil {
		err = s.AddListener(l)
	}
	if err == nil {
		err = s.Serve()
	}
	e.Defer(func() { s.Close() })
	return l.Address(), err
}
