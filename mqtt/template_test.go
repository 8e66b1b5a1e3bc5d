package mqtt

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"latchd/lock"
)

// renderer does as Home Assistant does (homeassistant/helpers/template): Jinja in a sandbox, now() from the house's time
// zone, and no blanks around what comes out.
const renderer = `
import datetime, json, sys
from jinja2.sandbox import ImmutableSandboxedEnvironment
house = ImmutableSandboxedEnvironment()
zone = datetime.timezone(datetime.timedelta(hours=-7))
house.globals["now"] = lambda: datetime.datetime.now(zone)
json.dump([house.from_string(r["template"].strip()).render(r["values"]).strip() for r in json.load(sys.stdin)], sys.stdout)
`

// click is a command as Home Assistant gives it: the template's parameters on its page lock.mqtt. A code of nil is None.
type click struct {
	Template string         `json:"template"`
	Values   map[string]any `json:"values"`
}

// render returns the payloads of the clicks.
func render(t *testing.T, clicks []click) (payloads []string) {
	t.Helper()
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		if exec.CommandContext(t.Context(), python, "-c", "import jinja2").Run() != nil {
			continue
		}
		in, err := json.Marshal(clicks)
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), python, "-c", renderer)
		cmd.Stdin, cmd.Stderr = bytes.NewReader(in), os.Stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(out, &payloads); err != nil || len(payloads) != len(clicks) {
			t.Fatalf("%d payloads of %d clicks: %v", len(payloads), len(clicks), err)
		}
		return payloads
	}
	t.Skip("no python3 with jinja2 here: apt install python3-jinja2")
	return nil
}

// byHand returns the lock as the documentation defines it in configuration.yaml: what stands in its YAML blocks with that line.
func byHand(t *testing.T, line string) keys {
	t.Helper()
	page, err := os.ReadFile("../docs/home-assistant.md")
	if err != nil {
		t.Fatal(err)
	}
	config := keys{}
	for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
		if !strings.Contains(block[1], line) {
			continue
		}
		for _, entry := range regexp.MustCompile(`(?m)^ {6}(\w+): (?:>-\n {8})?(.*)$`).FindAllStringSubmatch(block[1], -1) {
			config[entry[1]] = strings.Trim(entry[2], "'")
			if entry[2] == "1" {
				config[entry[1]] = 1.
			}
		}
	}
	if config["command_template"] == nil {
		t.Fatalf("the page has no lock with %q, but %v", line, config)
	}
	return config
}

func TestTheLockByHandIsTheOneThatIsAnnounced(t *testing.T) {
	plain, code := byHand(t, "- lock:"), byHand(t, "code_format:")
	withCode := maps.Clone(plain)
	maps.Copy(withCode, code)
	for name, got := range map[string]keys{"without a code": plain, "with a code": withCode} {
		checkKeys(t, name, got, commonKeys, platformKeys["lock"])
		for key, value := range got {
			if !isOfItsKind("lock", key, value) {
				t.Errorf("%s: %s is %v", name, key, value)
			}
		}
	}
	o := options("tcp://127.0.0.1")
	o.Style = styleEntity
	announced := decode(t, client(t, o, nil, nil).announcement()[0].payload)
	for key, value := range plain {
		if key != "name" && value != announced[key] { // announced, it has its device's name
			t.Errorf("%s is %v, announced %v", key, value, announced[key])
		}
	}
}

func TestTheTemplatesMakeCommandsThatTheDoorUnderstands(t *testing.T) {
	actions := []lock.Action{lock.Lock, lock.Unlock, lock.Open}
	var clicks []click
	var want []lock.Command
	for _, action := range actions {
		clicks = append(clicks, click{commandTemplate, keys{"value": action}})
		want = append(want, lock.Command{Action: action})
	}
	withCode := byHand(t, "code_format:")["command_template"].(string)
	for _, values := range []keys{{"code": "2468"}, {"code": "1357"}, {"code": ""}, {"code": "02468"}, {"code": nil}, {}} {
		for _, action := range actions {
			full := maps.Clone(values)
			full["value"] = action
			clicks = append(clicks, click{withCode, full})
			if values["code"] == "2468" || action == lock.Lock {
				want = append(want, lock.Command{Action: action})
			} else {
				want = append(want, lock.Command{Refused: lock.UnknownAction})
			}
		}
	}
	for i, payload := range render(t, clicks) {
		got := parseCommand([]byte(payload), false)
		if got.Action != want[i].Action || got.Refused != want[i].Refused {
			t.Errorf("%v: %s is %+v", clicks[i].Values, payload, got)
		}
		if got.Refused == "" && time.Since(got.At).Abs() > safety {
			t.Errorf("%v: %s was made at %v", clicks[i].Values, payload, got.At)
		}
		_, action, _ := strings.Cut(payload, ",") // the time before it may hold any digits
		if strings.ContainsAny(action, "0123456789") {
			t.Errorf("the code travels: %s", payload)
		}
	}
}
