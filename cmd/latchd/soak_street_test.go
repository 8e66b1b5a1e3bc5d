package main

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	broker "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/hooks/auth"

	"latchd/configs"
	"latchd/sms/standin"
	"latchd/systemd"
)

// street is a house with its whole daemon, and what stands around it: a broker, Twilio's stand-in, a witness, people.
type street struct {
	t       *testing.T
	cfg     *configs.Config
	h       *house
	witness *witness

	broker   *broker.Server
	messages *wires // to it
	sms      *standin.Twilio
	phone    *wires // to it
	texts    chan standin.Message

	mu    sync.Mutex
	acts  map[string]int // what people did
	close func()
}

// openStreet starts all of it but the people. It must be called in a bubble of synctest.
func openStreet(t *testing.T, dir string) *street {
	cfg, err := soakConfig(dir)
	if err != nil {
		t.Fatal(err)
	}
	s := &street{t: t, cfg: cfg, witness: newWitness(time.Duration(cfg.Strike.Pulse)), messages: newWires(), phone: newWires(),
		texts: make(chan standin.Message, 100), acts: map[string]int{}}
	s.sms = standin.New(standin.Options{AccountSID: cfg.Twilio.AccountSID, Secret: demoSecret,
		Numbers: []string{cfg.Twilio.From.Reveal()}, OnText: s.text})
	api := &http.Server{Handler: s.sms, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}
	// It is not asked to Serve: that would wake it four times a second for what it does not have.
	s.broker = broker.New(&broker.Options{Logger: slog.New(slog.DiscardHandler), InlineClient: true})
	prefix := cfg.MQTT.Prefix + "/" + cfg.Door.ID + "/"
	for _, hook := range []broker.Hook{new(auth.AllowHook), &passing{tell: func(topic string, payload []byte, _ bool) {
		if topic == prefix+"event" {
			s.witness.receive(payload)
		}
	}}} {
		if err := s.broker.AddHook(hook, nil); err != nil {
			t.Fatal(err)
		}
	}
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	log, flush := systemd.NewLogger(null, slog.LevelInfo)
	if s.h, err = openHouse(cfg, houseOptions{log: log, flush: flush, secrets: demoSecrets(), hear: s.witness.hear, dial: s.dial}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var around, inside sync.WaitGroup
	around.Go(func() { api.Serve(s.phone) })
	around.Go(s.serveBroker)
	for _, line := range []string{cfg.Strike.Line, cfg.Exit.Line} {
		changes := s.h.sim.Watch(ctx, line)
		around.Go(func() {
			for c := range changes {
				s.witness.line(c, line == cfg.Strike.Line)
			}
		})
	}
	inside.Go(func() {
		if err := s.h.run(ctx); err != nil {
			t.Errorf("the house ended: %v", err)
		}
	})
	s.close = func() {
		cancel()
		inside.Wait()
		flush()
		api.Close()
		s.messages.Close()
		s.broker.Close()
		around.Wait()
		null.Close()
	}
	return s
}

func (s *street) serveBroker() {
	var clients sync.WaitGroup
	defer clients.Wait()
	for {
		c, err := s.messages.Accept()
		if err != nil {
			return
		}
		clients.Go(func() { s.broker.EstablishConnection("memory", c) }) // its error is how the connection ended
	}
}

func (s *street) dial(ctx context.Context, _, address string) (net.Conn, error) {
	if strings.HasSuffix(s.cfg.Twilio.API, address) {
		return s.phone.dial(ctx)
	}
	return s.messages.dial(ctx)
}

// text passes on what the first owner gets.
func (s *street) text(m standin.Message) {
	if m.To != s.cfg.Owner[0].Phone.Reveal() {
		return
	}
	select {
	case s.texts <- m:
	default:
	}
}

func (s *street) count(what string, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.acts[what] += n
}

// liveUntil lets people live at the door until the journal has given the seq n.
func (s *street) liveUntil(n uint64, seed uint64) {
	ctx := s.witness.until(n)
	var people sync.WaitGroup
	for i, kind := range []struct {
		habits []habit
		apart  time.Duration
	}{{visitors, 2 * time.Minute}, {residents, time.Minute}, {weather, time.Hour}} {
		p := &person{s, ctx, rand.New(rand.NewPCG(seed, uint64(i)))}
		people.Go(func() { p.live(kind.habits, kind.apart) })
	}
	people.Wait()
}

// calm makes the weather good and waits until all has been said and every connection but the broker's is closed.
func (s *street) calm() {
	s.messages.back()
	s.phone.back()
	s.sms.Behave(standin.Behaviour{})
	s.h.sim.Bounce(0, 0)
	s.h.sim.Tamper(false)
	s.h.sim.Door(false)
	for range 24 * 60 {
		<-time.After(time.Minute)
		synctest.Wait()
		if s.witness.rest() && s.messages.open.Load() == 1 && s.phone.open.Load() == 0 {
			return
		}
	}
	s.t.Fatalf("a day of good weather, and %d of %d events have reached the broker; %d connections to it, %d to Twilio",
		s.witness.heard, s.witness.stored, s.messages.open.Load(), s.phone.open.Load())
}

// soakConfig is the demo's door with the waits of a house and a journal that is pruned.
func soakConfig(dir string) (*configs.Config, error) {
	cfg, err := configs.Parse("demo.toml", []byte(configs.Demo))
	if err != nil {
		return nil, err
	}
	cfg.Board.Socket = ""
	cfg.Keypad.Settle = configs.Duration(time.Microsecond) // it is spent by the real clock; simulated copper settles at once
	cfg.Code.Lockout, cfg.Code.LockoutMax = configs.Duration(2*time.Minute), configs.Duration(30*time.Minute)
	cfg.Texts.MinGap, cfg.Texts.PerHour, cfg.Texts.PerDay = configs.Duration(20*time.Second), 100, 500
	quiet := cfg.Owner[0]
	quiet.Name, quiet.Phone, quiet.Quiet = "Grace", "+15557654322", "22:00-07:00"
	cfg.Owner = append(cfg.Owner, quiet)
	cfg.Journal.Path, cfg.Journal.Keep = dir, configs.Duration(14*24*time.Hour)
	return cfg, nil
}
