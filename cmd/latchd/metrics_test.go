package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// scrape is what Prometheus reads at a door.
func scrape(t *testing.T, port string) string {
	t.Helper()
	client := http.Client{Timeout: patience}
	defer client.CloseIdleConnections()
	answer, err := client.Get("http://127.0.0.1:" + port + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%d %s %v", answer.StatusCode, body, err)
	}
	return string(body)
}

// queries are the expressions in PromQL of the dashboard and of the alerts, by the file that holds them.
func queries(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	for name, find := range map[string]string{"grafana.json": `"expr": ("(?:[^"\\]|\\.)*")`, "prometheus-rules.yml": `(?m)^ +expr: (.*)$`} {
		b, err := os.ReadFile("../../configs/" + name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(find).FindAllSubmatch(b, -1) {
			expr := string(m[1])
			if strings.HasSuffix(name, ".json") {
				if err := json.Unmarshal(m[1], &expr); err != nil {
					t.Fatal(err)
				}
			}
			found[name] = append(found[name], expr)
		}
		if len(found[name]) < 5 {
			t.Errorf("%s: only %d expressions", name, len(found[name]))
		}
		if strings.HasSuffix(name, ".json") && !json.Valid(b) {
			t.Errorf("%s is not JSON", name)
		}
	}
	return found
}

var (
	selector = regexp.MustCompile(`\b(latchd|go|process)_[a-z0-9_]+(?:\{([^}]*)\})?`)
	matcher  = regexp.MustCompile(`([a-z_]+)(!=|!~|=~|=)"([^"]*)"`)
)

// Every metric in the dashboard and the alerts is one that a door at work exposes, with these labels, and with these values
// where one is asked for.
func TestDashboardAndAlertsAskForWhatTheDoorExposes(t *testing.T) {
	r := newRig(t)
	r.startBroker()
	port := freePort(t)
	r.write(fmt.Sprintf(rigConfig, r.dir, testSID, r.twilio.URL, ownersPhone, r.port) +
		"[tamper]\nline = \"GPIO24\"\n[web]\nlisten = \"127.0.0.1:" + port + "\"\nconsole = true\nmetrics = true\n")
	r.start()
	r.await("availability", "online")
	r.fingers("door", "open")
	r.await("problem/state", "ON")
	exposed := scrape(t, port)
	for end := time.Now().Add(patience); !strings.Contains(exposed, `latchd_fault_standing{part="door",kind="forced"} 1`); exposed = scrape(t, port) {
		if time.Now().After(end) {
			t.Fatalf("a door that was forced does not say so:\n%s", exposed)
		}
		<-time.After(50 * time.Millisecond)
	}
	names := 0
	for file, exprs := range queries(t) {
		for _, expr := range exprs {
			for _, m := range selector.FindAllStringSubmatch(expr, -1) {
				names++
				name, _, _ := strings.Cut(m[0], "{")
				if why := missing(exposed, name, m[2]); why != "" {
					t.Errorf("%s: %s: %s", file, expr, why)
				}
			}
		}
	}
	if names < 20 {
		t.Errorf("only %d metrics were looked at", names)
	}
	page, err := os.ReadFile("../../docs/pages.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (latchd_\w+) `).FindAllStringSubmatch(exposed, -1) {
		if !strings.Contains(string(page), "`"+m[1]+"`") {
			t.Errorf("docs/pages.md does not tell of %s", m[1])
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^# HELP (latchd_\w+) ?$`).FindAllStringSubmatch(exposed, -1) {
		t.Errorf("nothing is said of what %s is", m[1])
	}
	if strings.Contains(exposed, ownersPhone) || strings.Contains(exposed, r.token) {
		t.Error("a number or a secret is among the metrics")
	}
}

// promtool is Prometheus' own reader of rules.
func promtool(t *testing.T, args ...string) {
	t.Helper()
	if _, err := exec.LookPath("promtool"); err != nil {
		t.Skip("no promtool here: apt install prometheus")
	}
	if out, err := exec.CommandContext(t.Context(), "promtool", args...).CombinedOutput(); err != nil {
		t.Errorf("promtool %v: %v\n%s", args, err, out)
	}
}

func TestAlertsComeWhenTheyMust(t *testing.T) {
	promtool(t, "check", "rules", "../../configs/prometheus-rules.yml")
	promtool(t, "test", "rules", "testdata/prometheus.yml")
	b, err := os.ReadFile("testdata/prometheus.yml")
	if err != nil {
		t.Fatal(err)
	}
	rules, err := os.ReadFile("../../configs/prometheus-rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`- alert: (\w+)`).FindAllSubmatch(rules, -1) {
		if !strings.Contains(string(b), "alertname: "+string(m[1])+"\n") {
			t.Errorf("no case for %s", m[1])
		}
	}
}

func TestTheDashboardsQueriesAreSound(t *testing.T) {
	var rules strings.Builder
	rules.WriteString("groups:\n  - name: dashboard\n    rules:\n")
	for i, expr := range queries(t)["grafana.json"] {
		expr = strings.NewReplacer("$door", "door", "$__rate_interval", "1m").Replace(expr)
		fmt.Fprintf(&rules, "      - {record: 'query_%d', expr: %q}\n", i, expr)
	}
	file := filepath.Join(t.TempDir(), "rules.yml")
	if err := os.WriteFile(file, []byte(rules.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	promtool(t, "check", "rules", file)
}

// missing says what of a selector is not exposed. Faults come and go: of theirs, the parts and kinds are ARCHITECTURE's.
func missing(exposed, name, matchers string) string {
	series := regexp.MustCompile(`(?m)^`+name+`(\{.*\})? `).FindAllStringSubmatch(exposed, -1)
	if len(series) == 0 {
		return "there is no " + name
	}
	for _, m := range matcher.FindAllStringSubmatch(matchers, -1) {
		label, op, value := m[1], m[2], m[3]
		if label == "instance" || label == "job" { // which Prometheus adds
			continue
		}
		seen := false
		for _, s := range series {
			got := regexp.MustCompile(`[{,]` + label + `="([^"]*)"`).FindStringSubmatch(s[1])
			if got == nil {
				return name + " has no label " + label
			}
			seen = seen || op != "=" || got[1] == value
		}
		if !seen && name == "latchd_fault_standing" {
			faults, _ := os.ReadFile("../../ARCHITECTURE.md")
			seen = strings.Contains(string(faults), "`"+value+"`")
		}
		if op == "=~" {
			for _, one := range strings.Split(value, "|") {
				if !strings.Contains(exposed, label+`="`+one+`"`) {
					return name + " has no " + label + " " + one
				}
			}
		}
		if !seen {
			return name + " has no " + m[0]
		}
	}
	return ""
}
