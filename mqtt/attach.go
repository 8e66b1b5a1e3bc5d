package mqtt

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"

	paho "github.com/eclipse/paho.mqtt.golang"
	"golang.org/x/time/rate"
)

// attach makes one connection to the broker of that rank, with a fresh client of the library: one that reconnects by itself
// reports publishes as acknowledged that no broker has seen (upstream issue 563). with changes what the broker is told.
func (c *Client) attach(ctx context.Context, rank int, with ...func(*paho.ClientOptions)) (*session, error) {
	broker := c.brokers[rank].URL
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	s := &session{c: c, rank: rank, host: broker.Host, birth: make(chan struct{}, 1), told: make(chan struct{}, 1), heard: map[string]string{},
		births: rate.NewLimiter(rate.Every(rebirth), rebirthBurst), claimed: rate.NewLimiter(claimRate, claimRate), flooded: make(chan struct{}, 1), asked: make(chan replay, replayBurst),
		shown: map[string]*word{}, due: true}

	handshaken := func() bool { return true }
	o := c.pahoOptions(broker)
	for _, change := range with {
		change(o)
	}
	o.SetDefaultPublishHandler(s.receive)
	o.SetCustomOpenConnectionFn(func(*url.URL, paho.ClientOptions) (net.Conn, error) {
		conn, err := c.dial(ctx, broker)
		if err != nil {
			return nil, err
		}
		s.wire = newWire(conn, len(c.filters()))
		handshaken = context.AfterFunc(ctx, func() { s.wire.end(ctx.Err()) })
		return s.wire, nil
	})
	s.paho = paho.NewClient(o)
	connected := s.paho.Connect()
	<-connected.Done() // the dialer and the wire keep to ctx
	if err := connected.Error(); err != nil {
		if s.wire != nil {
			if why := s.wire.cause(err); !errors.Is(why, net.ErrClosed) { // but by the library, over what the broker has said
				err = why
			}
			s.wire.Close()
		}
		return nil, err
	}
	if !handshaken() {
		s.close()
		return nil, ctx.Err()
	}
	if err := s.subscribe(ctx); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (c *Client) pahoOptions(broker *url.URL) *paho.ClientOptions {
	o := paho.NewClientOptions()
	o.Servers = []*url.URL{broker}
	o.SetClientID(c.id()).SetUsername(c.o.Username).SetPassword(c.o.Password)
	o.SetProtocolVersion(4) // 3.1.1; without it a refused client tries again as 3.1
	o.SetAutoReconnect(false).SetConnectRetry(false)
	// A session that the broker keeps would replay an UNLOCK sent while the door was away.
	o.SetCleanSession(true)
	will := c.availability(false)
	o.SetWill(will.topic, will.payload, 1, true)
	// The library's WriteTimeout is also how long a Publish hangs that is under way when the connection ends.
	o.SetConnectTimeout(connectTimeout).SetWriteTimeout(handOver)
	o.SetKeepAlive(0) // the wire and the session see to it
	return o
}

// filters returns what the door listens to, each with its QoS. Beyond the commands nothing needs more than 0, for the session
// ends with its connection anyway; and in a cluster each subscription of QoS 1 is kept by several nodes.
func (c *Client) filters() map[string]byte {
	filters := map[string]byte{c.topic("lock/set"): 1, c.topic("event/replay"): 0}
	for _, said := range c.claims() {
		filters[said] = 0
	}
	if c.o.Discovery != "" {
		filters[c.o.Discovery+"/status"] = 0
	}
	return filters
}

// claims is where others may say what the door is; each by its name, for with a + anybody's inventions would come, too.
func (c *Client) claims() []string {
	claims := make([]string, len(own))
	for i, name := range own {
		claims[i] = c.topic(name)
	}
	return claims
}

// subscribe asks for commands, for requests to repeat events, for what is said of the door, and for Home Assistant's birth
// message. A broker that refuses one of them is still good for publishing.
func (s *session) subscribe(ctx context.Context) error {
	token := s.paho.SubscribeMultiple(s.c.filters(), nil)
	select {
	case <-token.Done():
	case <-s.wire.down:
		return s.wire.why
	case <-ctx.Done():
		return fmt.Errorf("subscribing: %w", ctx.Err())
	}
	if err := token.Error(); err != nil {
		return s.wire.cause(err)
	}
	s.granted(token)
	return nil
}

// granted notes which of them the broker has refused. Access lists made for an earlier version do not let the door read what
// is said of it: that is no fault.
func (s *session) granted(token paho.Token) {
	s.refused = nil
	for topic, granted := range token.(*paho.SubscribeToken).Result() {
		if granted > 2 && !slices.Contains(s.c.claims(), topic) { // 0x80: failure (MQTT 3.1.1, 3.9.3)
			s.refused = append(s.refused, topic)
		}
	}
	slices.Sort(s.refused)
}
