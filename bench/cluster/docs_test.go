package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"latchd/lock"
	"latchd/mqtt"
)

// serverOfThePage starts a server, without the two others, that lets in whom docs/cluster.md lets in. Their password is "sesame".
func serverOfThePage(t *testing.T, exe string, change *strings.Replacer) (address string) {
	t.Helper()
	text, err := os.ReadFile("../../docs/cluster.md")
	if err != nil {
		t.Fatal(err)
	}
	accounts := regexp.MustCompile("(?ms)^accounts .*?^}\n").FindString(string(text))
	if !strings.Contains(accounts, "permissions") {
		t.Fatalf("the page's accounts are %q", accounts)
	}
	dir := t.TempDir()
	ports, err := freePorts(1)
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(dir, "nats.conf")
	accounts = strings.ReplaceAll(change.Replace(accounts), "$2a$11$...", "sesame")
	head := "server_name: n1\nlisten: \"127.0.0.1:-1\"\njetstream { store_dir: \"" + dir + "/store\" }\nmqtt { listen: \"" + ports[0] + "\" }\n"
	if err := os.WriteFile(config, []byte(head+accounts), 0o600); err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	server := exec.Command(exe, "-c", config)
	server.Stdout, server.Stderr = &said, &said
	server.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		server.Process.Kill()
		server.Wait()
		if t.Failed() {
			t.Logf("the server said: %s", &said)
		}
	})
	return ports[0]
}

// connect connects as that user, once the server is there; heard are the topics that reach him.
func connect(t *testing.T, address, user string) (client paho.Client, heard chan string) {
	t.Helper()
	heard = make(chan string, 1000)
	client = paho.NewClient(paho.NewClientOptions().AddBroker("tcp://" + address).SetUsername(user).SetPassword("sesame").SetProtocolVersion(4).
		SetConnectRetry(true).SetConnectRetryInterval(50 * time.Millisecond).
		SetDefaultPublishHandler(func(_ paho.Client, m paho.Message) { heard <- m.Topic() }))
	t.Cleanup(func() { client.Disconnect(100) })
	if token := client.Connect(); !token.WaitTimeout(patience) || token.Error() != nil {
		t.Fatalf("%s does not connect: %v", user, token.Error())
	}
	return client, heard
}

// say publishes, and returns when that is acknowledged.
func say(t *testing.T, client paho.Client, payload string, topics ...string) {
	t.Helper()
	for _, topic := range topics {
		if !good(client.Publish(topic, 1, false, payload)) {
			t.Fatalf("%s is not acknowledged", topic)
		}
	}
}

// hears waits until all topics have been heard, and returns what has.
func hears(t *testing.T, heard <-chan string, topics ...string) (all []string) {
	t.Helper()
	for limit := time.After(patience); len(topics) > 0; {
		select {
		case topic := <-heard:
			all = append(all, topic)
			topics = slices.DeleteFunc(topics, func(other string) bool { return other == topic })
		case <-limit:
			t.Fatalf("not heard: %v", topics)
		}
	}
	return all
}

// under puts names below a topic.
func under(base, names string) (topics []string) {
	for _, name := range strings.Fields(names) {
		topics = append(topics, base+name)
	}
	return topics
}

// What a user may not publish is acknowledged and dropped: so that it is heard is what tells that the permissions are right.
func TestThePermissionsOfThePageLetADoorAndHomeAssistantWork(t *testing.T) {
	exe := filepath.Join(t.TempDir(), "nats-server")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", exe, "github.com/nats-io/nats-server/v2").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for door, c := range map[string]struct {
		user   string
		change *strings.Replacer // as the page says
	}{
		"elm-5/front": {"latchd-elm-5_front", strings.NewReplacer()},
		"front":       {"latchd-front", strings.NewReplacer("latchd-elm-5_front", "latchd-front", "latchd.elm-5.front", "latchd.front", "latchd.*.*.", "latchd.*.")},
	} {
		t.Run(strings.ReplaceAll(door, "/", " of "), func(t *testing.T) {
			address := serverOfThePage(t, exe, c.change)
			home, heard := connect(t, address, "homeassistant")
			for _, filter := range []string{"latchd/#", "homeassistant/#"} {
				if !subscribed(home.Subscribe(filter, 1, nil)) {
					t.Fatalf("Home Assistant may not subscribe to %s", filter)
				}
			}
			box, in := &outbox{acked: make(chan struct{})}, make(chan lock.Input, 100)
			client, err := mqtt.New(mqtt.Options{Door: door, Name: "Door", Prefix: "latchd", Discovery: "homeassistant", Brokers: []string{"tcp://" + address},
				Username: c.user, Password: "sesame", Contact: true, Tamper: true}, box, func(i lock.Input) { in <- i })
			if err != nil {
				t.Fatal(err)
			}
			client.Show(lock.Status{Strike: lock.Locked, Contact: true, TamperFit: true})
			box.put()
			ctx, end := context.WithCancel(t.Context())
			ended := make(chan struct{})
			go func() { defer close(ended); client.Run(ctx) }()
			defer func() { end(); <-ended }()

			base := "latchd/" + door + "/"
			hears(t, heard, append(under(base, "availability lock/state door/state tamper/state lockout/state lockout/attributes problem/state "+
				"problem/attributes texts/state event"), "homeassistant/device/"+c.user+"/config")...)
			say(t, home, `{"action":"LOCK"}`, base+"lock/set")
			select {
			case i := <-in:
				if cmd, ok := i.(lock.Command); !ok || cmd.Action != lock.Lock {
					t.Errorf("the door hears %+v", i)
				}
			case <-time.After(patience):
				t.Fatal("the door does not hear the order")
			}
			say(t, home, `{"from":1,"to":1}`, base+"event/replay")
			hears(t, heard, base+"event/replay/result")

			other, _ := connect(t, address, c.user) // what else the door says, and what it may not
			forbidden := []string{"latchd/other/event", "latchd/oak-1/front/event", "latchd/oak-1/front/lock/set"}
			say(t, other, "{}", forbidden...)
			rest := under(base, "bell access event/replayed command/result")
			say(t, other, "{}", rest...)
			for _, topic := range hears(t, heard, rest...) {
				if slices.Contains(forbidden, topic) {
					t.Errorf("the door may say %s", topic)
				}
			}
		})
	}
}
