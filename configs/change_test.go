package configs

import (
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWarningsNameLineKeyAndRemedy(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string
	}{
		{"nothing to warn of", valid, nil},
		{"a code easily guessed", valid + "[code]\ndigits = 5\nlockout = \"59s\"\nlockout_max = \"59m\"", []string{
			`f:18: code.digits: 5 digits are easily guessed, 6 or more are better`,
			`f:19: code.lockout: 59s hardly slows a guesser, 10m is usual`,
			`f:20: code.lockout_max: 59m lets a guesser go on all night, 24h is usual`}},
		{"an offline code at any time", valid + "[offline]\ncode = \"always\"", []string{
			`f:18: offline.code: a year of guessing opens one door in 225 instead of one in 900 (6 digits), "failing" risks that only while texts fail`}},
		{"an offline code while texts fail", valid + "[offline]\ncode = \"failing\"", nil},
		{"a strike that a high level opens, on a line that pulls up", valid + "[strike]\nline = \"GPIO8\"", []string{
			`f:18: strike.line: GPIO8 pulls up at power-on, which may open the door, use one of GPIO9 to GPIO13 or GPIO16 to GPIO27`}},
		{"the same on a line that pulls down", valid + "[strike]\nline = \"GPIO9\"", nil},
		{"a strike that a low level opens, on the default line", valid + "[strike]\nactive = \"low\"", []string{
			`f:17: strike.line: GPIO17 pulls down at power-on, which may open the door, use one of GPIO2 to GPIO8`}},
		{"the same on a line that pulls up", valid + "[strike]\nactive = \"low\"\nline = \"GPIO4\"", nil},
		{"a strike on a line of another name", valid + "[strike]\nactive = \"low\"\nline = \"relay-1\"", nil},
		{"a socket that nothing opens", valid + "[board]\nsocket = \"/run/s\"", []string{
			`f:18: board.socket: is not used, it belongs to driver = "sim"`}},
		{"an hour's budget beyond the day's", valid + "[texts]\nper_hour = 21", []string{
			`f:18: texts.per_hour: is never reached, texts.per_day ends before it`}},
		{"a code's life of no whole minutes", valid + "[code]\nttl = \"90s\"", []string{
			`f:18: code.ttl: 1m30s is no whole number of minutes: texts name the next one, 1m, 2m, …, or a texts.body without {{.Minutes}}`}},
		{"the same where no text says so", valid + "[code]\nttl = \"90s\"\n[texts]\nbody = \"{{.Code}} opens\"", nil},
		{"more owners than an hour's texts", valid + "[texts]\nper_hour = 1\n[[owner]]\nname = \"Bob\"\nphone = \"+15550001111\"", []string{
			`f:18: texts.per_hour: a ring texts 2 owners, which is more than the budget: the last ones get nothing, ` +
				`raise texts.per_hour and texts.per_day, or text in turn: to = "in_turn"`}},
		{"another API", instead(from, from+"\napi = \"http://127.0.0.1:4010\""), []string{
			`f:8: twilio.api: texts do not go to Twilio's own address, which is "https://api.twilio.com"`}},
		{"a password in clear text", instead(brokers, "username = \"latchd\"\nbrokers = [\"tcp://127.0.0.1:1\", \"tcp://10.0.0.2:1\", \"wss://h\"]"), []string{
			`f:15: mqtt.brokers[1]: whoever shares the network can read the password and send commands, use ssl or wss`}},
		{"certificates that nothing uses", instead(brokers, brokers+"\nca = \"ca\"\ncert = \"c\"\nkey = \"k\""), []string{
			`f:15: mqtt.ca: is not used, no broker is ssl or wss`,
			`f:16: mqtt.cert: is not used, no broker is ssl or wss`}},
		{"pages beyond this machine without a console", valid + "[web]\nlisten = \":8443\"", []string{
			`f:18: web.listen: is reached from elsewhere, where there is nothing to see, the panel is for this machine alone: ` +
				`listen on 127.0.0.1, or set web.console = true`}},
		{"pages that are both off", valid + "[web]\nlisten = \"127.0.0.1:8080\"\npanel = false", []string{
			`f:18: web.listen: serves nothing: web.panel and web.console are both off, set one of them to true`}},
		{"metrics beyond this machine", valid + "[web]\nlisten = \":8443\"\nmetrics = true", nil},
		{"metrics that are not served", valid + "[web]\nmetrics = true", []string{
			`f:18: web.metrics: is not served, give web.listen, as in "127.0.0.1:8080"`}},
		{"a console that is not served", valid + "[web]\nconsole = true", []string{
			`f:18: web.console: is not served, give web.listen, as in "127.0.0.1:8080"`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := Parse("f", []byte(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, w := range c.Warnings() {
				got = append(got, w.String())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheFullExampleWarnsOfNothing(t *testing.T) {
	if w := mustParse(t, edited(Full)).Warnings(); len(w) > 0 {
		t.Error(w)
	}
}

// changed returns a copy of c in which the one key has another value.
func changed(c Config, key string) *Config {
	c.Owner = slices.Clone(c.Owner)
	eachKey(&c, func(k string, _ reflect.StructField, v reflect.Value) {
		if k != key {
			return
		}
		switch v.Kind() {
		case reflect.String:
			v.SetString(v.String() + "x")
		case reflect.Bool:
			v.SetBool(!v.Bool())
		case reflect.Slice:
			v.Set(reflect.ValueOf(append(slices.Clone(v.Interface().([]string)), "x")))
		default:
			v.SetInt(v.Int() + 1)
		}
	})
	return &c
}

func TestEachKeyIsTakenOverLiveOrNeedsARestart(t *testing.T) {
	taken := []string{"keypad.enter", "keypad.clear", "keypad.idle_clear", "strike.pulse", "strike.held_alarm",
		"code.digits", "code.ttl", "code.attempts", "code.lockout", "code.lockout_max", "offline.code", "texts.min_gap", "texts.per_hour",
		"texts.per_day", "texts.to", "texts.country_codes", "texts.body", "owner[0].name", "owner[0].phone", "owner[0].quiet", "owner[0].language", "mqtt.commands"}
	was := starred()
	eachKey(&was, func(key string, _ reflect.StructField, _ reflect.Value) {
		want := []string{key}
		if slices.Contains(taken, key) {
			want = nil
		}
		if diff := cmp.Diff(want, was.RestartNeeded(changed(was, key))); diff != "" {
			t.Errorf("a change of %s (-want +got):\n%s", key, diff)
		}
	})
}

func TestNothingChangedNeedsNoRestart(t *testing.T) {
	a, b := mustParse(t, edited(Full)), mustParse(t, edited(Minimal))
	if keys := a.RestartNeeded(b); keys != nil {
		t.Error(keys)
	}
	b.Owner = append(b.Owner, Owner{Name: "Grace", Phone: "+447700900123"})
	if keys := a.RestartNeeded(b); keys != nil {
		t.Errorf("another owner needs a restart of %v", keys)
	}
}
