package main

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
)

const broker = "tcp://127.0.0.1:1883"

// ears hear every topic of the door.
type ears struct {
	client paho.Client

	mu     sync.Mutex
	heard  []message // since the last forget
	spoken chan struct{}
}

type message struct {
	topic, payload string
	retained       bool
}

func startEars() (*ears, error) {
	e := &ears{spoken: make(chan struct{})}
	o := paho.NewClientOptions().AddBroker(broker).SetClientID("bench").SetConnectRetry(true).
		SetConnectRetryInterval(100 * time.Millisecond).SetMaxReconnectInterval(200 * time.Millisecond)
	o.SetOnConnectHandler(func(c paho.Client) { c.Subscribe("latchd/#", 1, func(_ paho.Client, m paho.Message) { e.hear(m) }) })
	e.client = paho.NewClient(o)
	if t := e.client.Connect(); !t.WaitTimeout(time.Minute) || t.Error() != nil {
		return nil, fmt.Errorf("reach the broker: %v", t.Error())
	}
	return e, nil
}

func (e *ears) hear(m paho.Message) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.heard = append(e.heard, message{strings.TrimPrefix(m.Topic(), "latchd/front/"), string(m.Payload()), m.Retained()})
	close(e.spoken)
	e.spoken = make(chan struct{})
}

func (e *ears) forget() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.heard = nil
}

// wait waits for a message on the topic whose payload matches, and takes it and those before it on the topic away, so
// that the next wait is for what comes after.
func (e *ears) wait(topic string, payload *regexp.Regexp, atMost time.Duration) (string, bool) {
	over := time.After(atMost)
	for {
		e.mu.Lock()
		for i, m := range e.heard {
			if m.topic == topic && payload.MatchString(m.payload) {
				kept := e.heard[:0:0]
				for j, o := range e.heard {
					if j > i || o.topic != topic {
						kept = append(kept, o)
					}
				}
				e.heard = kept
				e.mu.Unlock()
				return m.payload, true
			}
		}
		spoken := e.spoken
		e.mu.Unlock()
		select {
		case <-spoken:
		case <-over:
			return "", false
		}
	}
}

// count returns how many messages on the topic, that were not taken away, match.
func (e *ears) count(topic string, payload *regexp.Regexp) (n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, m := range e.heard {
		if m.topic == topic && payload.MatchString(m.payload) {
			n++
		}
	}
	return n
}

// last says what was heard last, for a report of what was not.
func (e *ears) last(n int) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var b strings.Builder
	for _, m := range e.heard[max(0, len(e.heard)-n):] {
		fmt.Fprintf(&b, "%s %s\n", m.topic, m.payload)
	}
	return b.String()
}
