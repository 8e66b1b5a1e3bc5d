package main

import (
	"bytes"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"latchd/bench/door"
	"latchd/bench/mochi"
	"latchd/bench/mosquitto"
	"latchd/sms/standin"
)

// scene is what stands around the daemon: a broker with an ear on it, Twilio's stand-in, the board's socket.
type scene struct {
	dir, exe   string
	brokerName string
	twilio     *httptest.Server
	texts      chan standin.Message
	requests   chan time.Time
	ear        paho.Client
	address    string        // the broker's
	heard      chan struct{} // an event came on the topic event
	stopBroker func()
}

func newScene(dir, exe string) (*scene, error) {
	s := &scene{dir: dir, exe: exe, texts: make(chan standin.Message, 100), requests: make(chan time.Time, 10_000),
		heard: make(chan struct{}, 1_000_000)}
	play := door.Twilio(standin.Options{OnText: func(m standin.Message) { s.texts <- m }})
	s.twilio = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			s.requests <- time.Now()
		}
		play.ServeHTTP(w, r)
	}))
	if err := s.startBroker(); err != nil {
		return nil, err
	}
	var err error
	s.ear, err = mosquitto.Hear(s.address, "latchd/bench/event", func(string, []byte) { s.heard <- struct{}{} })
	return s, err
}

// startBroker starts mosquitto, or where there is none a broker in this process.
func (s *scene) startBroker() error {
	m, err := mosquitto.Start(s.dir, mosquitto.Open)
	if err == nil {
		s.brokerName, s.address, s.stopBroker = "mosquitto", m.Address, m.Kill
		return nil
	}
	log.Printf("%v: taking a broker in this process", err)
	s.brokerName = "mochi-mqtt"
	s.address, s.stopBroker, err = mochi.Start()
	return err
}

func (s *scene) close() {
	s.ear.Disconnect(0)
	s.stopBroker()
	s.twilio.Close()
}

// start starts the daemon, waits until it is ready, and returns how long it took until it said that the strike is locked.
func (s *scene) start() (d *door.Door, locked time.Duration, err error) {
	f := finder{word: []byte("the strike is locked"), found: make(chan time.Time, 1)}
	if d, err = door.Start(door.Options{Exe: s.exe, Dir: s.dir, API: s.twilio.URL, Brokers: []string{s.address}, Log: f}); err != nil {
		return nil, 0, err
	}
	at, err := within(f.found, "the daemon did not say that the strike is locked")
	if err != nil {
		d.Kill()
	}
	return d, at.Sub(d.Began), err
}

// finder notes when a word is written.
type finder struct {
	word  []byte
	found chan time.Time
}

func (f finder) Write(p []byte) (int, error) {
	if bytes.Contains(p, f.word) {
		select {
		case f.found <- time.Now():
		default:
		}
	}
	return len(p), nil
}
