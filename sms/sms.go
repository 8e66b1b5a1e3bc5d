// Package sms carries one-time codes to the owners' phones as texts through Twilio, and tells what became of each.
//
// It sends nothing for a dead code, never sends a text twice unless Twilio said that it took none, and looks a text up
// whose answer was lost. It asks nothing of Twilio but a check now and then while the credentials are refused. It refuses to say more than it must: no code, no
// text's body, no secret and no whole phone number reaches an error, a log, a fault or a piece of news, whatever Twilio
// or the network answers.
//
// How often the door may text is not decided here.
package sms

import (
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twilio/twilio-go/client"

	"latchd/lock"
)

// DefaultAPI is where Twilio's REST API answers.
const DefaultAPI = "https://api.twilio.com"

// inHand bounds the texts that are waiting, on their way or followed at one time.
const inHand = 64

// Options says whose account texts for whom. New checks all of it.
type Options struct {
	AccountSID          string // "AC" and 32 hex digits
	APIKeySID           string // "SK" and 32 hex digits; empty: sign in with the account's own token
	Secret              string // the API key's secret when there is an APIKeySID, else the account's auth token
	From                string // the sender's number, E.164; or
	MessagingServiceSID string // "MG" and 32 hex digits: Twilio picks the sender. One of the two.

	API  string // base URL, "" for DefaultAPI; plain http to a loopback address only
	Body string // text with {{.Code}}, {{.Door}}, {{.Site}} and {{.Minutes}}
	Door string // the door's name
	Site string // its site's; empty: none

	Owners       map[string]lock.Phone // by the owner's name
	CountryCodes []string              // "1", "44": numbers elsewhere get no request; empty: the owners' own countries

	Voice     bool              // call and speak the code where its text fails or has not arrived after 20 s; needs From
	Languages map[string]string // of the owners' calls, by name, such as "de-DE"

	// Dial connects to the API's HOST:PORT; nil: over the network.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	Log *slog.Logger // nil: nothing is logged
}

// Client texts codes. Make it with New; Send may be called from any goroutine, Run once at a time.
type Client struct {
	from, service string
	roster        atomic.Pointer[roster] // for the texts to come
	log           *slog.Logger

	credentials client.Client
	api         *url.URL
	transport   *http.Transport
	hide        *strings.Replacer // what is secret in anything that comes back

	queue   chan job
	refused chan lock.TextNews
	hands   atomic.Int32 // texts in hand
	newest  atomic.Pointer[life]
	barred  atomic.Pointer[Trouble]
	recheck chan struct{} // a check at once
	unwell  chan struct{} // one within checkSoon
	alarm   alarm
}

// roster is who is texted, and in which words.
type roster struct {
	owners    map[string]lock.Phone
	countries []string
	names     words // of the door and its site
	body      body
	voice     bool
	languages map[string]string // of the owners
}

// job is one text for one owner.
type job struct {
	text  lock.Text
	to    *roster
	owner string
	rest  []string  // the owners after this one, where they are texted in turn
	dead  time.Time // when the code dies of old age, by the monotonic clock
	life  *life     // of the code, nil where there is none

	signIn bool // the code opens no door: no ring voids it
}

// life is that of the newest ring's code. It ends when the code is used or a newer ring voids it.
type life struct {
	ring uint64
	over context.Context // done then
	end  func()
	kept atomic.Bool // somebody keeps the connection for it
}

// lives says whether a job's code was neither used nor voided.
func (c *Client) lives(j job) bool { return j.signIn || c.newest.Load() == j.life }

// within returns a context that ends with the life of the job's code, too.
func (j job) within(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithDeadline(ctx, j.dead)
	context.AfterFunc(j.life.over, cancel)
	return ctx, cancel
}

// New checks the options and parses the body. It asks nothing of the network; Check does.
func New(o Options) (*Client, error) {
	api, err := o.check()
	if err != nil {
		return nil, err
	}
	user := o.AccountSID
	if o.APIKeySID != "" {
		user = o.APIKeySID
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	c := &Client{
		from: o.From, service: o.MessagingServiceSID, log: o.Log, api: api,
		credentials: client.Client{Credentials: client.NewCredentials(user, o.Secret)},
		transport:   newTransport(o.Dial),
		hide: strings.NewReplacer(o.Secret, "…",
			base64.StdEncoding.EncodeToString([]byte(user+":"+o.Secret)), "…"),
		queue: make(chan job, inHand), refused: make(chan lock.TextNews, inHand), recheck: make(chan struct{}, 1), unwell: make(chan struct{}, 1),
	}
	c.credentials.SetAccountSid(o.AccountSID)
	return c, c.Change(o)
}

// Change takes over the owners, their countries, the names of door and site, and the body for the texts to come. The account, the
// sender and the API stay what they were. On an error nothing changes.
func (c *Client) Change(o Options) error {
	if _, err := o.check(); err != nil {
		return err
	}
	body, err := parseBody(o.Body, o.names())
	if err != nil {
		return err
	}
	c.roster.Store(&roster{o.Owners, o.CountryCodes, o.names(), body, o.Voice, o.Languages})
	return nil
}

// Send takes a text in hand for each of its owners, or for the first where it goes to them in turn, and returns at once. What becomes of it comes out of Run. A text for
// another ring voids those before it that Twilio has not taken yet. With 64 texts in hand a further one has failed.
func (c *Client) Send(t lock.Text) {
	dead := time.Now().Add(t.TTL)
	now := &life{ring: t.Ring}
	now.over, now.end = context.WithCancel(context.Background())
	if last := c.newest.Swap(now); last != nil {
		last.end()
	}
	to := c.roster.Load()
	for i, owner := range t.To {
		j := job{text: t, to: to, owner: owner, dead: dead, life: now}
		if t.Turn {
			j.rest = t.To[i+1:]
		}
		if c.hands.Add(1) <= inHand {
			c.queue <- j // holds inHand, so there is room
			if t.Turn {
				return
			}
			continue
		}
		c.hands.Add(-1)
		news := c.news(j, lock.Failed, errFull)
		select {
		case c.refused <- news:
		default:
			c.log.Error("text dropped and its news with it: too many are in hand", "owner", owner)
		}
	}
}

// Spent says that the code of a ring has been used: what was not sent of it stays unsent, and nobody is called. A phone
// that rings is hung up.
func (c *Client) Spent(ring uint64) {
	if l := c.newest.Load(); l != nil && l.ring == ring && c.newest.CompareAndSwap(l, nil) {
		l.end()
	}
}

// Run works the queue until ctx ends, and then returns nil once all it started has ended. It signs in at the start and
// every five minutes, sooner while Twilio cannot be reached. The sink gets lock.TextNews and lock.Fault{Part: "twilio"},
// one at a time; it must not block for long. Texts still in hand when ctx ends have no further news.
func (c *Client) Run(ctx context.Context, sink func(lock.Input)) error {
	defer c.transport.CloseIdleConnections()
	var one sync.Mutex
	tell := func(in lock.Input) {
		one.Lock()
		defer one.Unlock()
		sink(in)
	}
	c.alarm.listen(tell)
	var all sync.WaitGroup
	defer all.Wait()
	all.Go(func() { c.watch(ctx) })
	for {
		select {
		case <-ctx.Done():
			return nil
		case news := <-c.refused:
			tell(news)
		case j := <-c.queue:
			all.Go(func() {
				defer c.hands.Add(-1)
				if j.signIn {
					c.carrySignIn(ctx, j)
					return
				}
				c.carry(ctx, j, tell)
			})
		}
	}
}

// Check signs in to Twilio: it proves the credentials and that the sender is the account's own. It sends no text. The
// error is a *Trouble, wrapped.
func (c *Client) Check(ctx context.Context) error {
	defer c.transport.CloseIdleConnections()
	if _, t := c.signIn(ctx); t != nil {
		return fmt.Errorf("sign in to Twilio: %w", t)
	}
	return nil
}
