package main

import (
	"bufio"
	"net"
	"os/exec"
	"syscall"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

// talk is a connection to the broker of the test's own. What comes is read as it was sent, without a library's queues, which
// forget what is in them when a connection ends.
type talk struct {
	net.Conn
	in *bufio.Reader
}

func (k *killing) talk(id string) (*talk, error) {
	conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", k.port))
	if err != nil {
		return nil, err
	}
	conn.SetDeadline(time.Now().Add(patience))
	c := packets.NewControlPacket(packets.Connect).(*packets.ConnectPacket)
	c.ProtocolName, c.ProtocolVersion, c.CleanSession, c.ClientIdentifier = "MQTT", 4, true, id
	t := &talk{conn, bufio.NewReader(conn)}
	if err = c.Write(conn); err == nil {
		_, err = packets.ReadPacket(t.in)
	}
	if err != nil {
		conn.Close()
	}
	return t, err
}

func (t *talk) subscribe(filter string) error {
	s := packets.NewControlPacket(packets.Subscribe).(*packets.SubscribePacket)
	// QoS 0: the broker sends before it acknowledges to the sender, and keeps nothing that would be lost with it.
	s.MessageID, s.Topics, s.Qoss = 1, []string{filter}, []byte{0}
	return s.Write(t)
}

// untilAnswered asks the broker for a sign of life and passes on what it sends before that.
func (t *talk) untilAnswered(each func(*packets.PublishPacket)) error {
	if err := packets.NewControlPacket(packets.Pingreq).Write(t); err != nil {
		return err
	}
	for {
		switch p, err := packets.ReadPacket(t.in); p := p.(type) {
		case *packets.PublishPacket:
			each(p)
		case *packets.PingrespPacket:
			return nil
		case nil:
			return err
		}
	}
}

// raiseBroker starts the broker where there is none, and the witness before any daemon can connect.
func (k *killing) raiseBroker() {
	k.t.Helper()
	if k.broker != nil && k.broker.ProcessState == nil {
		return
	}
	k.broker = exec.Command(mosquitto(), "-c", k.brokerConfig())
	if err := k.broker.Start(); err != nil {
		k.t.Fatal(err)
	}
	var w *talk
	k.ledger.wait(k.t, func() (ok bool) {
		var err error
		w, err = k.talk("witness")
		return err == nil
	})
	take := func(p *packets.PublishPacket) { k.ledger.take(p.TopicName, string(p.Payload)) }
	if err := w.subscribe("latchd/front/#"); err != nil {
		k.t.Fatal(err)
	}
	if err := w.untilAnswered(take); err != nil {
		k.t.Fatal(err)
	}
	w.SetDeadline(time.Time{})
	k.witness, k.well = make(chan struct{}), true
	go func() {
		defer close(k.witness)
		defer w.Close()
		for {
			p, err := packets.ReadPacket(w.in)
			if err != nil {
				return
			}
			if p, ok := p.(*packets.PublishPacket); ok {
				take(p)
			}
		}
	}()
}

// troubles are what befalls the broker: it is stopped and dies, so that what was sent to it meanwhile is lost, or it dies, or
// it is stopped for a while.
var troubles = [3][]syscall.Signal{{syscall.SIGSTOP, syscall.SIGKILL}, {syscall.SIGKILL}, {syscall.SIGSTOP}}

func (k *killing) trouble(kind int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.well = false
	k.outages[kind]++
	for i, s := range troubles[kind] {
		if i > 0 {
			k.pass(200 * time.Millisecond)
		}
		k.broker.Process.Signal(s)
		if s == syscall.SIGKILL {
			k.broker.Wait()
			<-k.witness // who has heard all that the broker said
		}
	}
}

// resume wakes a broker that was stopped.
func (k *killing) resume() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.broker.Process.Signal(syscall.SIGCONT)
	k.well = true
}

// say publishes a command and waits until the broker has taken it, or says nothing where the broker is not well.
func (k *killing) say(topic, payload string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.well {
		return
	}
	t, err := k.talk("commander")
	if err != nil {
		k.t.Error(err)
		return
	}
	defer t.Close()
	p := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
	p.TopicName, p.Payload = topic, []byte(payload)
	if err := p.Write(t); err != nil {
		k.t.Error(err)
	}
	if err := t.untilAnswered(func(*packets.PublishPacket) {}); err != nil {
		k.t.Error(err)
	}
}

// compare waits for the daemon to be online, before any finger has moved, and looks at what is retained: nobody is to see the
// door online with the states of an earlier life.
func (k *killing) compare(l *life) {
	k.t.Helper()
	l.until(atBroker)
	k.looks++
	k.ledger.wait(k.t, func() bool {
		retained := map[string]string{}
		t, err := k.talk("looker")
		if err != nil {
			k.t.Fatal(err)
		}
		defer t.Close()
		if err := t.subscribe("latchd/front/#"); err != nil {
			k.t.Fatal(err)
		}
		if err := t.untilAnswered(func(p *packets.PublishPacket) {
			if p.Retain {
				retained[p.TopicName] = string(p.Payload)
			}
		}); err != nil {
			k.t.Fatal(err)
		}
		if retained["latchd/front/availability"] != "online" {
			return false
		}
		lock, door := retained["latchd/front/lock/state"], retained["latchd/front/door/state"]
		if lock != "LOCKED" || door == "ON" {
			k.t.Errorf("online with lock %q and door %q, of a door locked and closed", lock, door)
		}
		return door == "OFF" // it is told when the contact has been read
	})
}
