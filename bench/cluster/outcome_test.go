package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
)

// message is an event as the broker passes it on.
type message string

func (m message) Topic() string   { return prefix + "front/event" }
func (m message) Payload() []byte { return []byte(m) }
func (message) Duplicate() bool   { return false }
func (message) Qos() byte         { return 1 }
func (message) Retained() bool    { return false }
func (message) MessageID() uint16 { return 1 }
func (message) Ack()              {}

var _ paho.Message = message("")

func TestTheVerdictSaysWhatIsNotAsItOughtToBe(t *testing.T) {
	// So many openings: most take one time, the last ten longer ones, and the last one the longest.
	spread := func(n int, most, ten, last time.Duration) []time.Duration {
		return slices.Concat(slices.Repeat([]time.Duration{most}, n-10), slices.Repeat([]time.Duration{ten}, 9), []time.Duration{last})
	}
	const us, ms = time.Microsecond, time.Millisecond
	quiet := spread(300, 200*us, ms, 30*ms)
	good := outcome{events: 9, tried: 700, opened: 700, quiet: quiet, meanwhile: spread(300, 900*us, 22*ms, 100*ms)}
	with := func(change func(*outcome)) outcome { o := good; change(&o); return o }
	for _, c := range []struct {
		outcome
		want string
	}{
		{good, ""},
		{with(func(o *outcome) { o.meanwhile = spread(99, 200*us, 30*ms, 30*ms) }), ""}, // too few for a 99th percentile
		{with(func(o *outcome) { o.missing = 1 }), "1 events lost"},
		{with(func(o *outcome) { o.opened-- }), "1 codes or presses did not open"},
		{with(func(o *outcome) { o.faults = []string{"on n1, nothing"} }), "on n1, nothing"},
		{with(func(o *outcome) { o.wellAfter[1] = catchUp + time.Second }), "for 61 s newcomers were told that doors are away, or have a fault"},
		{with(func(o *outcome) { o.quiet = spread(300, 1001*us, 2*ms, 2*ms) }), "the strike took 1.00, 2.00, 2.00 ms, then 0.90, 22.00, 100.00 ms"},
		{with(func(o *outcome) { o.meanwhile = spread(300, 901*us, ms, ms) }), "the strike took 0.20, 1.00, 30.00 ms, then 0.90, 1.00, 1.00 ms"},
		{with(func(o *outcome) { o.meanwhile = spread(300, 200*us, 23*ms, 23*ms) }), "the strike took 0.20, 1.00, 30.00 ms, then 0.20, 23.00, 23.00 ms"},
		{with(func(o *outcome) { o.meanwhile = spread(300, 200*us, ms, 101*ms) }), "the strike took 0.20, 1.00, 30.00 ms, then 0.20, 1.00, 101.00 ms"},
		{with(func(o *outcome) { o.meanwhile = spread(10, 0, 0, 0)[:9] }), "the strike took 0.20, 1.00, 30.00 ms, then 0.00, 0.00, 0.00 ms"},
	} {
		if got := strings.Join(c.verdict(true), "; "); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
	busy := with(func(o *outcome) { o.meanwhile = spread(300, 100*ms, time.Second, time.Second) })
	if got := busy.verdict(false); got != nil {
		t.Errorf("on a busy machine: %q", got)
	}
	late := with(func(o *outcome) { o.meanwhile = spread(300, 101*ms, time.Second, time.Second) })
	if got := late.verdict(false); len(got) != 1 {
		t.Errorf("a door that waits, on a busy machine: %q", got)
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
