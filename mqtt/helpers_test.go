package mqtt

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/hooks/auth"
	"github.com/mochi-mqtt/server/v2/listeners"
	"go.uber.org/goleak"

	"latchd/bench/badnet"
	debian "latchd/bench/mosquitto"
	"latchd/lock"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// safety is how long a test waits for what must come. It is a net, not a measure.
const safety = 30 * time.Second

// box is an outbox in memory.
type box struct {
	mu        sync.Mutex
	events    []lock.Event
	delivered uint64
	broken    error
	failed    chan struct{} // one for each call that failed
	noted     chan struct{} // something was marked as delivered; holds one
}

func newBox() *box { return &box{failed: make(chan struct{}, 1000), noted: make(chan struct{}, 1)} }

func (b *box) Pending(_ context.Context, limit int) ([]lock.Event, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.broken != nil {
		b.failed <- struct{}{}
		return nil, b.broken
	}
	first := int(b.delivered)
	return slices.Clone(b.events[first:min(len(b.events), first+limit)]), nil
}

func (b *box) Delivered(_ context.Context, seq uint64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.broken != nil {
		b.failed <- struct{}{}
		return b.broken
	}
	if seq <= b.delivered || seq > uint64(len(b.events)) {
		panic(fmt.Sprintf("delivered up to %d, after %d of %d", seq, b.delivered, len(b.events)))
	}
	b.delivered = seq
	select {
	case b.noted <- struct{}{}:
	default:
	}
	return nil
}

// store gives events their seq, from 1, as the journal does.
func (b *box) store(events ...lock.Event) []lock.Event {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range events {
		events[i].Seq = uint64(len(b.events) + 1)
		events[i].ID = fmt.Sprintf("ID%d", events[i].Seq)
		events[i].At = time.Now()
		b.events = append(b.events, events[i])
	}
	return events
}

// set breaks the outbox, or mends it with nil.
func (b *box) set(broken error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.broken = broken
}

func (b *box) left() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.events) - int(b.delivered)
}

// inputs is a sink that keeps what it is given.
type inputs chan lock.Input

func (in inputs) take(i lock.Input) { in <- i }

func next[T lock.Input](t *testing.T, in inputs) T {
	t.Helper()
	for {
		select {
		case i := <-in:
			if v, ok := i.(T); ok {
				return v
			}
		case <-time.After(safety):
			var want T
			t.Fatalf("no %T came", want)
		}
	}
}

var quiet = slog.New(slog.DiscardHandler)

func options(brokers ...string) Options {
	return Options{Door: "front", Name: "Front door", Prefix: "latchd", Brokers: brokers, Discovery: "homeassistant",
		Version: "1.2.3", Contact: true, Tamper: true, Log: quiet}
}

func client(t *testing.T, o Options, b Outbox, sink func(lock.Input)) *Client {
	t.Helper()
	c, err := New(o, b, sink)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// run starts c and returns how to stop it; it is stopped at the end of the test in any case.
func run(t *testing.T, c *Client) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := c.Run(ctx); err != nil {
			t.Errorf("Run: %v", err)
		}
	}()
	stop = func() {
		cancel()
		select {
		case <-done:
		case <-time.After(safety):
			t.Error("Run does not end")
		}
	}
	t.Cleanup(stop)
	return stop
}

// message is what an ear has heard.
type message struct {
	topic, payload string
	retained       bool
}

// ear is a subscriber that hears everything.
type ear struct {
	paho.Client
	heard chan message
}

func listen(t *testing.T, broker, filter string, with ...func(*paho.ClientOptions)) *ear {
	t.Helper()
	e := &ear{heard: make(chan message, 100_000)}
	o := paho.NewClientOptions().AddBroker(broker).SetAutoReconnect(false).SetProtocolVersion(4)
	for _, set := range with {
		set(o)
	}
	e.Client = paho.NewClient(o)
	must(t, e.Connect())
	must(t, e.Subscribe(filter, 1, func(_ paho.Client, m paho.Message) {
		e.heard <- message{m.Topic(), string(m.Payload()), m.Retained()}
	}))
	// The broker in process looks for what is retained after it has acknowledged, and without the lock under which it retains
	// more. It answers one after the other.
	must(t, e.Unsubscribe("none"))
	t.Cleanup(func() { e.Disconnect(250) })
	return e
}

func must(t *testing.T, token paho.Token) {
	t.Helper()
	if !token.WaitTimeout(safety) {
		t.Fatal("the broker does not answer")
	}
	if err := token.Error(); err != nil {
		t.Fatal(err)
	}
}

func (e *ear) say(t *testing.T, topic, payload string, retained bool) {
	t.Helper()
	must(t, e.Publish(topic, 1, retained, payload))
}

// until returns the messages up to the first whose topic and payload begin so.
func (e *ear) until(t *testing.T, topic, payload string) []message {
	t.Helper()
	var all []message
	for {
		select {
		case m := <-e.heard:
			all = append(all, m)
			if strings.HasPrefix(m.topic, topic) && strings.HasPrefix(m.payload, payload) {
				return all
			}
		case <-time.After(safety):
			t.Fatalf("no %s %s came, only %v", topic, payload, all)
		}
	}
}

// broker starts a broker in process and returns its address.
func broker(t *testing.T) string {
	server, address := mochiBroker(t, listeners.Config{})
	if err := server.AddHook(new(auth.AllowHook), nil); err != nil {
		t.Fatal(err)
	}
	return "tcp://" + address
}

func mochiBroker(t *testing.T, config listeners.Config) (server *mochi.Server, address string) {
	t.Helper()
	server = mochi.New(&mochi.Options{Logger: quiet})
	config.ID, config.Address = "test", "127.0.0.1:0"
	l := listeners.NewTCP(config)
	if err := server.AddListener(l); err != nil {
		t.Fatal(err)
	}
	if err := server.Serve(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	return server, l.Address()
}

// mosquitto starts Debian's broker, open to everybody, and returns its address.
func mosquitto(t *testing.T) string {
	return "tcp://" + mosquittoWith(t, debian.Open)
}

// mosquittoWith starts Debian's broker with these lines of configuration, but on a port of its own, and returns its
// address.
func mosquittoWith(t *testing.T, lines string) (address string) {
	b, err := debian.Start(t.TempDir(), lines)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("without mosquitto there is nothing to try: ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Kill)
	return b.Address
}

// eachBroker runs a test against the broker in process and against mosquitto.
func eachBroker(t *testing.T, test func(t *testing.T, address string)) {
	t.Run("broker in process", func(t *testing.T) { test(t, broker(t)) })
	t.Run("mosquitto", func(t *testing.T) { test(t, mosquitto(t)) })
}

// proxy stands between client and broker and breaks connections.
type proxy struct{ *badnet.Proxy }

func newProxy(t *testing.T, target string, plan func() badnet.Fate) *proxy {
	t.Helper()
	p, err := badnet.New(strings.TrimPrefix(target, "tcp://"), plan)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return &proxy{p}
}

func (p *proxy) address() string { return "tcp://" + p.Address() }

// cut breaks all connections; with shut, new ones too, until cut is called without.
func (p *proxy) cut(shut bool) { p.Cut(shut) }

// never is the plan of a network that breaks nothing by itself.
func never() badnet.Fate { return badnet.Fate{} }
