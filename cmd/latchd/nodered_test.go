package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"latchd/bench/badnet"
	"latchd/lock"
)

// flow returns the example for Node-RED, node by node.
func flow(t *testing.T) []map[string]any {
	t.Helper()
	b, err := os.ReadFile("../../configs/node-red.json")
	if err != nil {
		t.Fatal(err)
	}
	var nodes []map[string]any
	if err := json.Unmarshal(b, &nodes); err != nil {
		t.Fatal(err)
	}
	return nodes
}

func TestTheFlowHoldsCoreNodesWiredAndNoCredentials(t *testing.T) {
	core := []string{"tab", "group", "comment", "inject", "debug", "change", "switch", "function", "mqtt in", "mqtt out", "mqtt-broker"}
	nodes, ids := flow(t), map[string]bool{}
	for _, n := range nodes {
		id := n["id"].(string)
		if ids[id] {
			t.Errorf("two nodes with the id %s", id)
		}
		ids[id] = true
	}
	for _, n := range nodes {
		if !slices.Contains(core, n["type"].(string)) {
			t.Errorf("%s is a %s", n["id"], n["type"])
		}
		if n["type"] != "tab" && n["name"] == "" || n["credentials"] != nil {
			t.Errorf("%s has no name, or has credentials", n["id"])
		}
		outputs, _ := n["wires"].([]any)
		for _, output := range outputs {
			for _, to := range output.([]any) {
				if !ids[to.(string)] {
					t.Errorf("%s is wired to %s, which is not there", n["id"], to)
				}
			}
		}
		switch n["type"] {
		case "mqtt out":
			if n["qos"] != "1" || n["retain"] != "false" {
				t.Errorf("%s publishes with QoS %s, retained %s", n["id"], n["qos"], n["retain"])
			}
		case "mqtt-broker":
			if n["cleansession"] != true {
				t.Error("the broker would keep commands and events for a session")
			}
		}
	}
}

// nodeRED is Node-RED with the flow, in a process of its own.
type nodeRED struct {
	t      *testing.T
	admin  string // its address
	output syncBuffer
}

// startNodeRED starts it with the broker at port and waits until the flow has read the door's states.
func startNodeRED(t *testing.T, port string) *nodeRED {
	t.Helper()
	program := os.Getenv("NODE_RED")
	if program == "" {
		var err error
		if program, err = exec.LookPath("node-red"); err != nil {
			t.Skip("no node-red on this machine (neither $NODE_RED nor in PATH): the flow is not run")
		}
	}
	nodes, dir, own := flow(t), t.TempDir(), freePort(t)
	for _, n := range nodes {
		switch n["type"] {
		case "debug":
			n["console"] = true // on standard output, too
		case "mqtt-broker":
			n["port"] = port
		}
	}
	b, err := json.Marshal(nodes)
	if err != nil {
		t.Fatal(err)
	}
	settings := fmt.Sprintf(`module.exports = { flowFile: "flows.json", uiHost: "127.0.0.1", uiPort: %s, mqttReconnectTime: 200,
		credentialSecret: false, disableEditor: true, telemetry: { enabled: false, updateNotification: false } };`, own)
	for name, content := range map[string]string{"flows.json": string(b), "settings.js": settings} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := &nodeRED{t: t, admin: "http://127.0.0.1:" + own}
	c := exec.Command(program, "--userDir", dir)
	c.Stdout, c.Stderr = &r.output, &r.output
	c.WaitDelay = time.Second // for the output of what it has started itself
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Process.Kill(); c.Wait() })
	r.shows("Availability", "online", 1)
	return r
}

// shows waits until the debug node has shown the words so many times.
func (r *nodeRED) shows(node, words string, times int) {
	r.t.Helper()
	line := fmt.Sprintf("[debug:%s] %s", node, words)
	r.until(line, func(output string) bool { return strings.Count(output, line) >= times })
}

func (r *nodeRED) until(what string, met func(output string) bool) {
	r.t.Helper()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	timeout := time.After(4 * patience) // it takes seconds of the processor to start
	for !met(r.output.String()) {
		select {
		case <-look.C:
		case <-timeout:
			r.t.Fatalf("waited in vain for %q:\n%s", what, r.output.String())
		}
	}
}

// press presses the button of an inject node, as the editor does.
func (r *nodeRED) press(action string) {
	r.t.Helper()
	resp, err := (&http.Client{Timeout: patience}).Post(r.admin+"/inject/latchd-press-"+strings.ToLower(action), "", nil)
	if err != nil {
		r.t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		r.t.Fatalf("the button %s: %s", action, resp.Status)
	}
}

// passedOn is how often the flow has passed the event on.
func passedOn(output, id string) int { return strings.Count(output, "id: '"+id+"'") }

// TestTheFlowInNodeRED plays a visitor, an owner and a lost connection before the real flow in a real Node-RED.
func TestTheFlowInNodeRED(t *testing.T) {
	r := newRig(t)
	config, err := os.ReadFile(r.config)
	if err != nil {
		t.Fatal(err)
	}
	r.write(strings.Replace(string(config), `pulse = "0.5s"`, `pulse = "30s"`, 1)) // as long as a test looks at the strike
	r.startBroker()
	r.start()
	r.await("availability", "online")
	way, err := badnet.New(net.JoinHostPort("127.0.0.1", r.port), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(way.Close)
	_, port, _ := net.SplitHostPort(way.Address())
	flow := startNodeRED(t, port)
	flow.shows("Lock", "LOCKED", 1)
	flow.shows("Problems", "none", 1)

	r.fingers("bell")
	flow.shows("Notify", "Someone is at the front door", 1)
	r.types(other(r.code()), "wrong_code")
	flow.shows("Notify", "Refused: wrong_code", 1)
	r.fingers("door", "open")
	flow.shows("Door open", "ON", 1)
	flow.shows("Problems", "door: the door came open", 1)

	for _, action := range []string{"UNLOCK", "OPEN"} {
		flow.press(action)
		r.await("lock/set", `"action":"`+action+`"`, `"at":1`)
		flow.shows("Command", action+": done", 1)
		r.await("lock/state", "UNLOCKED")
		if level := r.fingers("line", "GPIO17"); level != "1\n" {
			t.Errorf("%s: the strike's line is at %q", action, level)
		}
		flow.press("LOCK")
		r.await("lock/state", "LOCKED") // the next after UNLOCKED
		if level := r.fingers("line", "GPIO17"); level != "0\n" {
			t.Errorf("LOCK: the strike's line is at %q", level)
		}
	}
	flow.shows("Lock", "UNLOCKED", 2)
	flow.shows("Lock", "LOCKED", 3)
	flow.shows("Notify", "Opened over MQTT", 2)
	flow.shows("Command", "LOCK: done", 2)

	heard := r.await("event", "door.opened")
	r.publish("latchd/front/event", heard, false)
	flow.press("LOCK")
	flow.shows("Command", "LOCK: done", 3) // after the repeated event, on the same subscription

	way.Cut(true)
	r.fingers("door", "closed")
	r.await("event", "door.closed")
	way.Cut(false)
	flow.shows("Availability", "online", 2) // the retained states are there again: it listens
	r.fingers("bell")
	flow.shows("Notify", "Someone is at the front door", 2)
	flow.shows("Gaps", "", 2)
	if output := flow.output.String(); !strings.Contains(output, "missing, asked for") || !strings.Contains(output, "repeated") {
		t.Errorf("a gap was not filled:\n%s", output)
	}

	events := r.log()
	events = events[slices.IndexFunc(events, func(e lock.Event) bool { return e.Type == lock.BellRung }):]
	for _, e := range events {
		flow.until(e.ID, func(output string) bool { return passedOn(output, e.ID) > 0 })
	}
	for _, e := range events {
		if n := passedOn(flow.output.String(), e.ID); n != 1 {
			t.Errorf("passed on %d times: %+v", n, e)
		}
	}
}
