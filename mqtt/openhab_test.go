package mqtt

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchd/lock"
)

func openHABsPage(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("../docs/openhab.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// openHAB plays openHAB to a script of the page: a transformation returns what it makes of its input, a rule sends it as
// a notification.
const openHAB = `
const { script, inputs } = JSON.parse(require("fs").readFileSync(0));
console.log(JSON.stringify(inputs.map((input) => {
  let said;
  const openhab = {
    rules: { JSRule: (rule) => rule.execute({ receivedEvent: input }) },
    triggers: { ChannelEventTrigger: (channel) => channel },
    actions: { notificationBuilder: (text) => ({ send: () => { said = text; } }) },
  };
  const made = require("vm").runInNewContext(script, { input, require: () => openhab, console: { info() {} } });
  return said ?? made;
})));`

// inOpenHAB returns what the page's script of that file makes of each input.
func inOpenHAB(t *testing.T, file string, inputs ...string) (made []string) {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("no node on this machine: the scripts for openHAB are not run")
	}
	block := regexp.MustCompile("(?s)`" + regexp.QuoteMeta(file) + "`[^`]*```js\n(.*?)```").FindStringSubmatch(openHABsPage(t))
	if block == nil {
		t.Fatalf("the page has no %s", file)
	}
	stdin, _ := json.Marshal(map[string]any{"script": block[1], "inputs": inputs}) // strings
	ctx, cancel := context.WithTimeout(t.Context(), safety)
	defer cancel()
	c := exec.CommandContext(ctx, node, "-e", openHAB)
	c.Stdin, c.Stderr = strings.NewReader(string(stdin)), os.Stderr
	stdout, err := c.Output()
	if err == nil {
		err = json.Unmarshal(stdout, &made)
	}
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return made
}

func TestOpenHABMakesCommandsThatTheDoorTakes(t *testing.T) {
	actions := []string{"LOCK", "UNLOCK", "OPEN"}
	for i, payload := range inOpenHAB(t, "transform/latchd-command.js", actions...) {
		got := parseCommand([]byte(payload), false)
		if string(got.Action) != actions[i] || got.Refused != "" || time.Since(got.At).Abs() > safety {
			t.Errorf("%s became %s, read as %+v", actions[i], payload, got)
		}
	}
}

func TestOpenHABPutsFaultsIntoWords(t *testing.T) {
	got := inOpenHAB(t, "transform/latchd-problems.js", problemAttributes(nil),
		problemAttributes([]lock.Fault{{Part: "door", Kind: "held", Detail: "open too long"}, {Part: "twilio", Detail: "no route"}}))
	if d := cmp.Diff([]string{"none", "door: open too long; twilio: no route"}, got); d != "" {
		t.Error(d)
	}
}

func TestOpenHABTellsWhatHappens(t *testing.T) {
	noon := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	var payloads, want []string
	for _, c := range []struct {
		event lock.Event
		want  string
	}{
		{lock.Event{Type: lock.BellRung}, "Someone is at the front door"},
		{lock.Event{Type: lock.AccessGranted, Method: lock.ByCode}, "Opened by code"},
		{lock.Event{Type: lock.AccessGranted, Method: lock.ByExit}, "Opened by the exit button"},
		{lock.Event{Type: lock.AccessGranted, Method: lock.ByMQTT}, "Opened over MQTT"},
		{lock.Event{Type: lock.AccessGranted, Method: lock.ByConsole}, "Opened from the console"},
		{lock.Event{Type: lock.AccessDenied, Reason: lock.WrongCode}, "Refused: wrong_code"},
		{lock.Event{Type: lock.LockoutStarted, Until: noon}, "Too many wrong codes: locked out until " + noon.Format(lock.Stamp)},
		{lock.Event{Type: lock.CommandDone, Method: lock.ByMQTT, Action: lock.Unlock}, "UNLOCK: done"},
		{lock.Event{Type: lock.CommandRefused, Method: lock.ByMQTT, Action: lock.Open, Reason: lock.Stale}, "OPEN: refused, stale"},
		{lock.Event{Type: lock.CommandRefused, Method: lock.ByMQTT, Reason: lock.NotJSON}, "Command: refused, not_json"},
	} {
		c.event.Door = "front"
		_, payload := liveMessage(c.event)
		payloads, want = append(payloads, payload), append(want, c.want)
	}
	if d := cmp.Diff(want, inOpenHAB(t, "automation/js/latchd.js", payloads...)); d != "" {
		t.Error(d)
	}
}

func TestOpenHABsFilesNameTopicsAndChannelsThatThereAre(t *testing.T) {
	page := openHABsPage(t)
	topics := []string{"availability", "lock/set", "bell", "access", "command/result"}
	for _, s := range client(t, options("tcp://127.0.0.1"), nil, nil).states(lock.Status{}, time.Time{}) {
		topics = append(topics, strings.TrimPrefix(s.topic, "latchd/front/"))
	}
	named := regexp.MustCompile(`[tT]opic="latchd/front/(.*?)"`).FindAllStringSubmatch(page, -1)
	for _, n := range named {
		if !slices.Contains(topics, n[1]) {
			t.Errorf("no door has the topic %s", n[1])
		}
	}
	var channels []string
	for _, c := range regexp.MustCompile(`(?m)^ +Type \w+ *: (\w+)`).FindAllStringSubmatch(page, -1) {
		channels = append(channels, c[1])
	}
	linked := regexp.MustCompile(`channel="mqtt:topic:house:front:(\w+)"`).FindAllStringSubmatch(page, -1)
	for _, l := range linked {
		if !slices.Contains(channels, l[1]) {
			t.Errorf("the thing has no channel %s", l[1])
		}
	}
	if len(named) < len(channels) || len(linked) == 0 {
		t.Errorf("%d topics, %d channels, %d of them linked to items", len(named), len(channels), len(linked))
	}
}
