package mqtt

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What Home Assistant's schemas allow and require (homeassistant/components/mqtt: schemas.py, and the platform's file),
// as described at https://www.home-assistant.io/integrations/mqtt/ and on the page of each platform.
var (
	// Of every entity: MQTT_ENTITY_COMMON_SCHEMA, and qos, encoding of config.py.
	commonKeys = words("availability availability_mode availability_topic availability_template payload_available " +
		"payload_not_available default_entity_id device enabled_by_default encoding entity_category entity_picture icon " +
		"json_attributes_template json_attributes_topic name origin qos unique_id")
	platformKeys = map[string][]string{
		// https://www.home-assistant.io/integrations/lock.mqtt/
		"lock": words("code_format command_template command_topic optimistic payload_lock payload_open payload_reset " +
			"payload_unlock retain state_jammed state_locked state_locking state_open state_opening state_topic state_unlocked " +
			"state_unlocking value_template"),
		// https://www.home-assistant.io/integrations/event.mqtt/
		"event": words("device_class event_types state_topic value_template"),
		// https://www.home-assistant.io/integrations/binary_sensor.mqtt/
		"binary_sensor": words("device_class expire_after force_update off_delay payload_off payload_on state_topic value_template"),
		// https://www.home-assistant.io/integrations/sensor.mqtt/
		"sensor": words("device_class expire_after force_update last_reset_value_template options state_class state_topic " +
			"suggested_display_precision unit_of_measurement value_template"),
	}
	requiredKeys = map[string][]string{
		"lock": {"command_topic"}, "event": {"state_topic", "event_types"}, "binary_sensor": {"state_topic"},
		"sensor": {"state_topic"},
	}
	deviceClasses = map[string][]string{
		// https://www.home-assistant.io/integrations/event/#device-class
		"event": words("button doorbell motion"),
		// https://www.home-assistant.io/integrations/binary_sensor/#device-class (those of doors)
		"binary_sensor": words("door lock opening problem safety tamper"),
	}
	deviceKeys = words("configuration_url connections hw_version identifiers manufacturer model model_id name serial_number " +
		"suggested_area sw_version via_device")
	originKeys = words("name support_url sw_version")
)

func words(s string) []string { return strings.Fields(s) }

func decode(t *testing.T, payload string) keys {
	t.Helper()
	var k keys
	if err := json.Unmarshal([]byte(payload), &k); err != nil {
		t.Fatalf("%s: %v", payload, err)
	}
	return k
}

func checkKeys(t *testing.T, what string, got map[string]any, allowed ...[]string) {
	t.Helper()
	for key := range got {
		if !slices.Contains(slices.Concat(allowed...), key) {
			t.Errorf("%s: Home Assistant knows no %s", what, key)
		}
	}
}

func checkEntity(t *testing.T, platform, key string, got map[string]any) {
	t.Helper()
	checkKeys(t, key, got, commonKeys, platformKeys[platform])
	for _, required := range append(requiredKeys[platform], "unique_id", "default_entity_id") {
		if got[required] == nil {
			t.Errorf("%s: no %s", key, required)
		}
	}
	if id := got["default_entity_id"].(string); !regexp.MustCompile(`^` + platform + `\.[a-z0-9_]+$`).MatchString(id) {
		t.Errorf("%s: default_entity_id is %q", key, id)
	}
	if class, ok := got["device_class"].(string); ok && !slices.Contains(deviceClasses[platform], class) {
		t.Errorf("%s: a %s has no class %q", key, platform, class)
	}
}

func checkDevice(t *testing.T, got keys) {
	t.Helper()
	checkKeys(t, "device", got["device"].(map[string]any), deviceKeys)
	checkKeys(t, "origin", got["origin"].(map[string]any), originKeys)
	want := map[string]any{"identifiers": []any{"latchd-back-gate"}, "name": "Front door", "manufacturer": "latchd",
		"model": "Door lock", "sw_version": "1.2.3"}
	if d := cmp.Diff(want, got["device"]); d != "" {
		t.Error(d)
	}
	if got["availability_topic"] != "latchd/back-gate/availability" {
		t.Errorf("availability_topic is %v", got["availability_topic"])
	}
}

func announced(t *testing.T, change func(*Options)) map[string]string {
	o := options("tcp://127.0.0.1")
	o.Door = "back-gate"
	change(&o)
	out := map[string]string{}
	for _, s := range client(t, o, nil, nil).announcement() {
		out[s.topic] = s.payload
	}
	return out
}

func TestTheDeviceFormHasTheKeysThatHomeAssistantKnows(t *testing.T) {
	all := announced(t, func(o *Options) {})
	config := decode(t, all["homeassistant/device/latchd-back-gate/config"])
	checkDevice(t, config)
	checkKeys(t, "device form", config, words("availability_topic components device origin qos"))
	components := config["components"].(map[string]any)
	for key, c := range components {
		component := c.(map[string]any)
		platform := component["platform"].(string)
		delete(component, "platform")
		checkEntity(t, platform, key, component)
	}
	if len(components) != 8 || len(all) != 1 {
		t.Errorf("%d components, %d messages", len(components), len(all))
	}
}

func TestTheEntityFormHasTheKeysThatHomeAssistantKnows(t *testing.T) {
	all := announced(t, func(o *Options) { o.Style = "entity" })
	for topic, payload := range all {
		part := strings.Split(topic, "/")
		config := decode(t, payload)
		checkDevice(t, config)
		checkEntity(t, part[1], part[3], config)
	}
	if len(all) != 8 {
		t.Errorf("%d entities", len(all))
	}
}

func TestASensorThatIsNotFittedIsNotAnnounced(t *testing.T) {
	unfitted := func(o *Options) { o.Contact, o.Tamper = false, false }
	components := decode(t, announced(t, unfitted)["homeassistant/device/latchd-back-gate/config"])["components"]
	for _, key := range []string{"door", "tamper"} {
		want := map[string]any{"platform": "binary_sensor"} // nothing else: removed
		if d := cmp.Diff(want, components.(map[string]any)[key]); d != "" {
			t.Error(key, d)
		}
	}
	all := announced(t, func(o *Options) { unfitted(o); o.Style = "entity" })
	for _, key := range []string{"door", "tamper"} {
		if _, ok := all["homeassistant/binary_sensor/latchd-back-gate/"+key+"/config"]; ok {
			t.Errorf("%s is announced", key)
		}
	}
}

func TestTheEntitiesSayWhatTheContractAsksFor(t *testing.T) {
	all := announced(t, func(o *Options) { o.Style = "entity" })
	for key, want := range map[string]keys{
		"lock/lock": {"state_topic": "latchd/back-gate/lock/state", "command_topic": "latchd/back-gate/lock/set",
			"payload_open": "OPEN", "retain": false, "name": nil},
		"event/doorbell":        {"state_topic": "latchd/back-gate/bell", "device_class": "doorbell", "event_types": []any{"ring"}},
		"event/access":          {"state_topic": "latchd/back-gate/access", "event_types": []any{"granted", "denied", "lockout"}},
		"binary_sensor/door":    {"state_topic": "latchd/back-gate/door/state", "device_class": "door"},
		"binary_sensor/lockout": {"json_attributes_topic": "latchd/back-gate/lockout/attributes"},
		"binary_sensor/problem": {"json_attributes_topic": "latchd/back-gate/problem/attributes", "entity_category": "diagnostic"},
		"binary_sensor/tamper":  {"state_topic": "latchd/back-gate/tamper/state", "device_class": "tamper"},
		"sensor/texts_left":     {"state_topic": "latchd/back-gate/texts/state", "entity_category": "diagnostic"},
	} {
		platform, entity, _ := strings.Cut(key, "/")
		config := decode(t, all["homeassistant/"+platform+"/latchd-back-gate/"+entity+"/config"])
		for k, v := range want {
			if got, there := config[k]; !there || !cmp.Equal(v, got) {
				t.Errorf("%s: %s is %v", key, k, got)
			}
		}
	}
}

// Home Assistant puts value and the time into the template; what comes out has to be a command that is understood.
func TestTheCommandTemplateMakesACommand(t *testing.T) {
	payload := strings.NewReplacer("{{ now().timestamp() }}", "1763683199.123456", "{{ value }}", "UNLOCK").Replace(commandTemplate)
	if cmd := parseCommand([]byte(payload), false); cmd.Refused != "" || cmd.Action != "UNLOCK" || cmd.At.Unix() != 1763683199 {
		t.Errorf("%s is %+v", payload, cmd)
	}
}

func TestWithoutADiscoveryPrefixNothingIsAnnounced(t *testing.T) {
	if all := announced(t, func(o *Options) { o.Discovery = "" }); len(all) != 0 {
		t.Errorf("%v", all)
	}
}
