package configs

import (
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"latchd/lock"
)

// same compares configurations, phones and all.
var same = cmpopts.IgnoreUnexported(Config{})

// edited puts sample numbers where an example file wants the installer's own.
func edited(example string) string {
	return strings.NewReplacer(`"AC..."`, `"AC00000000000000000000000000000000"`, `from = "+1..."`, `from = "+15551234567"`,
		`phone = "+1..."`, `phone = "+15557654321"`).Replace(example)
}

// starred is the defaults, and what the edited examples say where there is none.
func starred() Config {
	c := Default()
	c.Door = Door{ID: "front", Name: "Front door"}
	c.Twilio.AccountSID = "AC00000000000000000000000000000000"
	c.Twilio.From = "+15551234567"
	c.Owner = []Owner{{Name: "Ada", Phone: "+15557654321"}}
	c.MQTT.Brokers = []string{"tcp://127.0.0.1:1883"}
	return c
}

func mustParse(t testing.TB, text string) *Config {
	t.Helper()
	c, err := Parse("test.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTheFullExampleHoldsEveryKeyWithItsDefault(t *testing.T) {
	r := read("latchd.toml", []byte(edited(Full)))
	eachKey(r.cfg, func(key string, _ reflect.StructField, _ reflect.Value) {
		if r.at[key] == 0 {
			t.Errorf("%s is missing from latchd.toml", key)
		}
	})
	want := starred()
	if diff := cmp.Diff(&want, mustParse(t, edited(Full)), same); diff != "" {
		t.Errorf("latchd.toml differs from the defaults (-default +file):\n%s", diff)
	}
}

func TestEveryKeyOfTheFullExampleHasAComment(t *testing.T) {
	for n, line := range strings.Split(Full, "\n") {
		if strings.Contains(line, " = ") && !strings.Contains(line, "  # ") && !strings.Contains(line, `" # `) {
			if _, comment, ok := strings.Cut(line, " # "); !ok || comment == "" {
				t.Errorf("latchd.toml:%d has no comment: %s", n+1, line)
			}
		}
	}
}

func TestTheMinimalExampleLeavesAllElseAtItsDefault(t *testing.T) {
	want := starred()
	if diff := cmp.Diff(&want, mustParse(t, edited(Minimal)), same); diff != "" {
		t.Errorf("minimal.toml (-default +file):\n%s", diff)
	}
}

func TestTheExamplesAreRefusedUntilEdited(t *testing.T) {
	for name, text := range map[string]string{"latchd.toml": Full, "minimal.toml": Minimal} {
		_, err := Parse(name, []byte(text))
		faults, _ := err.(Faults)
		var keys []string
		for _, f := range faults {
			keys = append(keys, f.Key)
			if f.Problem != "is still the example's" {
				t.Errorf("%v: want it to say that the line is still the example's", f)
			}
		}
		if diff := cmp.Diff([]string{"twilio.account_sid", "twilio.from", "owner[0].phone"}, keys); diff != "" {
			t.Errorf("%s is refused for other keys (-want +got):\n%s", name, diff)
		}
	}
}

func TestTheDemoHasEverythingFitted(t *testing.T) {
	c := mustParse(t, Demo)
	if c.Board.Driver != "sim" {
		t.Errorf("the demo runs on driver %q, want sim", c.Board.Driver)
	}
	for _, w := range c.wires() {
		if w.line == "" {
			t.Errorf("the demo lacks %s", w.key)
		}
	}
}

func TestMoreLinesOfAKeypadAndSeveralOwnersAreTaken(t *testing.T) {
	c := mustParse(t, edited(Minimal)+`
[keypad]
cols = ["GPIO16", "GPIO20", "GPIO21", "GPIO12"]
keys = ["123A", "456B", "789C", "*0#D"]
[[owner]]
name = "Grace"
phone = "+447700900123"
quiet = "22:00-07:30"
`)
	if got, want := c.Owner[1].Hours(), (lock.Hours{From: 22 * 60, To: 7*60 + 30}); got != want {
		t.Errorf("quiet hours are %v, want %v", got, want)
	}
	if got := c.Owner[0].Hours(); got != (lock.Hours{}) {
		t.Errorf("an owner without quiet hours has %v", got)
	}
	if len(c.Keypad.Cols) != 4 {
		t.Errorf("%d columns, want 4", len(c.Keypad.Cols))
	}
}

func TestTablesWrittenInOneLineAreRead(t *testing.T) {
	c := mustParse(t, "\ufeff"+`
mqtt.brokers = ["ws://127.0.0.1"]
door = {id = "front", name = "Front door"}
twilio = {account_sid = "AC00000000000000000000000000000000", from = "+15551234567"}
owner = [{name = "Ada", phone = "+15557654321"}, {name = "Grace", phone = "+447700900123"}]
`)
	if len(c.Owner) != 2 || c.Owner[1].Name != "Grace" || c.Door.ID != "front" || c.MQTT.Brokers[0] != "ws://127.0.0.1" {
		t.Errorf("read as %v %v %v", c.Owner, c.Door, c.MQTT.Brokers)
	}
}

func BenchmarkParse(b *testing.B) {
	text := []byte(edited(Full))
	for b.Loop() {
		if _, err := Parse("latchd.toml", text); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLoadStrike is what stands between exec and a locked strike.
func BenchmarkLoadStrike(b *testing.B) {
	text := []byte(edited(Full))
	for b.Loop() {
		if _, _, err := parseStrike("latchd.toml", text); err != nil {
			b.Fatal(err)
		}
	}
}
