package mosquitto

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestABrokerComesBackAtItsAddressWithNothingRetained(t *testing.T) {
	b, err := Start(t.TempDir(), Open)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("without mosquitto there is nothing to try: ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { b.Kill() }()
	listen := func() (say func(payload string), heard chan string) {
		heard = make(chan string, 10)
		ear, err := Hear(b.Address, "a/+", func(topic string, payload []byte) { heard <- topic + " " + string(payload) })
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { ear.Disconnect(0) })
		return func(payload string) {
			if err := wait(ear.Publish("a/b", 1, true, payload)); err != nil {
				t.Fatal(err)
			}
		}, heard
	}
	hears := func(heard chan string, want string) {
		t.Helper()
		select {
		case got := <-heard:
			if got != want {
				t.Errorf("heard %q, want %q", got, want)
			}
		case <-time.After(patience):
			t.Fatalf("%q was not heard", want)
		}
	}
	say, heard := listen()
	say("1")
	hears(heard, "a/b 1")
	_, late := listen()
	hears(late, "a/b 1")

	b.Kill()
	if _, err := Hear(b.Address, "#", nil); err == nil {
		t.Fatal("a killed broker answers")
	}
	first := b.Running
	if err := b.Again(); err != nil {
		t.Fatal(err)
	}
	if !b.Running.After(first) {
		t.Error("it runs since before")
	}
	say, heard = listen()
	say("2")
	hears(heard, "a/b 2")
}

// What a door says in its will is told, and kept, when the broker stops.
func TestABrokerThatIsStoppedKeepsWhatIsRetainedAndTheWills(t *testing.T) {
	dir := t.TempDir()
	b, err := Start(dir, Open+"persistence true\npersistence_location "+dir+"/\n")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("without mosquitto there is nothing to try: ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { b.Kill() }()
	door := paho.NewClient(paho.NewClientOptions().AddBroker("tcp://"+b.Address).SetAutoReconnect(false).SetWill("a/state", "offline", 1, true))
	defer door.Disconnect(0)
	if err := wait(door.Connect()); err != nil {
		t.Fatal(err)
	}
	for _, token := range []paho.Token{door.Publish("a/state", 1, true, "online"), door.Publish("a/name", 1, true, "front")} {
		if err := wait(token); err != nil {
			t.Fatal(err)
		}
	}
	pid := b.PID()
	b.Stop()
	if err := b.Again(); err != nil || b.PID() == pid {
		t.Fatalf("again: process %d after %d: %v", b.PID(), pid, err)
	}
	heard := make(chan string, 10)
	ear, err := HearAll(b.Address, []string{"a/state", "a/name"}, func(m paho.Message) { heard <- fmt.Sprint(m.Topic(), " ", string(m.Payload()), " ", m.Retained()) })
	if err != nil {
		t.Fatal(err)
	}
	defer ear.Disconnect(0)
	var got []string
	for range 2 {
		select {
		case said := <-heard:
			got = append(got, said)
		case <-time.After(patience):
			t.Fatalf("heard only %q", got)
		}
	}
	if slices.Sort(got); !slices.Equal(got, []string{"a/name front true", "a/state offline true"}) {
		t.Errorf("heard %q", got)
	}
}

func TestABrokerThatCannotRunSaysWhy(t *testing.T) {
	b, err := Start(t.TempDir(), "listener 1883\nno_such_word 1\n")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("without mosquitto there is nothing to try: ", err)
	}
	if err == nil {
		b.Kill()
		t.Fatal("it runs")
	}
	if !strings.Contains(err.Error(), "no_such_word") {
		t.Error(err)
	}
}
