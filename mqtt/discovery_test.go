package mqtt

import (
	"encoding/json"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What Home Assistant knows, by its documentation (https://www.home-assistant.io/integrations/, the pages named below, as
// of June 2026) and its schemas (homeassistant/components/mqtt of September 2026). What it does not know in an entity it
// ignores, and with an unknown key beside the components it refuses the whole device form.
var (
	// Of every entity: on each platform's page, "Configuration Variables"; MQTT_ENTITY_COMMON_SCHEMA of schemas.py and
	// MQTT_BASE_SCHEMA of config.py. Keys are spelled out: mqtt/#supported-abbreviations-in-mqtt-discovery-messages is not
	// for openHAB.
	commonKeys = words("availability availability_mode availability_template availability_topic default_entity_id device " +
		"enabled_by_default encoding entity_category entity_picture group icon json_attributes_template json_attributes_topic " +
		"message_expiry_interval name origin payload_available payload_not_available qos unique_id visible_by_default")
	platformKeys = map[string][]string{
		// lock.mqtt; state_open and state_opening are in lock.py only
		"lock": words("code_format command_template command_topic optimistic payload_lock payload_open payload_reset " +
			"payload_unlock retain state_jammed state_locked state_locking state_open state_opening state_topic state_unlocked " +
			"state_unlocking value_template"),
		// event.mqtt
		"event": words("device_class event_types state_topic value_template"),
		// binary_sensor.mqtt
		"binary_sensor": words("device_class expire_after force_update off_delay payload_off payload_on state_topic value_template"),
		// sensor.mqtt
		"sensor": words("device_class expire_after force_update last_reset_value_template options state_class state_topic " +
			"suggested_display_precision unit_of_measurement value_template"),
	}
	requiredKeys = map[string][]string{
		"lock": {"command_topic"}, "event": {"state_topic", "event_types"}, "binary_sensor": {"state_topic"},
		"sensor": {"state_topic"},
	}
	// mqtt/#device-discovery-payload; DEVICE_DISCOVERY_SCHEMA
	deviceFormKeys = words("availability availability_mode availability_template availability_topic command_topic components " +
		"device encoding message_expiry_interval origin payload_available payload_not_available qos state_topic")
	// "device" on each platform's page; MQTT_ENTITY_DEVICE_INFO_SCHEMA, which also wants identifiers or connections
	deviceKeys = words("configuration_url connections hw_version identifiers manufacturer model model_id name serial_number " +
		"suggested_area sw_version via_device")
	// mqtt/#discovery-payload; MQTT_ORIGIN_INFO_SCHEMA, which wants the name
	originKeys = words("name support_url sw_version")

	deviceClasses = map[string][]string{
		// event/#device-class
		"event": words("button doorbell motion"),
		// binary_sensor/#device-class
		"binary_sensor": words("battery battery_charging carbon_monoxide cold connectivity door garage_door gas heat light lock " +
			"moisture motion moving occupancy opening plug power presence problem running safety smoke sound tamper update " +
			"vibration window"),
	}
	// "entity_category" on each platform's page: "must be diagnostic for sensors"
	categories = map[string][]string{
		"lock": words("config diagnostic"), "event": words("config diagnostic"), "binary_sensor": {"diagnostic"}, "sensor": {"diagnostic"},
	}
	// https://developers.home-assistant.io/docs/core/entity/sensor/#available-state-classes
	stateClasses = words("measurement measurement_angle total total_increasing")

	// mqtt/#discovery-topic
	discoveryTopic = regexp.MustCompile(`^homeassistant/\w+/([a-zA-Z0-9_-]+/)?[a-zA-Z0-9_-]+/config$`)
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
	for name, value := range got {
		if !isOfItsKind(platform, name, value) {
			t.Errorf("%s: %s is %v, a %T", key, name, value, value)
		}
	}
	if kind := got["event_types"]; got["device_class"] == "doorbell" && !slices.Contains(kind.([]any), any("ring")) {
		t.Errorf("%s: a doorbell has no ring, but %v", key, kind) // event/const.py, DoorbellEventType
	}
}

// isOfItsKind returns whether Home Assistant takes that value of a key: the types on the platform's page.
func isOfItsKind(platform, name string, value any) bool {
	matches := func(pattern string) bool {
		s, ok := value.(string)
		return ok && regexp.MustCompile(pattern).MatchString(s)
	}
	oneOf := func(allowed []string) bool {
		s, ok := value.(string)
		return ok && slices.Contains(allowed, s)
	}
	switch name {
	case "device", "origin":
		return true // checkDevice
	case "name":
		return value == nil || matches(`.`)
	case "qos":
		return value == 0. || value == 1. || value == 2.
	case "retain", "optimistic", "force_update", "enabled_by_default", "visible_by_default":
		return value == true || value == false
	case "expire_after", "off_delay", "suggested_display_precision":
		n, ok := value.(float64)
		return ok && n >= 0 && n == math.Trunc(n)
	case "event_types", "options":
		list, ok := value.([]any)
		return ok && len(list) > 0 && !slices.ContainsFunc(list, func(v any) bool { s, ok := v.(string); return !ok || s == "" })
	case "device_class":
		return oneOf(deviceClasses[platform])
	case "entity_category":
		return oneOf(categories[platform])
	case "state_class":
		return oneOf(stateClasses)
	case "icon":
		return matches(`^mdi:[a-z0-9-]+$`)
	case "default_entity_id":
		return matches(`^` + platform + `\.[a-z0-9_]+$`)
	case "code_format":
		s, ok := value.(string)
		_, err := regexp.Compile(s)
		return ok && err == nil
	}
	switch {
	case strings.HasSuffix(name, "_topic"):
		return matches(`^[^+#/][^+#]*$`)
	case strings.HasSuffix(name, "_template"):
		return matches(`{{.+}}`)
	}
	return matches(`.`)
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
		if !discoveryTopic.MatchString(s.topic) {
			t.Errorf("Home Assistant does not listen to %s", s.topic)
		}
		out[s.topic] = s.payload
	}
	return out
}

func TestTheDeviceFormHasTheKeysThatHomeAssistantKnows(t *testing.T) {
	all := announced(t, func(o *Options) {})
	config := decode(t, all["homeassistant/device/latchd-back-gate/config"])
	checkDevice(t, config)
	checkKeys(t, "device form", config, deviceFormKeys)
	for _, name := range words("availability_topic qos") {
		if !isOfItsKind("", name, config[name]) {
			t.Errorf("%s is %v", name, config[name])
		}
	}
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
