package mqtt

import (
	"strings"
	"sync"
	"testing"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/mochi-mqtt/server/v2/packets"

	"latchd/lock"
)

func TestACheckLeavesTheDoorAtWorkAlone(t *testing.T) {
	eachBroker(t, func(t *testing.T, address string) {
		e := listen(t, address, "#")
		b, in := newBox(), make(inputs, 100)
		c := client(t, options(address), b, in.take)
		c.Show(locked)
		run(t, c)
		e.until(t, "latchd/front/availability", "online")
		e.until(t, "homeassistant/device/latchd-front/config", "{")

		for _, f := range client(t, options(address), newBox(), in.take).Check(t.Context()) {
			if f != (Finding{Broker: strings.TrimPrefix(address, "tcp://")}) {
				t.Errorf("%+v", f)
			}
		}
		e.say(t, "latchd/front/lock/set", `{"action":"LOCK"}`, false)
		if cmd := next[lock.Command](t, in); cmd.Action != lock.Lock {
			t.Errorf("the door hears %+v", cmd)
		}
		if all := e.until(t, "latchd/front/lock/set", ""); len(all) != 1 {
			t.Errorf("the check is heard: %v", all)
		}
	})
}

// guestBook is what a broker in process knows of those who come.
type guestBook struct {
	mochi.HookBase
	mu     sync.Mutex
	guests []packets.ConnectParams
	wills  int
	said   []string // topics
	asked  []string // filters
	barred string   // filter that nobody may read
}

func (g *guestBook) ID() string { return "guests" }

func (g *guestBook) Provides(b byte) bool {
	return b == mochi.OnConnectAuthenticate || b == mochi.OnACLCheck || b == mochi.OnPublish || b == mochi.OnSubscribe || b == mochi.OnWillSent
}

func (g *guestBook) OnConnectAuthenticate(_ *mochi.Client, pk packets.Packet) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.guests = append(g.guests, pk.Connect)
	return string(pk.Connect.Password) == "sesame"
}

func (g *guestBook) OnACLCheck(_ *mochi.Client, topic string, write bool) bool {
	return write || topic != g.barred
}

func (g *guestBook) OnPublish(_ *mochi.Client, pk packets.Packet) (packets.Packet, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.said = append(g.said, pk.TopicName)
	return pk, nil
}

func (g *guestBook) OnSubscribe(_ *mochi.Client, pk packets.Packet) packets.Packet {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, f := range pk.Filters {
		g.asked = append(g.asked, f.Filter)
	}
	return pk
}

func (g *guestBook) OnWillSent(*mochi.Client, packets.Packet) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.wills++
}

func TestACheckSignsInUnderANameOfItsOwnWithoutAWill(t *testing.T) {
	server, address := mochiBroker(t, listeners.Config{})
	g := new(guestBook)
	if err := server.AddHook(g, nil); err != nil {
		t.Fatal(err)
	}
	o := options("tcp://" + address)
	o.Username, o.Password = "door", "sesame"
	if f := client(t, o, newBox(), nil).Check(t.Context())[0]; f.Detail != "" {
		t.Errorf("%+v", f)
	}
	server.Listeners.CloseAll(func(string) {}) // when it is over, all is told
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.guests) != 1 || g.guests[0].ClientIdentifier != "latchd-front-check" || g.guests[0].WillFlag || string(g.guests[0].Username) != "door" {
		t.Errorf("signed in as %+v", g.guests)
	}
	if len(g.asked) != 12 || len(g.said) != 0 || g.wills != 0 {
		t.Errorf("subscribed to %q, published on %q, %d wills", g.asked, g.said, g.wills)
	}
}

func TestACheckSaysWhichSubscriptionIsRefused(t *testing.T) {
	server, address := mochiBroker(t, listeners.Config{})
	if err := server.AddHook(&guestBook{barred: "latchd/front/lock/set"}, nil); err != nil {
		t.Fatal(err)
	}
	o := options("tcp://" + address)
	o.Username, o.Password = "door", "sesame"
	if f := client(t, o, newBox(), nil).Check(t.Context())[0]; !strings.Contains(f.Detail, "latchd/front/lock/set is refused") || f.Hint == "" {
		t.Errorf("%+v", f)
	}
}

func TestACheckSaysOfEachBrokerWhatIsWrong(t *testing.T) {
	open, gone := broker(t), "tcp://127.0.0.1:1"
	locked := readAccessList(t).run(t)
	o := options(open, gone, locked, "tcp://nowhere.invalid")
	o.Username, o.Password = "latchd-front", "wrong"
	found := client(t, o, newBox(), nil).Check(t.Context())
	for i, want := range []string{"", "connection refused", "not authorised", "nowhere.invalid"} {
		f := found[i]
		if want == "" && f.Detail != "" || !strings.Contains(f.Detail, want) || want != "" && f.Hint == "" {
			t.Errorf("%+v, want %q", f, want)
		}
	}
	if len(found) != 4 {
		t.Errorf("%d findings", len(found))
	}
	o = options(locked)
	o.Username, o.Password = "latchd-front", "latchd-front"
	if f := client(t, o, newBox(), nil).Check(t.Context())[0]; f.Detail != "" {
		t.Errorf("with the right password: %+v", f)
	}
}
