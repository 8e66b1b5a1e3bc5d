package mqtt

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchd/lock"
)

func TestADoorOfASiteIsAnnouncedByBoth(t *testing.T) {
	for style, topic := range map[string]string{styleDevice: "device/latchd-elm-5_front/config", styleEntity: "lock/latchd-elm-5_front/lock/config"} {
		all := announced(t, func(o *Options) { o.Door, o.Site, o.Style = "elm-5/front", "Elm Street 5", style })
		config := decode(t, all["homeassistant/"+topic])
		device := config["device"].(map[string]any)
		checkKeys(t, "device", device, deviceKeys)
		want := map[string]any{"identifiers": []any{"latchd-elm-5_front"}, "name": "Elm Street 5 Front door", "suggested_area": "Elm Street 5",
			"manufacturer": "latchd", "model": "Door lock", "sw_version": "1.2.3"}
		if d := cmp.Diff(want, device); d != "" {
			t.Errorf("%s: %s", style, d)
		}
		for topic, payload := range all {
			if strings.Contains(payload, "latchd/front") || !strings.Contains(payload, "latchd/elm-5/front/availability") {
				t.Errorf("%s names topics that are not the door's: %s", topic, payload)
			}
			if style == styleEntity {
				part := strings.Split(topic, "/")
				checkEntity(t, part[1], part[3], decode(t, payload))
			}
		}
	}
}

// A site "a-b" with a door "c", a site "a" with a door "b-c" and a door "a-b-c" of no site are three.
func TestNoTwoDoorsOfSitesShareAnIdOrATopic(t *testing.T) {
	seen := map[string]string{}
	for _, door := range []string{"a-b/c", "a/b-c", "a-b-c", "a/b/c", "a-b/c-lock", "a-b/lock", "a/b-lock", "a-b-lock", "elm/5-front", "elm-5/front"} {
		o := options("tcp://127.0.0.1")
		o.Door = door
		c := client(t, o, nil, nil)
		names := []string{"client " + c.id(), c.topic("event"), c.deviceTopic(), c.availability(true).topic}
		for _, e := range c.entities() {
			names = append(names, e.platform+" "+c.entityConfig(e, nil)["unique_id"].(string))
		}
		for _, name := range names {
			if other, ok := seen[name]; ok {
				t.Errorf("%s is of %s and of %s", name, other, door)
			}
			seen[name] = door
		}
	}
}

// On a broker: states, events and commands have site and door in their topics, and events name both.
func TestADoorOfASiteSpeaksUnderBoth(t *testing.T) {
	address := broker(t)
	ear := listen(t, address, "latchd/#")
	o, b, in := options(address), newBox(), make(inputs, 16)
	o.Door, o.Site = "elm-5/front", "Elm Street 5"
	c := client(t, o, b, in.take)
	c.Show(locked)
	run(t, c)
	ear.until(t, "latchd/elm-5/front/availability", "online")
	c.Tell(b.store(lock.Event{Type: lock.BellRung, Door: o.Door}))
	var event struct{ Site, Door string }
	for _, m := range ear.until(t, "latchd/elm-5/front/event", "") {
		if !strings.HasPrefix(m.topic, "latchd/elm-5/front/") {
			t.Errorf("it says something under %s", m.topic)
		}
		if m.topic == "latchd/elm-5/front/event" {
			if err := json.Unmarshal([]byte(m.payload), &event); err != nil {
				t.Fatal(err)
			}
		}
	}
	if event.Site != "elm-5" || event.Door != "front" {
		t.Errorf("the event is of %+v", event)
	}
	ear.say(t, "latchd/elm-5/front/lock/set", `{"action":"LOCK"}`, false)
	if cmd := next[lock.Command](t, in); cmd.Action != lock.Lock {
		t.Errorf("it hears %+v", cmd)
	}
	found := client(t, o, nil, nil).Check(context.Background())
	if len(found) != 1 || found[0].Detail != "" {
		t.Errorf("its check finds %v", found)
	}
}
