package configs

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Warnings returns what is allowed but may not be wanted, in the order of Faults.
func (c *Config) Warnings() []Fault { return c.warnings }

// warn collects the warnings of a file without faults.
func (r *reading) warn() {
	c := r.cfg
	r.warnStrike()
	r.warnWhen(c.Board.Socket != "" && c.Board.Driver != "sim", "board.socket", "is not used",
		`it belongs to driver = "sim"`)
	r.warnWhen(c.Code.Digits < 6, "code.digits", fmt.Sprintf("%d digits are easily guessed", c.Code.Digits),
		"6 or more are better")
	r.warnWhen(time.Duration(c.Code.Lockout) < time.Minute, "code.lockout",
		c.Code.Lockout.String()+" hardly slows a guesser", "10m is usual")
	r.warnWhen(time.Duration(c.Code.LockoutMax) < time.Hour, "code.lockout_max",
		c.Code.LockoutMax.String()+" lets a guesser go on all night", "24h is usual")
	r.warnWhen(c.Offline.Code == "always", "offline.code",
		"a year of guessing opens one door in 225 instead of one in 900 (6 digits)", `"failing" risks that only while texts fail`)
	r.warnWhen(time.Duration(c.Code.TTL)%time.Minute != 0 && strings.Contains(c.Texts.Body, ".Minutes"), "code.ttl",
		c.Code.TTL.String()+" is no whole number of minutes: texts name the next one", "1m, 2m, …, or a texts.body without {{.Minutes}}")
	r.warnWhen(c.Texts.PerHour > c.Texts.PerDay, "texts.per_hour", "is never reached", "texts.per_day ends before it")
	r.warnWhen(len(c.Owner) > min(c.Texts.PerHour, c.Texts.PerDay) && c.Texts.To == "all", "texts.per_hour",
		fmt.Sprintf("a ring texts %d owners, which is more than the budget: the last ones get nothing", len(c.Owner)),
		`raise texts.per_hour and texts.per_day, or text in turn: to = "in_turn"`)
	r.warnWhen(c.Twilio.API != Default().Twilio.API, "twilio.api", "texts do not go to Twilio's own address",
		`which is "`+Default().Twilio.API+`"`)
	r.warnBrokers()
	r.warnWhen(time.Duration(c.MQTT.Spread) > 10*time.Second, "mqtt.spread", "is longer than bells, openings and commands are good for: those of "+
		"that time are not told, though events are", "10s lets 10,000 doors come back, a thousand a second")
	r.warnWhen(c.Web.Console && c.Web.Listen == "", "web.console", "is not served",
		`give web.listen, as in "127.0.0.1:8080"`)
	r.warnWhen(c.Web.Metrics && c.Web.Listen == "", "web.metrics", "is not served",
		`give web.listen, as in "127.0.0.1:8080"`)
	r.warnWhen(c.Web.Listen != "" && !c.Web.Panel && !c.Web.Console && !c.Web.Metrics, "web.listen", "serves nothing: web.panel and web.console are both off",
		"set one of them to true")
	r.warnWhen(c.Web.Panel && c.Web.Beyond() && !c.Web.Console && !c.Web.Metrics, "web.listen", "is reached from elsewhere, where there is nothing to see",
		"the panel is for this machine alone: listen on 127.0.0.1, or set web.console = true")
	c.warnings, r.faults = r.sorted(), nil
}

func (r *reading) warnWhen(is bool, key, problem, remedy string) {
	if is {
		r.fault(r.lineOf(key), key, problem, remedy)
	}
}

// warnStrike warns of a strike that opens between power-on and the start of latchd. BCM2835 ARM Peripherals, table 6-31:
// GPIO0 to 8 pull up at power-on, GPIO9 to 27 down.
func (r *reading) warnStrike() {
	s := r.cfg.Strike
	number, ok := strings.CutPrefix(s.Line, "GPIO")
	n, err := strconv.Atoi(number)
	if !ok || err != nil {
		return
	}
	r.warnWhen(s.Active == "high" && n <= 8, "strike.line", s.Line+" pulls up at power-on, which may open the door",
		"use one of GPIO9 to GPIO13 or GPIO16 to GPIO27")
	r.warnWhen(s.Active == "low" && n >= 9 && n <= 27, "strike.line",
		s.Line+" pulls down at power-on, which may open the door", "use one of GPIO2 to GPIO8")
}

// warnBrokers warns of what crosses the network readable, and of certificates that nothing uses.
func (r *reading) warnBrokers() {
	m := r.cfg.MQTT
	safe := false
	for i, broker := range m.Brokers {
		u, _ := url.Parse(broker) // it has passed the check
		if u.Scheme == "ssl" || u.Scheme == "wss" {
			safe = true
			continue
		}
		r.warnWhen((m.Username != "" || m.Commands) && !isLoopback(u.Hostname()), indexed("mqtt.brokers", i),
			"whoever shares the network can read the password and send commands", "use ssl or wss")
	}
	r.warnWhen(!safe && m.CA != "", "mqtt.ca", "is not used", "no broker is ssl or wss")
	r.warnWhen(!safe && m.Cert != "", "mqtt.cert", "is not used", "no broker is ssl or wss")
}
