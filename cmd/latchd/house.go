package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"latchd/board"
	"latchd/board/sim"
	"latchd/configs"
	"latchd/daemon"
	"latchd/journal"
	"latchd/keypad"
	"latchd/lock"
	"latchd/mqtt"
	"latchd/sms"
	"latchd/systemd"
)

// house is a door with everything around it: the board, the loop, and the adapters that the loop speaks through.
type house struct {
	houseOptions
	cfg     *configs.Config
	sim     *sim.Board // nil on a real board
	board   *board.Board
	journal *journal.Journal
	broker  *mqtt.Client
	loop    *daemon.Loop
	texts   *sms.Client // nil: there is nothing to sign in with, as noTexts says
	noTexts lock.Fault
	secret  configs.Secret // Twilio's
	pages   pages

	mu      sync.Mutex
	early   []lock.Input  // what was posted before there was a loop
	stopped chan struct{} // closed when the last event has been told
	jobs    sync.WaitGroup
}

type houseOptions struct {
	log     *slog.Logger
	flush   func() // of the log; optional
	secrets configs.Secrets
	show    func(lock.Status)  // hears the door's state beside the broker; optional
	hear    func([]lock.Event) // hears stored events beside the broker; optional
	// dial connects to the broker and to Twilio; nil: over the network.
	dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// openHouse locks the strike first, and then makes ready whatever else the configuration asks for. What fails leaves the
// strike locked.
func openHouse(cfg *configs.Config, o houseOptions) (*house, error) {
	h := &house{houseOptions: o, cfg: cfg, stopped: make(chan struct{})}
	if err := h.openBoard(); err != nil {
		return nil, err
	}
	h.log.Info("the strike is locked", "line", cfg.Strike.Line)
	if err := h.openRest(); err != nil {
		return nil, errors.Join(err, h.board.Close())
	}
	return h, nil
}

func (h *house) openRest() error {
	opened, err := h.openJournal()
	if err != nil {
		return err
	}
	if err := h.openBroker(); err != nil {
		return errors.Join(err, h.journal.Close())
	}
	h.openTexts()
	h.openPages()
	every, err := systemd.AliveEvery()
	if err != nil {
		h.log.Warn("the watchdog's time cannot be read", "error", err)
	}
	loop := daemon.New(daemon.Options{Door: h.cfg.DoorID(), Version: version, Rules: h.rules(h.cfg), State: opened.State,
		Strike: h.board.Strike, Lamps: h.board.Feedback, Texts: h, Journal: h.journal, Show: h.showStatus, Stuck: h.stuck,
		Synced: clockSynced, Log: h.log, Alive: func() { h.warnIf(systemd.Alive()) }, AliveEvery: every})
	h.mu.Lock()
	defer h.mu.Unlock()
	h.loop = loop
	for _, in := range h.early {
		loop.Post(in)
	}
	return nil
}

func (h *house) openBoard() error {
	var lines board.Lines
	switch h.cfg.Board.Driver {
	case "sim":
		h.sim = sim.New(simWiring(h.cfg))
		lines = h.sim
	default:
		l, err := board.OpenLinux(h.cfg.Board.Chip)
		if err != nil {
			return err
		}
		lines = l
	}
	w := boardWiring(h.cfg)
	w.Report = func(f lock.Fault) { h.post(f) }
	b, err := board.Open(lines, w)
	h.board = b
	return err
}

func (h *house) openJournal() (journal.Opened, error) {
	j, opened, err := journal.Open(journal.Options{Dir: h.cfg.Journal.Path, Door: h.cfg.DoorID(), Log: h.log,
		Keep: time.Duration(h.cfg.Journal.Keep), Now: daemon.WallClock})
	if err != nil {
		return opened, err
	}
	h.journal = j
	if opened.Why != "" {
		// What was counted is not known: the next lockout is the longest.
		opened.State.Level = strictLevel
	}
	return opened, nil
}

// strictLevel is above any level that doubling reaches.
const strictLevel = 1 << 10

func (h *house) openBroker() error {
	o, err := brokerOptions(h.cfg, h.secrets)
	if err != nil {
		h.log.Error("the broker will be asked without a password", "error", err)
	}
	o.Dial, o.Memory, o.Log = h.dial, h.journal, h.log
	h.broker, err = mqtt.New(o, h.journal, h.post)
	return err
}

// brokerOptions are those of a configuration. The error says that the password is not there; the rest is.
func brokerOptions(cfg *configs.Config, secrets configs.Secrets) (o mqtt.Options, err error) {
	m := cfg.MQTT
	o = mqtt.Options{Door: cfg.DoorID(), Name: cfg.Door.Name, Site: cfg.Site.Title(), Prefix: m.Prefix, Brokers: m.Brokers, Username: m.Username,
		TLS:       func() (*tls.Config, error) { return mqtt.TLSConfig(m.CA, m.Cert, m.Key) },
		Discovery: m.Discovery, Style: m.DiscoveryStyle, Spread: time.Duration(m.Spread), Version: version,
		Contact: cfg.Contact.Line != "", Tamper: cfg.Tamper.Line != ""}
	if m.Username == "" {
		return o, nil
	}
	password, _, err := secrets.Find(configs.MQTTPassword)
	o.Password = password.Reveal()
	return o, err
}

// openTexts makes the texts' client. A door that has nothing to sign in with works, but for its texts.
func (h *house) openTexts() {
	secret, source, err := h.secrets.Find(configs.TwilioAuthToken)
	if err == nil {
		h.secret = secret
		o := textOptions(h.cfg, h.cfg, secret, h.log)
		o.Dial = h.dial
		if h.texts, err = sms.New(o); err == nil {
			return
		}
		h.texts, err = nil, fmt.Errorf("%s: %w", source, err)
	}
	h.noTexts = lock.Fault{Part: "twilio", Standing: true, Detail: "no text can be sent: " + err.Error(),
		Hint: "mend it, see latchd check, and restart"}
}

// textOptions are those of a configuration, for the account and the door's name that the daemon was started with.
func textOptions(cfg, started *configs.Config, secret configs.Secret, log *slog.Logger) sms.Options {
	owners, languages := map[string]lock.Phone{}, map[string]string{}
	for _, o := range cfg.Owner {
		owners[o.Name], languages[o.Name] = o.Phone, cmp.Or(o.Language, "en-US")
	}
	t := started.Twilio
	return sms.Options{AccountSID: t.AccountSID, APIKeySID: t.APIKeySID, Secret: secret.Reveal(), From: t.From.Reveal(),
		MessagingServiceSID: t.MessagingServiceSID, API: t.API, Body: cfg.Texts.Body, Door: started.Door.Name, Site: started.Site.Title(), Owners: owners,
		CountryCodes: cfg.Texts.CountryCodes, Voice: t.VoiceFallback, Languages: languages, Log: log}
}

// Send hands a text on.
func (h *house) Send(t lock.Text) {
	if h.texts != nil {
		h.texts.Send(t)
		return
	}
	go func() { // not from here: the loop is waiting for this call
		for _, owner := range t.To {
			h.post(lock.TextNews{Ring: t.Ring, Owner: owner, State: lock.Failed, Unsent: true, Detail: h.noTexts.Detail, Hint: h.noTexts.Hint})
		}
	}()
}

// Spent hands on that a code has opened.
func (h *house) Spent(ring uint64) {
	if h.texts != nil {
		h.texts.Spent(ring)
	}
}

// post hands an input to the loop, or keeps it until there is one.
func (h *house) post(in lock.Input) {
	h.mu.Lock()
	loop := h.loop
	if loop == nil {
		h.early = append(h.early, in)
	}
	h.mu.Unlock()
	if loop != nil {
		loop.Post(in)
	}
}

func (h *house) showStatus(s lock.Status) {
	h.broker.Show(s)
	h.showPages(s)
	if h.show != nil {
		h.show(s)
	}
}

// stuck hears that the loop hangs, or goes on. Commands and keys wait; the strike has its own timer.
func (h *house) stuck(stuck bool) {
	if stuck {
		h.log.Error("the door's loop hangs: the door counts as offline", "for", daemon.Patience)
	} else {
		h.log.Warn("the door's loop goes on")
	}
	h.broker.Stuck(stuck)
}

// tell passes stored events on. Those told again were heard when the disk could not take them: only the outbox is due.
func (h *house) tell(events []lock.Event, again bool) {
	if again {
		h.broker.Tell(nil)
		return
	}
	h.broker.Tell(events)
	h.tellPages(events)
	if h.hear != nil {
		h.hear(events)
	}
	if events[len(events)-1].Type == lock.DaemonStopped {
		close(h.stopped)
	}
}

// run works the door until ctx ends. The end is in the order of what matters: the loop locks the strike, the board is given
// back locked, the journal takes the last event, the broker hears it.
func (h *house) run(ctx context.Context) error {
	adapters, stopAdapters := context.WithCancel(context.Background())
	defer stopAdapters()
	store, stopJournal := context.WithCancel(context.Background())
	defer stopJournal()
	hands, stopHands := context.WithCancel(ctx)
	defer stopHands()

	var storing sync.WaitGroup
	storing.Go(func() { h.part("journal", func() error { return h.journal.Run(store, h.tell, h.post) }) })
	if h.board.Pad != nil {
		h.job("keypad", func() error { return keypad.Run(hands, h.board.Pad, padOptions(h.cfg), h.post) })
	}
	for _, s := range h.board.Switches {
		h.job("inputs", func() error { return s.Run(hands, h.post) })
	}
	h.job("clock", func() error { daemon.WatchClock(adapters, h.post); return nil })
	if h.texts != nil {
		h.job("texts", func() error { return h.texts.Run(adapters, h.post) })
	} else {
		h.post(h.noTexts)
	}
	h.job("mqtt", func() error { return h.broker.Run(adapters) })
	h.runPages(adapters)
	fingers, liftFingers := context.WithCancel(context.Background())
	defer liftFingers()
	if err := h.serveSim(fingers); err != nil {
		h.log.Error("the simulated board cannot be reached", "error", err)
	}
	h.warnIf(systemd.Ready(h.status()))
	h.log.Info("the door is at work", "door", h.cfg.DoorID())

	h.part("loop", func() error { h.loop.Run(ctx); return nil })
	h.warnIf(systemd.Stopping("locked"))
	stopHands()
	err := h.board.Close()
	liftFingers() // now that whoever watches the lines has seen the strike lock
	select {
	case <-h.stopped:
	case <-time.After(2 * time.Second): // the disk does not answer
	}
	stopAdapters()
	h.jobs.Wait()
	stopJournal()
	storing.Wait()
	return err
}

func (h *house) serveSim(ctx context.Context) error {
	if h.sim == nil || h.cfg.Board.Socket == "" {
		return nil
	}
	l, err := sim.Listen(h.cfg.Board.Socket)
	if err != nil {
		return err
	}
	h.job("sim", func() error { return sim.Serve(ctx, l, h.sim) })
	return nil
}
