package main

import (
	"strings"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
)

// message is an event as the broker passes it on.
type message string

func (m message) Topic() string   { return topics + "event" }
func (m message) Payload() []byte { return []byte(m) }
func (message) Duplicate() bool   { return false }
func (message) Qos() byte         { return 1 }
func (message) Retained() bool    { return false }
func (message) MessageID() uint16 { return 1 }
func (message) Ack()              {}

var _ paho.Message = message("")

func TestTheVerdictSaysWhatIsNotAsItOughtToBe(t *testing.T) {
	ms := func(n ...float64) (all []time.Duration) {
		for _, n := range n {
			all = append(all, time.Duration(n*float64(time.Millisecond)))
		}
		return all
	}
	good := outcome{events: 9, presses: 2, opened: 2, quiet: ms(1, 1, 1), meanwhile: ms(1, 2.9, 80)}
	lost, shut, slow, untrue := good, good, good, good
	lost.missing, shut.opened, slow.meanwhile, untrue.faults = 1, 1, ms(1, 3.1, 3.1), []string{"on n1, nothing"}
	for _, c := range []struct {
		outcome
		want string
	}{
		{good, ""}, {lost, "1 events lost"}, {shut, "1 presses of the exit button did not open"},
		{slow, "the strike took 3.10 ms in place of 1.00 ms"}, {untrue, "on n1, nothing"},
	} {
		if got := strings.Join(c.verdict(), "; "); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

func TestTheConsumerTellsLostFromRepeatedAndLate(t *testing.T) {
	c := newConsumer(nil)
	stored, err := readEvents([]byte(`{"id":"A","seq":1,"at":"2026-11-21T18:00:00.000Z"}` + "\n" + `{"id":"B","seq":2,"at":"2026-11-21T18:00:00.000Z"}` + "\n" + `{"id":"C","seq":3,"at":"2026-11-21T18:00:00.000Z"}` + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, payload := range []string{`{"id":"A","seq":1,"at":"2026-11-21T18:00:00.000Z"}`, `{"id":"C","seq":3,"at":"2026-11-21T18:00:00.000Z"}`, `{"id":"A","seq":1,"at":"2026-11-21T18:00:00.000Z"}`, `{"id":"X","seq":2,"at":"2026-11-21T18:00:00.000Z"}`} {
		c.hear(nil, message(payload))
	}
	if n := c.missing(stored); n != 1 || c.repeated != 1 || c.disorder != 1 {
		t.Errorf("%d missing, %d repeated, %d out of order", n, c.repeated, c.disorder)
	}
	if _, err := readEvents([]byte(`{"id":"A","seq":2,"at":"2026-11-21T18:00:00.000Z"}`)); err == nil {
		t.Error("a gap in the journal is passed over")
	}
}

func TestTheClusterSaysHowToTryItByHand(t *testing.T) {
	said := byHand([]string{"127.0.0.1:4001", "127.0.0.1:4002", "127.0.0.1:4003"})
	for _, want := range []string{
		"\n[mqtt]\nbrokers = [\"tcp://127.0.0.1:4001\", \"tcp://127.0.0.1:4002\", \"tcp://127.0.0.1:4003\"]\n",
		"\nmosquitto_sub -h 127.0.0.1 -p 4001 -v -t 'latchd/#'\n",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("no %q in %q", want, said)
		}
	}
}
