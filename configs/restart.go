package configs

import (
	"reflect"
	"slices"
)

// live is the keys, and the tables of keys, that a running latchd takes over.
var live = []string{"keypad.enter", "keypad.clear", "keypad.idle_clear", "strike.pulse", "strike.held_alarm",
	"code", "offline", "texts", "owner", "mqtt.commands"}

// RestartNeeded returns the keys that differ in next and that only a restart takes over, in the order of the contract.
// All others may be taken over live.
func (c *Config) RestartNeeded(next *Config) []string {
	was := map[string]any{}
	eachKey(c, func(key string, _ reflect.StructField, v reflect.Value) { was[key] = v.Interface() })
	var keys []string
	eachKey(next, func(key string, _ reflect.StructField, v reflect.Value) {
		if !isLive(key) && !reflect.DeepEqual(was[key], v.Interface()) {
			keys = append(keys, key)
		}
	})
	return keys
}

func isLive(key string) bool {
	return slices.Contains(live, key) || slices.Contains(live, tableOf(key))
}
