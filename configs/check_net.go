package configs

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

func (r *reading) mqtt() {
	m := r.cfg.MQTT
	if r.given("mqtt.brokers", `brokers = ["tcp://127.0.0.1:1883"]`) && len(m.Brokers) == 0 {
		r.refuse("mqtt.brokers", "names none", "name at least one")
	}
	seen := map[string]bool{}
	for i, broker := range m.Brokers {
		key := indexed("mqtt.brokers", i)
		if problem, remedy := brokerFault(broker); problem != "" {
			r.refuse(key, problem, remedy)
		} else if seen[broker] {
			r.refuse(key, "stands there already", "name each once")
		}
		seen[broker] = true
	}
	if p := m.Prefix; p == "" || strings.ContainsAny(p, "+#$ ") || strings.Trim(p, "/") != p || !printable(p) {
		r.refuse("mqtt.prefix", "is "+quote(p),
			"allowed: the beginning of a topic, without spaces, +, #, $ and without / at either end")
	}
	if d := m.Discovery; strings.ContainsAny(d, "+#$ ") || strings.Trim(d, "/") != d || !printable(d) {
		r.refuse("mqtt.discovery", "is "+quote(d), `allowed: a discovery prefix such as "homeassistant", or "" for none`)
	}
	r.pair("mqtt", m.Cert, m.Key)
}

// brokerFault says what is wrong with a broker's address. It repeats none of it: people put passwords there.
func brokerFault(s string) (problem, remedy string) {
	const form = `write it as in "tcp://192.168.1.10:1883"`
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return "is no address", form
	case u.User != nil:
		return "holds a user or password", "put the user into mqtt.username and the password into " + secretDir + "/" + MQTTPassword
	case !oneOf(u.Scheme, "tcp ssl ws wss"):
		return "does not begin with a scheme that is known", `allowed: tcp, ssl, ws, wss, as in "tcp://192.168.1.10:1883"`
	case u.Hostname() == "":
		return "names no host", form
	case u.RawQuery != "" || u.Fragment != "":
		return "holds more than scheme, host, port and path", form
	case u.Port() != "" && !isPort(u.Port()):
		return "has no port that there is", "allowed: 1 to 65535"
	}
	if strings.HasPrefix(u.Scheme, "ws") {
		return "", ""
	}
	if u.Port() == "" {
		return "names no port", "add it: 1883 for tcp and 8883 for ssl, as a rule"
	}
	if strings.Trim(u.Path, "/") != "" {
		return "has a path", form
	}
	return "", ""
}

// pair checks that a certificate does not come without its key, nor a key without its certificate.
func (r *reading) pair(table, cert, key string) {
	if cert != "" && key == "" {
		r.refuse(table+".cert", "comes without its key", "give "+table+".key as well")
	}
	if key != "" && cert == "" {
		r.refuse(table+".key", "comes without its certificate", "give "+table+".cert as well")
	}
}

func (r *reading) web() {
	w := r.cfg.Web
	r.pair("web", w.Cert, w.Key)
	for i, host := range w.Hosts {
		if host == "" || strings.ContainsAny(host, "/@ ") || !printable(host) {
			r.refuse(indexed("web.hosts", i), "is "+quote(host), `allowed: a host's name, as in "door.example.org"`)
		}
	}
	if w.Listen == "" {
		return
	}
	_, port, err := net.SplitHostPort(w.Listen)
	if err != nil || !isPort(port) && port != "0" {
		r.refuse("web.listen", "is "+quote(w.Listen), `allowed: HOST:PORT, as in "127.0.0.1:8080", or "" for off`)
	}
}

func isPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n > 0
}

func (r *reading) twilio() {
	t := r.cfg.Twilio
	if r.given("twilio.account_sid", `account_sid = "AC..." from the first page of console.twilio.com`) {
		r.sid("twilio.account_sid", t.AccountSID, "AC")
	}
	if t.APIKeySID != "" {
		r.sid("twilio.api_key_sid", t.APIKeySID, "SK")
	}
	switch from, service := t.From != "", t.MessagingServiceSID != ""; {
	case r.unread("twilio.from") || r.unread("twilio.messaging_service_sid"):
	case from && service:
		r.refuse("twilio.messaging_service_sid", "stands beside twilio.from", "keep one of them")
	case service:
		r.sid("twilio.messaging_service_sid", t.MessagingServiceSID, "MG")
	case from:
		r.phone("twilio.from", string(t.From), "your Twilio number")
	case r.at["twilio.from"] > 0:
		r.refuse("twilio.from", "is empty", "give your Twilio number, or messaging_service_sid")
	default:
		r.given("twilio.from", `from = "+15551234567", your Twilio number, or messaging_service_sid = "MG..."`)
	}
	if t.VoiceFallback && t.From == "" && t.MessagingServiceSID != "" {
		r.refuse("twilio.voice_fallback", "a call needs a number, which a messaging service is not",
			"give twilio.from instead, or set voice_fallback = false")
	}
	r.api(t.API)
}

func (r *reading) api(s string) {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Hostname() == "" || !oneOf(u.Scheme, "https http"):
		r.refuse("twilio.api", "is no address", `allowed: https://HOST, as in "https://api.twilio.com"`)
	case u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "":
		r.refuse("twilio.api", "holds more than scheme, host and port", `allowed: https://HOST, as in "https://api.twilio.com"`)
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		r.refuse("twilio.api", "is plain http to another machine", "allowed: https, and http to a loopback address")
	}
}

// sid checks one of Twilio's identifiers: two letters and 32 hexadecimal digits. The value is not repeated, for it may
// be a secret in the wrong place.
func (r *reading) sid(key, s, kind string) {
	if strings.Contains(s, "...") {
		r.refuse(key, "is still the example's", fmt.Sprintf("put your own %s... from console.twilio.com here", kind))
		return
	}
	hex, ok := strings.CutPrefix(s, kind)
	if !ok || len(hex) != 32 || strings.Trim(hex, "0123456789abcdefABCDEF") != "" {
		r.refuse(key, fmt.Sprintf("does not look like %s... of %d characters", kind, 34),
			fmt.Sprintf("allowed: %s and 32 of 0-9, a-f", kind))
	}
}

// isLoopback says whether what is sent to the host stays on this machine.
func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
