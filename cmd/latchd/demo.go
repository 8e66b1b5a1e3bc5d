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
	"path/filepath"
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
		return runDemo(cmd.Context(), *listen, cmd.OutOrStdout(), systemd.NewLogger(os.Stderr, slog.LevelInfo))
	}
	return cmd
}

func runDemo(ctx context.Context, listen string, stdout io.Writer, log *slog.Logger) (err error) {
	if err := onLoopback(listen); err != nil {
		return err
	}
	page, err := net.Listen("tcp", listen)
	if err != nil {
		return fmt.Errorf("serve the demo's page: %w: choose another address, for example --listen 127.0.0.1:0", err)
	}
	defer page.Close()
	dir, err := os.MkdirTemp("", "latchd-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)

	cfg, err := configs.Parse("demo.toml", []byte(configs.Demo))
	if err != nil {
		return err
	}
	cfg.Journal.Path = filepath.Join(dir, "journal")
	cfg.Board.Socket = filepath.Join(dir, "board")
	cfg.Web.Listen = ""

	var demo *web.Demo
	phone, err := playTwilio(cfg, func(m standin.Message) { demo.Text(m.To, m.Body, m.At) })
	if err != nil {
		return err
	}
	defer phone.Close()
	messages, err := playBroker(cfg, func(topic string, payload []byte, retained bool) {
		demo.Message(topic, payload, retained, time.Now())
	})
	if err != nil {
		return err
	}
	defer messages.Close()

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
	demo = web.NewDemo(web.DemoOptions{Fingers: fingers{h.sim}, Door: cfg.Door.Name, Rules: rules(cfg), Keys: cfg.Keypad.Keys,
		Broker: messages.address, Prefix: cfg.MQTT.Prefix, Listen: page.Addr().String()})
	server := web.Server(demo.Handler())
	server.RegisterOnShutdown(demo.Close)
	served := make(chan error, 1)
	go func() { served <- server.Serve(page) }()

	fmt.Fprintf(stdout, "http://%s/\n", page.Addr())
	fmt.Fprintf(stdout, "Open this address: ring, read the owner's phone, type the code. Ctrl-C ends the demo.\n")
	fmt.Fprintf(stdout, "MQTT: %s   Fingers: latchd sim --socket %s bell\n", messages.command(cfg.MQTT.Prefix), cfg.Board.Socket)

	err = h.run(ctx)
	end, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	err = errors.Join(err, server.Shutdown(end))
	if e := <-served; !errors.Is(e, http.ErrServerClosed) {
		err = errors.Join(err, e)
	}
	return err
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

// playTwilio serves the stand-in for Twilio's API, and points the configuration at it.
func playTwilio(cfg *configs.Config, text func(standin.Message)) (*http.Server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	cfg.Twilio.API = "http://" + l.Addr().String()
	s := web.Server(standin.New(standin.Options{AccountSID: cfg.Twilio.AccountSID, Secret: demoSecret,
		Numbers: []string{cfg.Twilio.From.Reveal()}, OnText: text}))
	go s.Serve(l)
	return s, nil
}

// demoBroker is the broker in the demo's process.
type demoBroker struct {
	*broker.Server
	address string
}

// playBroker starts a broker, at MQTT's own port where that is free, and points the configuration at it.
func playBroker(cfg *configs.Config, passed func(topic string, payload []byte, retained bool)) (*demoBroker, error) {
	l, err := net.Listen("tcp", "127.0.0.1:1883")
	if err != nil {
		l, err = net.Listen("tcp", "127.0.0.1:0")
	}
	if err != nil {
		return nil, err
	}
	s := broker.New(&broker.Options{Logger: slog.New(slog.DiscardHandler)})
	err = errors.Join(s.AddHook(new(auth.AllowHook), nil), s.AddHook(&passing{tell: passed}, nil),
		s.AddListener(listeners.NewNet("demo", l)), s.Serve())
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	cfg.MQTT.Brokers = []string{"tcp://" + l.Addr().String()}
	return &demoBroker{s, l.Addr().String()}, nil
}

// command is how to listen in from another terminal.
func (b *demoBroker) command(prefix string) string {
	host, port, _ := net.SplitHostPort(b.address)
	return fmt.Sprintf("mosquitto_sub -h %s -p %s -t '%s/#' -v", host, port, prefix)
}

// passing hears every message that the broker passes on.
type passing struct {
	broker.HookBase
	tell func(topic string, payload []byte, retained bool)
}

func (*passing) ID() string           { return "passing" }
func (*passing) Provides(b byte) bool { return b == broker.OnPublished }

func (p *passing) OnPublished(_ *broker.Client, pk packets.Packet) {
	p.tell(pk.TopicName, pk.Payload, pk.FixedHeader.Retain)
}
