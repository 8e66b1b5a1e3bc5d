package mqtt

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"
	"github.com/google/go-cmp/cmp"

	"latchd/lock"
)

// notebook is a Memory that lasts for a test.
type notebook struct {
	brokers map[string][]string
	writes  int
	torn    bool
}

func (n *notebook) Retained(broker string) []string { return n.brokers[broker] }

func (n *notebook) Retain(broker string, topics []string) error {
	if n.torn {
		return errors.New("no space left on device")
	}
	n.writes++
	n.brokers[broker] = topics
	return nil
}

// keeper is a broker that keeps what is retained, and hears what comes on the discovery topics.
type keeper struct {
	*fake
	retained map[string]string
	heard    []string
}

func newKeeper() *keeper {
	k := &keeper{fake: newFake(), retained: map[string]string{}}
	k.publish = func(m message) {
		switch {
		case m.retained && m.payload == "":
			delete(k.retained, m.topic)
		case m.retained:
			k.retained[m.topic] = m.payload
		}
		if topic, discovery := strings.CutPrefix(m.topic, "homeassistant/"); discovery {
			k.heard = append(k.heard, strings.TrimSpace(topic+" "+m.payload[:min(len(m.payload), 8)]))
		}
	}
	return k
}

// live lets a door with these options be connected for so long, and returns what is retained at the broker then.
func (k *keeper) live(t *testing.T, o Options, span time.Duration) []string {
	k.heard = nil
	c := client(t, o, newBox(), func(lock.Input) {})
	c.dial = k.dial
	c.Show(locked)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { c.Run(ctx); close(done) }()
	pass(span)
	cancel()
	<-done
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Sorted(maps.Keys(k.retained))
}

const aWhile = time.Minute

var (
	deviceForm = []string{"homeassistant/device/latchd-front/config"}
	entityForm = []string{"homeassistant/binary_sensor/latchd-front/door/config", "homeassistant/binary_sensor/latchd-front/lockout/config",
		"homeassistant/binary_sensor/latchd-front/problem/config", "homeassistant/binary_sensor/latchd-front/tamper/config",
		"homeassistant/event/latchd-front/access/config", "homeassistant/event/latchd-front/doorbell/config",
		"homeassistant/lock/latchd-front/lock/config", "homeassistant/sensor/latchd-front/texts_left/config"}
)

// statesOf returns the retained topics of a door.
func statesOf(prefix string) (topics []string) {
	for name := range strings.FieldsSeq("availability door/state lock/state lockout/attributes lockout/state problem/attributes " +
		"problem/state tamper/state texts/state") {
		topics = append(topics, prefix+"/"+name)
	}
	return topics
}

func TestWhatAnEarlierConfigurationLeftAtTheBrokerIsTakenBack(t *testing.T) {
	change := func(change func(o *Options)) Options {
		o := options("tcp://broker:1883")
		change(&o)
		return o
	}
	device := change(func(o *Options) {})
	entity := change(func(o *Options) { o.Style = styleEntity })
	for _, c := range []struct {
		name          string
		before, after Options
		want          []string
	}{
		{"device to entity", device, entity, slices.Concat(entityForm, statesOf("latchd/front"))},
		{"entity to device", entity, device, slices.Concat(deviceForm, statesOf("latchd/front"))},
		{"device, then no discovery", device, change(func(o *Options) { o.Discovery = "" }), statesOf("latchd/front")},
		{"entity, then no discovery", entity, change(func(o *Options) { o.Discovery = "" }), statesOf("latchd/front")},
		{"another discovery prefix", device, change(func(o *Options) { o.Discovery = "ha" }),
			append([]string{"ha/device/latchd-front/config"}, statesOf("latchd/front")...)},
		{"another id", entity, change(func(o *Options) { o.Door = "back" }),
			append([]string{"homeassistant/device/latchd-back/config"}, statesOf("latchd/back")...)},
		{"a site", device, change(func(o *Options) { o.Door, o.Site = "elm-5/front", "Elm Street 5" }),
			append([]string{"homeassistant/device/latchd-elm-5_front/config"}, statesOf("latchd/elm-5/front")...)},
		{"a site no more", change(func(o *Options) { o.Door, o.Style = "elm-5/front", styleEntity }), device,
			slices.Concat(deviceForm, statesOf("latchd/front"))},
		{"another prefix", device, change(func(o *Options) { o.Prefix = "doors/latchd" }), slices.Concat(statesOf("doors/latchd/front"), deviceForm)},
		{"a sensor is gone", entity, change(func(o *Options) { o.Style, o.Contact = styleEntity, false }),
			slices.Concat(entityForm[1:], slices.DeleteFunc(statesOf("latchd/front"), func(s string) bool { return strings.HasSuffix(s, "/door/state") }))},
		{"nothing changes", device, device, slices.Concat(deviceForm, statesOf("latchd/front"))},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k, n := newKeeper(), &notebook{brokers: map[string][]string{}}
				c.before.Memory, c.after.Memory = n, n
				k.live(t, c.before, aWhile)
				if d := cmp.Diff(c.want, k.live(t, c.after, lateWill+aWhile)); d != "" {
					t.Error(d)
				}
				writes := n.writes
				k.live(t, c.after, aWhile)
				if n.writes != writes {
					t.Error("a restart without a change writes to the disk")
				}
			})
		})
	}
}

// The order is that of Home Assistant's documentation, but for the removal, which comes first: then it says nothing.
func TestHomeAssistantIsToldBeforeTheFormOfDiscoveryChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, n := newKeeper(), &notebook{brokers: map[string][]string{}}
		o := options("tcp://broker:1883")
		o.Memory = n
		k.live(t, o, aWhile)
		o.Style = styleEntity
		k.live(t, o, migrateTime-time.Millisecond)
		want := []string{`device/latchd-front/config {"migrat`, "device/latchd-front/config"}
		if d := cmp.Diff(want, k.heard); d != "" {
			t.Errorf("before the moment is over: %s", d)
		}
		k.live(t, o, aWhile) // cut off in between, it is announced by the next run
		if len(k.heard) != len(entityForm) {
			t.Errorf("after that it hears %v", k.heard)
		}
		o.Style = styleDevice
		k.live(t, o, aWhile)
		if len(k.heard) != 2*len(entityForm)+1 || k.heard[0] != `binary_sensor/latchd-front/door/config {"migrat` ||
			k.heard[len(entityForm)] != "binary_sensor/latchd-front/door/config" || !strings.HasPrefix(k.heard[2*len(entityForm)], "device/") {
			t.Errorf("on the way back it hears %v", k.heard)
		}
	})
}

// The connection of a door that lost its power is noticed by the broker when the door may long be back under another name.
func TestTheWillOfAnOldConnectionIsTakenBack(t *testing.T) {
	for _, late := range []time.Duration{time.Second, 30 * time.Second, time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			k, n := newKeeper(), &notebook{brokers: map[string][]string{}}
			o := options("tcp://broker:1883")
			o.Memory = n
			k.live(t, o, aWhile)
			o.Door, o.Site = "elm-5/front", "Elm Street 5"
			time.AfterFunc(late, func() { k.set(func() { k.retained["latchd/front/availability"] = "offline" }) })
			announced := "homeassistant/device/latchd-elm-5_front/config"
			want := append([]string{announced}, statesOf("latchd/elm-5/front")...)
			if d := cmp.Diff(want, k.live(t, o, lateWill+aWhile)); d != "" {
				t.Errorf("after %v: %s", late, d)
			}
			if d := cmp.Diff(want, n.brokers["broker:1883"]); d != "" {
				t.Errorf("it remembers: %s", d)
			}
			if k.live(t, o, 2*lateWill); len(k.heard) != 1 {
				t.Errorf("then it announces %v", k.heard)
			}
		})
	}
}

func TestABrokerThatForbidsTheTakingBackIsNotAskedForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, n := newKeeper(), &notebook{brokers: map[string][]string{}}
		o := options("tcp://broker:1883")
		o.Memory = n
		k.live(t, o, aWhile)
		o.Door = "back"
		keep, tries := k.publish, 0
		k.publish = func(m message) {
			k.kick = strings.HasPrefix(m.topic, "latchd/front/")
			if k.kick {
				tries++
				return
			}
			keep(m)
		}
		k.live(t, o, time.Hour)
		if most := 8 * (len(statesOf("")) + 1); tries < 2 || tries > most {
			t.Errorf("%d tries in an hour, want %d at the most", tries, most)
		}
		if k.retained["latchd/back/availability"] == "" || len(n.brokers["broker:1883"]) < 19 {
			t.Errorf("the door is not there, or has forgotten: %v", n.brokers)
		}
	})
}

func TestWithoutAMemoryTheDoorWorksAllTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, m := range []Memory{nil, &notebook{torn: true}} {
			k := newKeeper()
			o := options("tcp://broker:1883")
			o.Memory = m
			if d := cmp.Diff(slices.Concat(deviceForm, statesOf("latchd/front")), k.live(t, o, aWhile)); d != "" {
				t.Error(d)
			}
		}
	})
}

func TestABadHourDoesNotKeepTheOldFormAtTheBroker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, n := newKeeper(), &notebook{brokers: map[string][]string{}}
		o := options("tcp://broker:1883")
		o.Memory = n
		k.live(t, o, aWhile)
		o.Style = styleEntity
		keep := k.publish
		k.publish, k.noAck = func(message) {}, true // its disk is full
		time.AfterFunc(time.Hour, func() { k.set(func() { k.publish, k.noAck = keep, false }) })
		if d := cmp.Diff(slices.Concat(entityForm, statesOf("latchd/front")), k.live(t, o, 24*time.Hour)); d != "" {
			t.Error(d)
		}
	})
}

// A birth message that is retained comes with every connection, and one in mid-migration is no reason to hurry.
func TestABirthDoesNotCutAMigrationShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, n := newKeeper(), &notebook{brokers: map[string][]string{}}
		o := options("tcp://broker:1883")
		o.Memory = n
		k.live(t, o, aWhile)
		o.Style = styleEntity
		time.AfterFunc(time.Millisecond, func() { k.bear(true) })
		time.AfterFunc(time.Second, func() { k.bear(false) })
		k.live(t, o, migrateTime-time.Millisecond)
		want := []string{`device/latchd-front/config {"migrat`, "device/latchd-front/config"}
		if d := cmp.Diff(want, k.heard); d != "" {
			t.Error(d)
		}
		time.AfterFunc(time.Second, func() { k.bear(true) })
		k.live(t, o, aWhile)
		if len(k.heard) != len(entityForm) {
			t.Errorf("%d announcements", len(k.heard))
		}
	})
}

// bear says that Home Assistant has started.
func (f *fake) bear(retained bool) {
	p := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
	p.TopicName, p.Payload, p.Retain = "homeassistant/status", []byte("online"), retained
	f.say <- p
}
