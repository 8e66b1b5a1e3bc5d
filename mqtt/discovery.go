package mqtt

import (
	"encoding/json"
	"strings"
)

// The styles of discovery.
const (
	styleDevice = "device" // one announcement for all entities: Home Assistant 2024.11, openHAB 2026-02
	styleEntity = "entity" // one announcement an entity, for older consumers
)

// commandTemplate makes the payload of a command in Home Assistant: value is one of the payload_ keys, the time that of
// the click, so that a command which lay somewhere is recognised as stale.
const commandTemplate = `{"at": {{ now().timestamp() }}, "action": "{{ value }}"}`

type keys map[string]any

// entity is one entity of the door in Home Assistant.
type entity struct {
	key, platform string
	fitted        bool
	config        keys
}

// entities returns the door's entities. Their keys are those of Home Assistant's pages integrations/lock.mqtt, event.mqtt,
// binary_sensor.mqtt and sensor.mqtt, spelled out, because openHAB knows no abbreviations in device-based discovery.
// Without a name of its own (null) an entity takes the device's.
func (c *Client) entities() []entity {
	return []entity{
		{"lock", "lock", true, keys{
			"name": nil, "state_topic": c.topic("lock/state"),
			"command_topic": c.topic("lock/set"), "command_template": commandTemplate, "retain": false, "optimistic": false,
			"payload_lock": "LOCK", "payload_unlock": "UNLOCK", "payload_open": "OPEN",
			"state_locked": "LOCKED", "state_unlocked": "UNLOCKED", "state_jammed": "JAMMED",
		}},
		{"doorbell", "event", true, keys{
			"name": "Doorbell", "state_topic": c.topic("bell"), "device_class": "doorbell", "event_types": []string{"ring"},
		}},
		{"access", "event", true, keys{
			"name": "Access", "state_topic": c.topic("access"), "event_types": []string{"granted", "denied", "lockout"},
			"icon": "mdi:dialpad",
		}},
		{"door", "binary_sensor", c.o.Contact, keys{
			"name": "Door", "state_topic": c.topic("door/state"), "device_class": "door",
		}},
		// No device class: "lock" would call a lockout unlocked, "problem" a fault of the door.
		{"lockout", "binary_sensor", true, keys{
			"name": "Lockout", "state_topic": c.topic("lockout/state"), "icon": "mdi:lock-clock",
			"json_attributes_topic": c.topic("lockout/attributes"),
		}},
		{"problem", "binary_sensor", true, keys{
			"name": "Problem", "state_topic": c.topic("problem/state"), "device_class": "problem",
			"entity_category": "diagnostic", "json_attributes_topic": c.topic("problem/attributes"),
		}},
		{"tamper", "binary_sensor", c.o.Tamper, keys{
			"name": "Tamper", "state_topic": c.topic("tamper/state"), "device_class": "tamper",
		}},
		{"texts_left", "sensor", true, keys{
			"name": "Texts left today", "state_topic": c.topic("texts/state"), "state_class": "measurement",
			"entity_category": "diagnostic", "icon": "mdi:message-text-clock",
		}},
	}
}

// announcement returns the retained messages that make the door known to Home Assistant (integrations/mqtt, "MQTT
// discovery"); none with discovery off.
func (c *Client) announcement() []state {
	if c.o.Discovery == "" {
		return nil
	}
	device := keys{
		"identifiers": []string{c.id()}, "name": c.o.Name, "manufacturer": "latchd", "model": "Door lock",
		"sw_version": c.o.Version,
	}
	if c.o.Site != "" {
		// An area is taken up when the device is first seen. A via_device would have to exist already, and a site is no device.
		device["name"], device["suggested_area"] = c.o.Site+" "+c.o.Name, c.o.Site
	}
	shared := keys{
		"device":             device,
		"origin":             keys{"name": "latchd", "sw_version": c.o.Version},
		"availability_topic": c.topic("availability"),
		"qos":                1,
	}
	if c.o.Style == styleEntity {
		return c.announceEntities(shared)
	}
	return c.announceDevice(shared)
}

// otherForm returns whether the door is announced on that topic in the style that is not its own.
func (c *Client) otherForm(topic string) bool {
	rest, ours := strings.CutPrefix(topic, c.o.Discovery+"/")
	part := strings.Split(rest, "/")
	if c.o.Style == styleEntity {
		return ours && topic == c.deviceTopic()
	}
	return ours && len(part) == 4 && part[1] == c.id()
}

func (c *Client) deviceTopic() string { return c.o.Discovery + "/device/" + c.id() + "/config" }

func (c *Client) announceDevice(shared keys) []state {
	components := keys{}
	for _, e := range c.entities() {
		components[e.key] = keys{"platform": e.platform} // a component with nothing else is removed
		if e.fitted {
			components[e.key] = c.entityConfig(e, keys{"platform": e.platform})
		}
	}
	shared["components"] = components
	return []state{{c.deviceTopic(), marshal(shared)}}
}

func (c *Client) announceEntities(shared keys) (out []state) {
	for _, e := range c.entities() {
		if e.fitted {
			topic := c.o.Discovery + "/" + e.platform + "/" + c.id() + "/" + e.key + "/config"
			out = append(out, state{topic, marshal(c.entityConfig(e, shared))})
		}
	}
	return out
}

// entityConfig returns the entity's keys together with more.
func (c *Client) entityConfig(e entity, more keys) keys {
	// Home Assistant takes no __ there, and numbers an id that is taken already (helpers/entity.py, async_generate_entity_id).
	object := strings.NewReplacer("-", "_", "/", "_").Replace("latchd_" + c.o.Door + "_" + e.key)
	config := keys{"unique_id": c.id() + "-" + e.key, "default_entity_id": e.platform + "." + object}
	for _, from := range []keys{e.config, more} {
		for k, v := range from {
			config[k] = v
		}
	}
	return config
}

func marshal(k keys) string {
	b, _ := json.Marshal(k) // strings, numbers and lists of them
	return string(b)
}
