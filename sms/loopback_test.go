package sms

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"latchd/lock"
	"latchd/otp"
	"latchd/sms/standin"
)

// overLoopback runs a client against a real server, and returns what it tells.
func overLoopback(t testing.TB, server *httptest.Server) (*Client, <-chan lock.Input) {
	o := options()
	o.API = server.URL
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	in, ended := make(chan lock.Input, 256), make(chan struct{})
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		defer close(ended)
		c.Run(ctx, func(i lock.Input) { in <- i })
	}()
	t.Cleanup(func() { stop(); <-ended; server.Close() })
	return c, in
}

func theAccount() standin.Options {
	return standin.Options{AccountSID: accountSID, Secret: secret, Numbers: []string{sender}, Step: time.Nanosecond}
}

func TestATextOverLoopback(t *testing.T) {
	server := httptest.NewServer(described(t, standin.New(theAccount()), new(atomic.Bool)))
	c, in := overLoopback(t, server)
	c.Send(lock.Text{Ring: 1, Code: otp.NewCode(6), TTL: time.Minute, To: []string{"Ada", "Ben"}})
	got := map[lock.TextState]int{}
	for got[lock.Delivered] < 2 {
		switch i := (<-in).(type) {
		case lock.TextNews:
			got[i.State]++
		case lock.Fault:
			if i.Standing {
				t.Fatalf("%+v where all is well", i)
			}
		}
	}
	if got[lock.Sent] != 2 || got[lock.Failed] != 0 {
		t.Errorf("news: %v", got)
	}
}

func TestTroubleOnTheWayIsTold(t *testing.T) {
	o := options()
	secure := httptest.NewTLSServer(standin.New(theAccount()))
	secure.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	defer secure.Close()
	gone := httptest.NewServer(nil)
	gone.Close()
	for name, tc := range map[string]struct{ api, want string }{
		"a certificate that nobody signed": {secure.URL, "not trusted: x509: certificate signed by unknown"},
		"nobody there":                     {gone.URL, "connection refused"},
	} {
		o.API = tc.api
		c, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Check(t.Context()); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", name, err, tc.want)
		}
	}
}

func TestANameThatCannotBeLookedUpIsTold(t *testing.T) {
	o := options()
	o.API = ""
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	c.transport.DialContext = func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.DNSError{Err: "no such host", Name: "api.twilio.com", IsNotFound: true}
	}
	err = c.Check(t.Context())
	if want := "sign in to Twilio: cannot reach api.twilio.com: its name cannot be looked up"; err == nil ||
		!strings.HasPrefix(err.Error(), want) {
		t.Errorf("error %v, want %q", err, want)
	}
	if trouble := (*Trouble)(nil); !errors.As(err, &trouble) || trouble.Hint == "" {
		t.Error("no hint")
	}
}

// From Send to the request's header at the API. The stand-in refuses each text, for one that it took would be followed.
func BenchmarkSend(b *testing.B) {
	entered := make(chan time.Time, 16)
	o := theAccount()
	o.OnRequest = func(at time.Time) { entered <- at }
	twilio := standin.New(o)
	c, in := overLoopback(b, httptest.NewServer(twilio))
	<-entered // the check
	<-in      // all is well
	twilio.Behave(standin.Behaviour{Status: 400, Code: 21211})
	code := otp.NewCode(6)
	var took time.Duration
	for b.Loop() {
		at := time.Now()
		c.Send(lock.Text{Ring: 1, Code: code, TTL: 2 * time.Minute, To: []string{"Ada"}})
		took += (<-entered).Sub(at)
		<-in
	}
	b.ReportMetric(float64(took.Nanoseconds())/float64(b.N), "ns/first-byte")
}
