package main

import (
	"fmt"
	"log"
	"strings"
	"syscall"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
)

// newcomers looks whether somebody who comes while a node is away is told the truth: by what is retained, or else when he asks.
func newcomers(sc *scene) error {
	looks, old := 0, 0
	var longest time.Duration
	for i, gone := range sc.nodes {
		gone.kill()
		time.Sleep(20 * time.Second) // until the cluster has elected, and the door is on another node
		if err := sc.doors[0].Fingers("tamper", "on"); err != nil {
			return err
		}
		now := sc.tampered()
		time.Sleep(3 * time.Second)
		for _, n := range sc.nodes {
			if n == gone {
				continue
			}
			untrue, err := now.glance(n.mqtt, false)
			for end := time.Now().Add(catchUp); err != nil && time.Now().Before(end); { // some seconds more, for one who has no session yet
				untrue, err = now.glance(n.mqtt, false)
			}
			if looks++; len(untrue) > 0 {
				old++
				log.Printf("newcomer: without %s, what %s has retained is old: %v", gone.name, n.name, untrue)
			}
			untrue, took := now.glances(n.mqtt, catchUp, true)
			if len(untrue) > 0 {
				return fmt.Errorf("without %s, who asks at %s is told %v", gone.name, n.name, untrue)
			}
			longest = max(longest, took)
		}
		if err := sc.doors[0].Fingers("tamper", "off"); err != nil {
			return err
		}
		if err := sc.back(i); err != nil {
			return err
		}
	}
	sc.note = fmt.Sprintf("what was retained was old in %d of %d looks; who asked was told the truth within %.1f s", old, looks, longest.Seconds())
	return nil
}

// late lets a node say, after all is over, what the door has told it before.
func late(sc *scene) error {
	if err := sc.nodes[0].cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	if err := sc.doors[0].Fingers("tamper", "on"); err != nil {
		return err
	}
	if untrue, _ := sc.tampered().glances(sc.nodes[1].mqtt, patience, false); len(untrue) > 0 {
		return fmt.Errorf("the door does not leave the node that stands still: %v", untrue)
	}
	if err := sc.doors[0].Fingers("tamper", "off"); err != nil {
		return err
	}
	if untrue, _ := sc.truth().glances(sc.nodes[1].mqtt, patience, false); len(untrue) > 0 {
		return fmt.Errorf("before the node goes on: %v", untrue)
	}
	said, end, err := sc.truth().listen(sc.nodes[1].mqtt)
	if err != nil {
		return err
	}
	if err := sc.nodes[0].cmd.Process.Signal(syscall.SIGCONT); err != nil {
		return err
	}
	time.Sleep(20 * time.Second)
	end()
	sc.note = "after it went on, the others heard: nothing"
	if words := <-said; len(words) > 0 {
		sc.note = "after it went on, the others heard: " + strings.Join(words, ", ")
	}
	// At once, for the door may go back to its first broker soon, and say all anew.
	if untrue, _ := sc.truth().glances(sc.nodes[1].mqtt, 5*time.Second, false); len(untrue) > 0 {
		return fmt.Errorf("old words stand: %v", untrue)
	}
	return sc.whole()
}

// listen takes down what is said of these states at a broker until end is called.
func (ours states) listen(broker string) (said <-chan []string, end func(), err error) {
	words, whole := make(chan string, 1000), make(chan []string, 1)
	client := paho.NewClient(paho.NewClientOptions().AddBroker("tcp://" + broker).SetAutoReconnect(false).SetProtocolVersion(4).
		SetDefaultPublishHandler(func(_ paho.Client, m paho.Message) {
			topic := strings.TrimPrefix(m.Topic(), prefix)
			if _, state := ours[topic]; state && !m.Retained() {
				_, name, _ := strings.Cut(topic, "/")
				words <- name + " " + string(m.Payload())
			}
		}))
	end = func() {
		client.Disconnect(250)
		var all []string
		for len(words) > 0 {
			all = append(all, <-words)
		}
		whole <- all
	}
	if !good(client.Connect()) || !subscribed(client.Subscribe(prefix+"#", 0, nil)) {
		end()
		return nil, nil, fmt.Errorf("%s takes no client", broker)
	}
	return whole, end, nil
}
