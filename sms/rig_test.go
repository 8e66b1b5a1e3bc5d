package sms

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"latchd/lock"
	"latchd/otp"
	"latchd/sms/standin"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	accountSID = "AC0123456789abcdef0123456789abcdef"
	keySID     = "SK0123456789abcdef0123456789abcdef"
	serviceSID = "MG0123456789abcdef0123456789abcdef"
	secret     = "canary0secret1canary2secret3cana"
	sender     = "+15551234567"
	ada        = lock.Phone("+15557654321")
	ben        = lock.Phone("+447700900123")
)

func options() Options {
	return Options{
		AccountSID: accountSID, Secret: secret, From: sender, API: "http://127.0.0.1",
		Body: "{{.Code}} opens {{.Door}} for {{.Minutes}} min.", Door: "Front door",
		Owners: map[string]lock.Phone{"Ada": ada, "Ben": ben},
	}
}

// network is a wire between a client and a server in one process: it works in virtual time.
type network struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
	mu    sync.Mutex
	cut   bool
}

func newNetwork() *network { return &network{conns: make(chan net.Conn), done: make(chan struct{})} }

func (n *network) Accept() (net.Conn, error) {
	select {
	case c := <-n.conns:
		return c, nil
	case <-n.done:
		return nil, net.ErrClosed
	}
}

func (n *network) Close() error   { n.once.Do(func() { close(n.done) }); return nil }
func (n *network) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

func (n *network) setCut(cut bool) { n.mu.Lock(); n.cut = cut; n.mu.Unlock() }

func (n *network) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.cut {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	}
	near, far := net.Pipe()
	select {
	case n.conns <- far:
		return near, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-n.done:
		return nil, net.ErrClosed
	}
}

// rig is a client that runs against the stand-in in virtual time.
type rig struct {
	*testing.T
	*Client
	twilio  *standin.Twilio
	network *network
	started time.Time
	ring    uint64
	in      chan heard
	log     bytes.Buffer
	hidden  []string        // what nobody may ever see
	seen    strings.Builder // news and faults, by the client's goroutines
	errs    strings.Builder // errors, by the test's
	garbled atomic.Bool     // the stand-in is told to answer as Twilio never would
	stop    context.CancelFunc
	ended   chan error
}

type heard struct {
	lock.Input
	at time.Duration
}

// withRig plays a test in virtual time. Whatever the client says in it is searched for what must stay hidden.
func withRig(t *testing.T, o Options, test func(r *rig)) {
	t.Helper()
	beforeRun(t, o, func(r *rig) {
		r.start()
		test(r)
	})
}

// beforeRun is withRig for what happens before Run: the test calls start.
func beforeRun(t *testing.T, o Options, test func(r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, o)
		test(r)
		r.finish()
	})
}

func newRig(t *testing.T, o Options) *rig {
	r := &rig{T: t, network: newNetwork(), started: time.Now(), in: make(chan heard, 256), ended: make(chan error, 1)}
	r.hidden = []string{secret, sender[1:], ada.Reveal()[1:], ben.Reveal()[1:]}
	r.twilio = standin.New(standin.Options{AccountSID: o.AccountSID, APIKeySID: o.APIKeySID, Secret: secret,
		Numbers: []string{sender}, Services: []string{serviceSID}})
	o.Log = slog.New(slog.NewTextHandler(&r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var err error
	if r.Client, err = New(o); err != nil {
		t.Fatal(err)
	}
	r.transport.DialContext = r.network.dial
	server := &http.Server{Handler: described(t, r.twilio, &r.garbled), ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}
	go server.Serve(r.network)
	t.Cleanup(func() { server.Close() })
	return r
}

func (r *rig) start() {
	ctx, cancel := context.WithCancel(r.Context())
	r.stop = cancel
	standing := false
	go func() {
		r.ended <- r.Client.Run(ctx, func(in lock.Input) {
			if f, ok := in.(lock.Fault); ok {
				if !f.Standing && !standing {
					return // the door, too, takes no note of the end of what did not stand
				}
				standing = f.Standing
			}
			fmt.Fprintf(&r.seen, "%v %+v %#v\n", in, in, in)
			r.in <- heard{in, time.Since(r.started)}
		})
	}()
}

func (r *rig) finish() {
	r.Helper()
	r.stop()
	if err := <-r.ended; err != nil {
		r.Errorf("Run: %v", err)
	}
	for _, secret := range r.hidden {
		if s := r.seen.String() + r.errs.String(); strings.Contains(s, secret) {
			r.Errorf("news, a fault or an error shows what must stay hidden (%q):\n%s", secret, s)
		}
		if s := r.log.String(); strings.Contains(s, secret) {
			r.Errorf("the log shows what must stay hidden (%q):\n%s", secret, s)
		}
	}
}

// text sends a new code and returns it.
func (r *rig) text(ttl time.Duration, to ...string) otp.Code {
	code := otp.NewCode(6)
	r.hidden = append(r.hidden, code.Reveal())
	r.send(code, ttl, to...)
	return code
}

func (r *rig) send(code otp.Code, ttl time.Duration, to ...string) {
	r.ring++
	r.Send(lock.Text{Ring: r.ring, Code: code, TTL: ttl, To: to})
}

// news waits for the next piece of news and passes faults over.
func (r *rig) news() (lock.TextNews, time.Duration) {
	r.Helper()
	return next[lock.TextNews](r)
}

// fault waits for the next fault and passes news over.
func (r *rig) fault() (lock.Fault, time.Duration) {
	r.Helper()
	return next[lock.Fault](r)
}

func next[T lock.Input](r *rig) (T, time.Duration) {
	r.Helper()
	for late := time.After(time.Hour); ; {
		select {
		case h := <-r.in:
			if n, ok := h.Input.(T); ok {
				return n, h.at
			}
		case <-late:
			r.Fatalf("within an hour: no %T", *new(T))
		}
	}
}

// behave sets the stand-in's behaviour.
func (r *rig) behave(b standin.Behaviour) {
	r.garbled.Store(b.Body != "")
	r.twilio.Behave(b)
}

// wait lets virtual time pass.
func (r *rig) wait(d time.Duration) { <-time.After(d) }

// quiet says that nothing is heard for d.
func (r *rig) quiet(d time.Duration) {
	r.Helper()
	select {
	case h := <-r.in:
		r.Errorf("after %v: heard %+v, want nothing", h.at, h.Input)
	case <-time.After(d):
	}
}

// expect waits for news of a state, and has the rest of it looked at.
func (r *rig) expect(state lock.TextState) lock.TextNews {
	r.Helper()
	n, at := r.news()
	if n.State != state {
		r.Fatalf("after %v: news %+v, want %s", at, n, state)
	}
	return n
}
