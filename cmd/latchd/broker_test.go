package main

import (
	"encoding/json"
	"os"
	"strings"
	"syscall"
	"testing"

	paho "github.com/eclipse/paho.mqtt.golang"

	"latchd/lock"
)

// Beside the rig's own ears, one of the broker's guests hears what is retained when it comes.
func (r *rig) retained() map[string]string {
	r.t.Helper()
	c := paho.NewClient(paho.NewClientOptions().AddBroker("tcp://127.0.0.1:" + r.port).SetClientID("late"))
	heard := make(chan paho.Message, 1000)
	for _, step := range []func() paho.Token{
		c.Connect,
		func() paho.Token { return c.Subscribe("#", 1, func(_ paho.Client, m paho.Message) { heard <- m }) },
		func() paho.Token { return c.Publish("end", 1, false, "") },
	} {
		if t := step(); !t.WaitTimeout(patience) || t.Error() != nil {
			r.t.Fatalf("ask for what is retained: %v", t.Error())
		}
	}
	defer c.Disconnect(0)
	all := map[string]string{}
	for m := range heard {
		if m.Topic() == "end" {
			break
		}
		if m.Retained() {
			all[m.Topic()] = string(m.Payload())
		}
	}
	return all
}

func TestARenamedDoorLeavesNothingOfItsOldNameAtTheBroker(t *testing.T) {
	r := newRig(t)
	r.startBroker()
	r.start()
	r.await("availability", "online")
	if err := r.signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if all := r.retained(); all["homeassistant/device/latchd-front/config"] == "" || all["latchd/front/availability"] != "offline" {
		t.Fatalf("the door is not announced: %v", all)
	}
	text, err := os.ReadFile(r.config)
	if err != nil {
		t.Fatal(err)
	}
	r.write(strings.Replace(string(text), `id = "front"`, `id = "back"`, 1))
	r.start()
	r.await("latchd/back/availability", "online")
	r.await("latchd/back/event", "daemon.started")
	if err := r.signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	all := r.retained()
	for topic := range all {
		if strings.Contains(topic, "front") {
			t.Errorf("%s is still there", topic)
		}
	}
	if all["homeassistant/device/latchd-back/config"] == "" || all["latchd/back/availability"] != "offline" {
		t.Errorf("the renamed door is not announced: %v", all)
	}
}

func TestAConsumerGetsWhatItMissedFromTheJournal(t *testing.T) {
	r := newRig(t)
	r.startBroker()
	r.start()
	r.await("event", "daemon.started")
	r.fingers("bell")
	r.await("event", "bell.rung")
	if err := r.signal(syscall.SIGKILL); err == nil {
		t.Error("killed, and ended well")
	}
	r.start()
	r.await("event", "daemon.started")
	r.publish("latchd/front/event/replay", `{"from":1,"to":1000}`, false)
	var result struct{ Events uint64 }
	if err := json.Unmarshal([]byte(r.await("event/replay/result", "done")), &result); err != nil || result.Events < 3 {
		t.Fatalf("%d events came again, %v", result.Events, err)
	}
	for seq := range result.Events {
		var e lock.Event
		if err := json.Unmarshal([]byte(r.await("event/replayed")), &e); err != nil || e.Seq != seq+1 {
			t.Errorf("seq %d came again in the place of %d, %v", e.Seq, seq+1, err)
		}
	}
}
