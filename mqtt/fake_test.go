package mqtt

import (
	"context"
	"errors"
	"net"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

// fake is a broker on pipes, for tests in virtual time. What it does wrong is up to the test.
type fake struct {
	mu      sync.Mutex
	refuse  error                       // dialling fails
	mute    bool                        // says nothing any more, but goes on reading
	noAck   bool                        // answers everything but publishes
	kick    bool                        // closes every connection at its first publish
	budget  func() int                  // bytes after which a connection breaks; nil: never
	publish func(message)               // sees every publish
	slow    time.Duration               // before a publish is acknowledged, and anything else is read
	unread  string                      // a topic whose subscription is refused
	read    map[string]bool             // topics that are subscribed to
	dials   int                         // so far
	alive   []uint16                    // the times of keep-alive that the connections promised, in seconds
	pings   int                         // so far
	say     chan *packets.PublishPacket // to be sent to the client
}

func newFake() *fake {
	return &fake{publish: func(message) {}, read: map[string]bool{}, say: make(chan *packets.PublishPacket)}
}

// set changes or looks at what the test and the broker share.
func (f *fake) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

// dialled returns how many connections were asked for.
func (f *fake) dialled() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.dials
}

// dial is a dialer.
func (f *fake) dial(context.Context, *url.URL) (net.Conn, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dials++
	if f.refuse != nil {
		return nil, f.refuse
	}
	ours, theirs := net.Pipe()
	if f.budget != nil {
		theirs = &breaking{Conn: theirs, left: f.budget()}
	}
	go f.serve(ours)
	return theirs, nil
}

func (f *fake) serve(conn net.Conn) {
	answers, done := make(chan packets.ControlPacket, 1000), make(chan struct{})
	var writer sync.WaitGroup
	writer.Go(func() {
		for {
			var p packets.ControlPacket
			select {
			case <-done:
				return
			case p = <-answers:
			case p = <-f.say:
			}
			if p.Write(conn) != nil {
				conn.Close()
				return
			}
		}
	})
	defer writer.Wait()
	defer close(done)
	defer conn.Close()
	for {
		p, err := packets.ReadPacket(conn)
		if err != nil {
			return
		}
		f.mu.Lock()
		mute, kick, slow := f.mute, f.kick, f.slow
		f.mu.Unlock()
		if _, publishing := p.(*packets.PublishPacket); publishing && slow > 0 {
			<-time.After(slow)
		}
		if a := f.answer(p); a != nil && !mute {
			answers <- a
		}
		if _, publishing := p.(*packets.PublishPacket); kick && publishing {
			return
		}
	}
}

func (f *fake) answer(p packets.ControlPacket) packets.ControlPacket {
	switch p := p.(type) {
	case *packets.ConnectPacket:
		f.set(func() { f.alive = append(f.alive, p.Keepalive) })
		return packets.NewControlPacket(packets.Connack)
	case *packets.SubscribePacket:
		a := packets.NewControlPacket(packets.Suback).(*packets.SubackPacket)
		a.MessageID, a.ReturnCodes = p.MessageID, make([]byte, len(p.Topics))
		f.set(func() {
			for _, topic := range p.Topics {
				f.read[topic] = true
			}
			if i := slices.Index(p.Topics, f.unread); i >= 0 {
				a.ReturnCodes[i] = 0x80
			}
		})
		return a
	case *packets.UnsubscribePacket:
		a := packets.NewControlPacket(packets.Unsuback).(*packets.UnsubackPacket)
		a.MessageID = p.MessageID
		f.set(func() {
			for _, topic := range p.Topics {
				delete(f.read, topic)
			}
		})
		return a
	case *packets.PingreqPacket:
		f.set(func() { f.pings++ })
		return packets.NewControlPacket(packets.Pingresp)
	case *packets.PublishPacket:
		f.mu.Lock()
		defer f.mu.Unlock()
		f.publish(message{p.TopicName, string(p.Payload), p.Retain})
		if f.noAck {
			return nil
		}
		a := packets.NewControlPacket(packets.Puback).(*packets.PubackPacket)
		a.MessageID = p.MessageID
		return a
	}
	return nil
}

// breaking is a connection that ends in the middle of something.
type breaking struct {
	net.Conn
	mu   sync.Mutex
	left int
}

var errBroken = errors.New("broken")

// spend returns how many of n bytes still pass.
func (b *breaking) spend(n int) (passed int, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	passed = min(n, b.left)
	if b.left -= passed; b.left == 0 {
		err = errBroken
	}
	return passed, err
}

func (b *breaking) Read(p []byte) (int, error) {
	n, err := b.Conn.Read(p)
	n, broken := b.spend(n)
	if broken != nil {
		b.Close()
		return n, broken
	}
	return n, err
}

func (b *breaking) Write(p []byte) (int, error) {
	n, broken := b.spend(len(p))
	n, err := b.Conn.Write(p[:n])
	if broken != nil {
		b.Close()
		return n, broken
	}
	return n, err
}
