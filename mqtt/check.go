package mqtt

import (
	"context"
	"strings"

	paho "github.com/eclipse/paho.mqtt.golang"
)

// Finding is what a broker says to the door.
type Finding struct {
	Broker string // HOST:PORT
	Detail string // what is wrong; empty: nothing
	Hint   string // what to do about it
}

// Check tries each of the brokers, one after the other and each for ten seconds at the most: it connects, signs in and
// subscribes as Run does. It publishes nothing, obeys nothing, and bears an id of its own and no will: a door at work is
// neither thrown out nor shown as offline. Whether the door may publish is not seen so.
func (c *Client) Check(ctx context.Context) []Finding {
	asVisitor := func(o *paho.ClientOptions) {
		o.SetClientID(c.id() + "-check")
		o.WillEnabled, o.WillRetained = false, false // the flag alone would break MQTT 3.1.1, 3.1.2.7
	}
	var found []Finding
	for rank, broker := range c.brokers {
		f := Finding{Broker: broker.Host}
		s, err := c.attach(ctx, rank, asVisitor)
		switch {
		case err != nil:
			f.Detail, f.Hint = explain(err)
		default:
			if len(s.refused) > 0 {
				f.Detail = "the subscription to " + strings.Join(s.refused, ", ") + " is refused"
				f.Hint = "let this user read that topic, in the broker's access list"
			}
			s.parted = true
			s.close()
		}
		found = append(found, f)
	}
	return found
}
