package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	broker "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/hooks/auth"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/mochi-mqtt/server/v2/packets"
	"github.com/spf13/cobra"

	"latchd/board/sim"
	"latchd/configs"
	"latchd/lock"
	"latchd/sms/standin"
	"latchd/systemd"
	"latchd/web"
)

func newDemo() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show the whole system in a browser, without hardware",
		Long: `Runs the real daemon on a simulated board, with a broker and a stand-in for Twilio's API in the same process, and a page
to ring the bell, read the owner's phone and type the code. It needs no configuration, no hardware, no network and no
rights. The first line it prints is the address to open.`,
		Args: usage(cobra.NoArgs),
	}
	listen := cmd.Flags().String("listen", "127.0.0.1:8080", "serve the page at `ADDRESS`, on loopback")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGHUP) // the terminal was closed
		defer stop()
		log, flush := systemd.NewLogger(os.Stderr, slog.LevelInfo)
		defer flush()
		return runDemo(ctx, *listen, cmd.OutOrStdout(), log)
	}
	return cmd
}

func runDemo(ctx context.Context, listen string, stdout io.Writer, log *slog.Logger) error {
	if err := onLoopback(listen); err != nil {
		return err
	}
	page, err := net.Listen("tcp", listen)
	if err != nil {
		return fmt.Errorf("serve the demo's page: %w: choose another address, for example --listen 127.0.0.1:0", err)
	}
	defer page.Close()
	fmt.Fprintf(stdout, "http://%s/\n", page.Addr())
	dir, err := os.MkdirTemp("", "latchd-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)

	cfg, err := configs.Parse("demo.toml", []byte(configs.Demo))
	if err != nil {
		return err
	}
	cfg.Journal.Path, cfg.Web.Console = filepath.Join(dir, "journal"), true
	cfg.Board.Socket = filepath.Join(dir, "board")
	phone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer phone.Close()
	cfg.Twilio.API = "http://" + phone.Addr().String()
	messages, err := listenMQTT()
	if err != nil {
		return err
	}
	defer messages.Close()
	cfg.MQTT.Brokers = []string{"tcp://" + messages.Addr().String()}

	var demo *web.Demo
	var late atomic.Bool
	twilio := standin.New(standin.Options{AccountSID: cfg.Twilio.AccountSID, Secret: demoSecret,
		Numbers: []string{cfg.Twilio.From.Reveal()}, OnText: func(m standin.Message) {
			arrive := func() { demo.Text(m.To, m.Body, time.Now()) }
			if late.Load() {
				time.AfterFunc(demoLate, arrive)
				return
			}
			arrive()
		}})
	h, err := openHouse(cfg, houseOptions{log: log, secrets: demoSecrets(),
		show: func(s lock.Status) { demo.Status(s) },
		hear: func(events []lock.Event) {
			for _, e := range events {
				demo.Event(e)
			}
		}})
	if err != nil {
		return err
	}
	demo = web.NewDemo(web.DemoOptions{
		PanelOptions: web.PanelOptions{Door: cfg.Door.Name, Rules: rules(cfg), Keys: cfg.Keypad.Keys},
		Fingers:      fingers{h.sim}, Broker: messages.Addr().String(), Prefix: cfg.MQTT.Prefix,
		Twilio: func(mood string) bool {
			b, ok := moods[mood]
			if ok {
				late.Store(mood == "late")
				twilio.Behave(b)
			}
			return ok
		}})
	site := web.Site{Demo: demo, Console: h.pages.console, Names: []string{listen}}
	// Nothing speaks to the demo's page before it is there: not even strangers who try the broker's port all the time.
	served, stop := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	defer serving.Wait()
	defer stop()
	serving.Go(func() { web.Serve(served, page, nil, site.Handler(), site.Close, log) })
	api := &http.Server{Handler: twilio, ReadHeaderTimeout: 5 * time.Second}
	defer api.Close()
	go api.Serve(phone)
	mqtt, err := playBroker(messages, func(topic string, payload []byte, retained bool) {
		demo.Message(topic, payload, retained, time.Now())
	})
	if err != nil {
		return errors.Join(err, h.board.Close(), h.journal.Close())
	}
	defer mqtt.Close()

	fmt.Fprintf(stdout, "Open this address: ring, read the owner's phone, type the code. Ctrl-C ends the demo.\n")
	host, port, _ := net.SplitHostPort(messages.Addr().String())
	fmt.Fprintf(stdout, "MQTT: mosquitto_sub -h %s -p %s -t '%s/#' -v   Fingers: latchd sim --socket %s bell\n", host, port,
		cfg.MQTT.Prefix, cfg.Board.Socket)
	return h.run(ctx)
}

// demoLate is how late a text arrives when the demo's Twilio delivers late.
const demoLate = 20 * time.Second

// moods are the ways in which the demo's Twilio can be told to behave.
var moods = map[string]standin.Behaviour{
	"well":   {},
	"slow":   {Delay: 5 * time.Second},
	"drop":   {On: standin.Create, Drop: true},
	"refuse": {On: standin.Create, Status: http.StatusBadRequest, Code: 21610, Message: "Attempt to send to unsubscribed recipient"},
	"limit":  {On: standin.Create, Status: http.StatusTooManyRequests, Code: 20429, RetryAfter: "10"},
	"late":   {On: standin.Create, Late: demoLate},
}

// onLoopback refuses an address that others could reach: whoever sees the demo's page holds its door.
func onLoopback(listen string) error {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return fmt.Errorf("%w: --listen %q: want an address like 127.0.0.1:8080", errUsage, listen)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("%w: --listen %q: the demo is for this machine only: want 127.0.0.1, [::1] or localhost", errUsage, listen)
	}
	return nil
}

// fingers makes a simulated board's hands those of the page.
type fingers struct{ *sim.Board }

func (f fingers) Door(open bool) { _ = f.Board.Door(open) } // fails only where no contact is fitted, and the demo's is

const demoSecret = "notasecret"

// demoSecrets finds the demo's own secret and no other.
func demoSecrets() configs.Secrets {
	return configs.Secrets{Getenv: func(string) string { return demoSecret }}
}

// listenMQTT listens at MQTT's own port, where that is free.
func listenMQTT() (net.Listener, error) {
	l, err := net.Listen("tcp", "127.0.0.1:1883")
	if err != nil {
		l, err = net.Listen("tcp", "127.0.0.1:0")
	}
	return l, err
}

// playBroker starts a broker that tells of every message it passes on.
func playBroker(l net.Listener, passed func(topic string, payload []byte, retained bool)) (*broker.Server, error) {
	s := broker.New(&broker.Options{Logger: slog.New(slog.DiscardHandler)})
	err := errors.Join(s.AddHook(new(auth.AllowHook), nil), s.AddHook(&passing{tell: passed}, nil),
		s.AddListener(listeners.NewNet("demo", l)), s.Serve())
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// passing hears every message that the broker passes on.
type passing struct {
	broker.HookBase
	tell func(topic string, payload []byte, retained bool)
}

func (*passing) ID() string           { return "passing" }
func (*passing) Provides(b byte) bool { return b == broker.OnPublished }

func (p *passing) OnPublished(_ *broker.Client, pk packets.Packet) {
	if len(pk.Payload) == 0 {
		return // takes back what the other style of discovery would have announced: nothing to look at
	}
	p.tell(pk.TopicName, pk.Payload, pk.FixedHeader.Retain)
}
