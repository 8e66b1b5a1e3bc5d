package setup

import (
	"strings"
	"testing"
)

func TestALineIsOneOfTheHeadersOrTheChips(t *testing.T) {
	for name, want := range map[string]string{
		"GPIO2": "", "GPIO27": "", "PWR_LED_OFF": "",
		"GPIO1": "no such line", "GPIO28": "no such line", "GPIO07": "no such line", "gpio4": "no such line", "17": "no such line",
		"": "no such line", "skip": "no such line", "/tmp/x.sock": "no such line",
		"GPIO4:low": "alone, as GPIO4", ":low": "alone",
	} {
		got := Line(name, func(name string) bool { return name == "PWR_LED_OFF" })
		if (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
