package setup_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"latchd/configs"
	"latchd/lock"
	"latchd/setup"
)

var sameConfig = cmp.Options{cmpopts.IgnoreUnexported(configs.Config{}), cmpopts.EquateEmpty()}

func parse(t rapid.TB, text string) configs.Config {
	t.Helper()
	cfg, err := configs.Parse("latchd.toml", []byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return *cfg
}

const filled = `[door]
id = "front"
name = "Front door"
[board]
driver = "sim"
[strike]
pulse = "7s"
[code]
digits = 8
[texts]
country_codes = ["1", "44"]
body = "{{.Code}} \"opens\" <{{.Door}}>"
[twilio]
account_sid = "AC0123456789abcdef0123456789abcdef"
from = "+15005550006"
voice_fallback = true
[[owner]]
name = "Ada"
phone = "+15557654321"
quiet = "22:00-07:00"
[[owner]]
name = "Zoë"
phone = "+445557654322"
[mqtt]
brokers = ["tcp://127.0.0.1:1883", "ssl://example.org:8883"]
commands = true
[journal]
keep = "30d"
`

func TestWhatIsWrittenReadsBackAsItWas(t *testing.T) {
	want := parse(t, filled)
	text := setup.Text(want)
	if diff := cmp.Diff(want, parse(t, text), sameConfig); diff != "" {
		t.Errorf("%s\n%s", diff, text)
	}
	for _, line := range []string{`rows = ["GPIO5", "GPIO6", "GPIO13", "GPIO19"]`, `active = "high"`, `pulse = "7s"`} {
		if !strings.Contains(text, line) {
			t.Errorf("lacks %s:\n%s", line, text)
		}
	}
	if strings.Contains(text, "debounce") {
		t.Errorf("holds a default that nobody asked for:\n%s", text)
	}
	rapid.Check(t, func(t *rapid.T) {
		cfg := want
		cfg.Door.Name = rapid.String().Draw(t, "name")
		cfg.MQTT.Username = rapid.String().Draw(t, "user")
		if setup.Problem(cfg, "door.name") == "" {
			if diff := cmp.Diff(cfg, parse(t, setup.Text(cfg)), sameConfig); diff != "" {
				t.Error(diff)
			}
		}
	})
}

func TestAnAnswerIsHeldAgainstTheConfigurationsOwnChecks(t *testing.T) {
	cfg := configs.Default()
	cfg.Door.ID = "Front Door"
	if got := setup.Problem(cfg, "door.id"); got != `is "Front Door", allowed: 1 to 32 of a-z, 0-9 and -` {
		t.Error(got)
	}
	cfg.Door.ID = "front"
	if got := setup.Problem(cfg, "door.id"); got != "" {
		t.Errorf("what is not there yet is held against it: %s", got)
	}
	if got := setup.Problem(cfg, "twilio.account_sid"); !strings.HasPrefix(got, "is missing, add account_sid") &&
		!strings.HasPrefix(got, "is missing, add [twilio] with account_sid") {
		t.Error(got)
	}
	cfg.Bell.Line = cfg.Strike.Line
	if got := setup.Problem(cfg, "bell.line"); got != "is strike.line as well, give each a line of its own" {
		t.Error(got)
	}
	if got := setup.Problem(cfg, "strike.line"); got != "is bell.line as well, give each a line of its own" {
		t.Error(got)
	}
	cfg.Owner = []configs.Owner{{Name: "Ada", Phone: lock.Phone("5551234")}}
	if got := setup.Problem(cfg, "owner"); !strings.Contains(got, "E.164") || strings.Contains(got, "5551234") {
		t.Error(got)
	}
}

func TestADiffTellsWhatGoesAndWhatComes(t *testing.T) {
	before := "# old\n[door]\nid = \"front\"   # its id\nname = \"Door\"\n\n[mqtt]\nprefix = \"x\"\n"
	after := "[door]\nid = \"front\"\nname = \"Front door\"\n[web]\nlisten = \":8443\"\n[mqtt]\n"
	want := []string{`- name = "Door"`, `+ name = "Front door"`, `+ [web]`, `+ listen = ":8443"`, `- prefix = "x"`}
	if got := setup.Diff(before, after); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestWhatIsWrittenBreaksOnNoTerminal(t *testing.T) {
	for line := range strings.Lines(setup.Text(parse(t, filled))) {
		if len(line) > 79 {
			t.Errorf("%d columns: %s", len(line)-1, line)
		}
	}
}
