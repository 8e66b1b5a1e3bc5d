package mosquitto

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"time"

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
