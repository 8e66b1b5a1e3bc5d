// Package mqtt tells home automation over MQTT what happens at the door, and takes its commands.
//
// Under PREFIX/DOOR/, or PREFIX/SITE/DOOR/, it keeps the door's states retained, publishes bell and access as they happen, and every stored
// event in order from an outbox that outlives broker and daemon. An event counts as delivered when the broker has
// acknowledged it on the connection that carried it, and not before: one may arrive twice, none is lost. A door that
// Home Assistant discovers is announced under its discovery prefix.
//
// It refuses to open anything by itself: commands go to the door's own rules, marked when they could not be read. It
// keeps no queue that grows, never makes its callers wait, and never publishes, logs or returns a password.
package mqtt

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"latchd/lock"
)

// Outbox is where events wait until the broker has them, and where they are found again.
type Outbox interface {
	// Pending returns up to limit undelivered events, in the order of their seq.
	Pending(ctx context.Context, limit int) ([]lock.Event, error)
	// Delivered marks all events up to seq as delivered.
	Delivered(ctx context.Context, seq uint64) error
	// Range returns up to limit events from seq from to seq to, delivered or not, in their order.
	Range(ctx context.Context, from, to uint64, limit int) ([]lock.Event, error)
}

// Options say which door is published, and where.
type Options struct {
	Door    string   // the door's id: [a-z0-9-]{1,32}; behind its site's and a /, where it belongs to one
	Name    string   // the door's name, for people
	Site    string   // the site's; empty: it belongs to none
	Prefix  string   // first part of every topic
	Brokers []string // tcp, ssl, ws or wss addresses without credentials, tried in turn

	Username, Password string
	TLS                func() (*tls.Config, error) // asked at each connection, so that renewed files count; nil: the system's roots

	// Dial connects to a broker's HOST:PORT, whatever its scheme; nil: over the network, as the scheme says.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	// Spread is over how long many doors connect to their broker, each at a moment of chance, at their start and when it comes
	// back, and over how long they answer Home Assistant's start; 0: at once, which is best for a few. Where there are several
	// brokers, it is 5 s at the most for the next one.
	Spread time.Duration

	Discovery string // Home Assistant's discovery prefix; empty: nothing is published outside Prefix
	Style     string // "device" (also when empty), or "entity": one announcement an entity
	Version   string

	Memory Memory // nil: what an earlier configuration has left at the broker stays there

	Contact, Tamper bool // which sensors are fitted
	Log             *slog.Logger
}

// candidate is a broker that is named, and what has become of it.
type candidate struct {
	*url.URL
	shunned time.Duration // how long it is left alone, having been of no use; 0: it was
	again   time.Time     // until when
}

func (b candidate) isShunned() bool { return b.shunned > 0 && time.Now().Before(b.again) }

// liveDepth bounds the live messages that wait for the connection; the oldest goes first.
const liveDepth = 64

// Client is the door's one connection to home automation. Its methods may be called from any goroutine.
type Client struct {
	o       Options
	brokers []candidate
	box     Outbox
	sink    func(lock.Input)
	dial    dialer
	wait    func(failures int) time.Duration
	intake  *intake
	asks    *rate.Limiter // of ranges that are asked for again

	wake chan struct{} // something to publish; holds one

	mu     sync.Mutex
	status *lock.Status // nil before the first Show
	stuck  bool         // nobody tells what the door is
	live   []live       // oldest first
	due    bool         // the outbox may have grown

	trouble lock.Fault        // the standing fault; Run's goroutine only
	rival   rival             // who contradicts or floods; Run's goroutine only
	takings map[string]taking // back of what is stale, by broker; Run's goroutine only
	boxLog  rate.Sometimes    // Run's goroutine only
	flood   rate.Sometimes
}

// New makes a client; nothing happens before Run. sink takes commands and faults. It is called from two goroutines, is
// allowed to take its time, and must return: while it does not, further commands are dropped, but for a LOCK.
func New(o Options, box Outbox, sink func(lock.Input)) (*Client, error) {
	if o.Style == "" {
		o.Style = styleDevice
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	c := &Client{o: o, box: box, sink: sink, wait: retryWait, intake: newIntake(), asks: rate.NewLimiter(replayRate, replayBurst), wake: make(chan struct{}, 1),
		takings: map[string]taking{}, rival: rival{log: rate.Sometimes{Interval: time.Minute}}, boxLog: rate.Sometimes{Interval: time.Minute}, flood: rate.Sometimes{Interval: time.Minute}}
	c.dial = c.open
	if o.Dial != nil {
		c.dial = func(ctx context.Context, broker *url.URL) (net.Conn, error) { return o.Dial(ctx, "tcp", broker.Host) }
	}
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("mqtt: %w", err)
	}
	return c, nil
}

// check refuses what cannot work, and reads the brokers' addresses.
func (c *Client) check() error {
	if c.o.Style != styleDevice && c.o.Style != styleEntity {
		return fmt.Errorf("discovery style %q: allowed are %q and %q", c.o.Style, styleDevice, styleEntity)
	}
	if c.o.Prefix == "" || c.o.Door == "" {
		return errors.New("topics: prefix or door is empty")
	}
	for _, part := range []string{c.o.Prefix, c.o.Door, c.o.Discovery} {
		if strings.ContainsAny(part, "+#\x00") || strings.HasPrefix(part, "/") || strings.HasSuffix(part, "/") {
			return fmt.Errorf("topics: %q: neither prefix, door nor discovery prefix has a +, a # or an outer /", part)
		}
	}
	if len(c.o.Brokers) == 0 {
		return errors.New("no broker is named")
	}
	for _, address := range c.o.Brokers {
		u, err := parseBroker(address)
		if err != nil {
			return err
		}
		c.brokers = append(c.brokers, candidate{URL: u})
	}
	return nil
}

// Show publishes what the door is. The newest status wins; it never blocks. Before the first Show a connection publishes
// nothing, for without its states Home Assistant would show the lock as unlocked.
func (c *Client) Show(s lock.Status) {
	s.Faults = slices.Clone(s.Faults)
	c.mu.Lock()
	c.status = &s
	c.mu.Unlock()
	c.nudge()
}

// Tell says that events have been stored, or, with Seq 0, could not be. It publishes those that home automation wants at
// once (bell, access, command/result), unless the broker is away for liveFor; the outbox brings all stored ones. It never
// blocks.
func (c *Client) Tell(events []lock.Event) {
	now := time.Now()
	c.mu.Lock()
	for _, e := range events {
		if name, payload := liveMessage(e); name != "" {
			c.live = append(c.live, live{state{c.topic(name), payload}, now})
		}
	}
	c.live = slices.Delete(c.live, 0, max(0, len(c.live)-liveDepth))
	c.due = true
	c.mu.Unlock()
	c.nudge()
}

// Stuck says whether the door's loop hangs, so that nobody keeps the states true or obeys a command: the door is offline
// then, whatever the connection. It never blocks.
func (c *Client) Stuck(stuck bool) {
	c.mu.Lock()
	c.stuck = stuck
	c.mu.Unlock()
	c.nudge()
}

func (c *Client) nudge() {
	select {
	case c.wake <- struct{}{}:
	default: // one is waiting already
	}
}

func (c *Client) current() (status lock.Status, stuck, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.status == nil {
		return lock.Status{}, false, false
	}
	return *c.status, c.stuck, true
}

// takeDue returns whether the outbox may have grown since the last call.
func (c *Client) takeDue() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	due := c.due
	c.due = false
	return due
}

// takeLive takes up to n live messages, oldest first.
func (c *Client) takeLive(n int) []live {
	c.mu.Lock()
	defer c.mu.Unlock()
	n = max(0, min(n, len(c.live)))
	taken := slices.Clone(c.live[:n])
	c.live = slices.Delete(c.live, 0, n)
	return taken
}

// topic returns the door's topic of that name.
func (c *Client) topic(name string) string { return c.o.Prefix + "/" + c.o.Door + "/" + name }

// id names the door beyond its own topics: the client id, and the device in Home Assistant. No id holds a _, so that no other
// site and door has it.
func (c *Client) id() string { return "latchd-" + strings.ReplaceAll(c.o.Door, "/", "_") }
