package main

import (
	"fmt"
	"maps"
	"strings"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
)

// states are retained topics, without the prefix, with their payloads.
type states map[string]string

// truth is what the doors have to say when all are at rest.
func (sc *scene) truth() states {
	all, one := states{}, states{"availability": "online", "lock/state": "LOCKED", "door/state": "OFF", "tamper/state": "OFF",
		"lockout/state": "OFF", "problem/state": "OFF"}
	for _, d := range sc.doors {
		for topic, payload := range one {
			all[d.id+"/"+topic] = payload
		}
	}
	return all
}

// well is what of the truth holds while people come and go, too: the doors are online, and none has a fault.
func (sc *scene) well() states {
	all := sc.truth()
	maps.DeleteFunc(all, func(topic, _ string) bool {
		return !strings.HasSuffix(topic, "/availability") && !strings.HasSuffix(topic, "/problem/state")
	})
	return all
}

// tampered is the truth of a lone door whose tamper contact is open.
func (sc *scene) tampered() states { return sc.truth().but(sc.doors[0].id+"/tamper/state", "ON") }

// but returns the truth of a door of which one thing is otherwise.
func (t states) but(topic, payload string) states {
	t = maps.Clone(t)
	t[topic] = payload
	return t
}

// glances is how somebody looks who has just come: one after the other, until all is as it is wanted, or the time is up. It
// returns what is not.
func (want states) glances(broker string, limit time.Duration, ask bool) (untrue states, took time.Duration) {
	began := time.Now()
	for {
		untrue, _ = want.glance(broker, ask)
		if took = time.Since(began); len(untrue) == 0 || took > limit {
			return untrue, took
		}
		time.Sleep(500 * time.Millisecond)
	}
}

// glance subscribes once, and listens until it has heard what is wanted, for two seconds at the most. One who asks says, as Home
// Assistant does, that he has come. The error says that the broker did not let him in. QoS 0 is enough for that, and wants no
// consumer in JetStream, which is not to be had at once while a node is away.
func (want states) glance(broker string, ask bool) (untrue states, err error) {
	said := make(chan paho.Message, 1000)
	untrue = states{}
	for name := range want {
		untrue[name] = "nothing"
	}
	client := paho.NewClient(paho.NewClientOptions().AddBroker("tcp://" + broker).SetAutoReconnect(false).SetProtocolVersion(4).
		SetDefaultPublishHandler(func(_ paho.Client, m paho.Message) {
			if _, ours := want[strings.TrimPrefix(m.Topic(), prefix)]; ours { // a backlog would fill it
				said <- m
			}
		}))
	defer client.Disconnect(100)
	if !good(client.Connect()) || !subscribed(client.Subscribe(prefix+"#", 0, nil)) {
		return untrue, fmt.Errorf("%s takes no client", broker)
	}
	if ask && !good(client.Publish("homeassistant/status", 1, false, "online")) {
		return untrue, fmt.Errorf("%s acknowledges nothing", broker)
	}
	over := time.After(2 * time.Second)
	for len(untrue) > 0 {
		select {
		case m := <-said:
			name := strings.TrimPrefix(m.Topic(), prefix)
			if want[name] == string(m.Payload()) {
				delete(untrue, name)
			} else {
				untrue[name] = string(m.Payload())
			}
		case <-over:
			return untrue, nil
		}
	}
	return untrue, nil
}
