package configs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// valid is a file without faults, of 16 lines; what a test adds begins on line 17.
const valid = `[door]
id = "front"
name = "Front door"

[twilio]
account_sid = "AC00000000000000000000000000000000"
from = "+15551234567"

[[owner]]
name = "Ada"
phone = "+15557654321"

[mqtt]
brokers = ["tcp://127.0.0.1:1883"]


`

// without leaves a line of valid out, keeping the numbers of the others.
func without(line string) string { return strings.Replace(valid, line, "", 1) }

// instead writes another line for one of valid.
func instead(line, other string) string { return strings.Replace(valid, line, other, 1) }

func faultsOf(t *testing.T, text string) []string {
	t.Helper()
	_, err := Parse("f", []byte(text))
	if err == nil {
		return nil
	}
	return strings.Split(err.Error(), "\n")
}

const (
	account = `account_sid = "AC00000000000000000000000000000000"`
	from    = `from = "+15551234567"`
	phone   = `phone = "+15557654321"`
	brokers = `brokers = ["tcp://127.0.0.1:1883"]`
)

func TestAFaultNamesLineKeyProblemAndRemedy(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string
	}{
		{"nothing is wrong", valid, nil},

		// FAULTS: what an installer gets wrong.
		{"pulse 0", valid + "[strike]\npulse = \"0s\"", []string{`f:18: strike.pulse: 0s is too short, allowed: 0.5s to 30s`}},
		{"pulse negative", valid + "[strike]\npulse = \"-1s\"", []string{`f:18: strike.pulse: -1s is too short, allowed: 0.5s to 30s`}},
		{"pulse of an hour", valid + "[strike]\npulse = \"1h\"", []string{`f:18: strike.pulse: 1h is too long, allowed: 0.5s to 30s`}},
		{"ttl 0", valid + "[code]\nttl = \"0s\"", []string{`f:18: code.ttl: 0s is too short, allowed: 30s to 10m`}},
		{"three digits", valid + "[code]\ndigits = 3", []string{`f:18: code.digits: 3 is too small, allowed: 4 to 10`}},
		{"eleven digits", valid + "[code]\ndigits = 11", []string{`f:18: code.digits: 11 is too large, allowed: 4 to 10`}},
		{"the same line twice", valid + "[exit]\nline = \"GPIO22\"\n[tamper]\nline = \"GPIO22\"",
			[]string{`f:20: tamper.line: "GPIO22" is taken by exit.line on line 18, give each a line of its own`}},
		{"a line that a default has", valid + "[bell]\nline = \"GPIO17\"",
			[]string{`f:18: bell.line: "GPIO17" is taken by strike.line by default, give each a line of its own`}},
		{"a line twice in the keypad", valid + "[keypad]\nrows = [\n\"GPIO5\",\n\"GPIO6\",\n\"GPIO5\",\n\"GPIO19\"]",
			[]string{`f:21: keypad.rows[2]: "GPIO5" is taken by keypad.rows[0] on line 19, give each a line of its own`}},
		{"an unknown key", valid + "[door2]\n[strike]\nlevel = 1\n", []string{
			`f:17: door2: unknown table, did you mean [door]?`,
			`f:19: strike.level: unknown key, [strike] takes line, active, pulse, held_alarm`}},
		{"a misspelt key", valid + "[strike]\npusle = \"5s\"", []string{`f:18: strike.pusle: unknown key, did you mean pulse?`}},
		{"a key under the wrong table", valid + "[strike]\nttl = \"2m\"", []string{`f:18: strike.ttl: unknown key, it belongs under [code]`}},
		{"a key under no table", "digits = 4\n" + valid, []string{`f:1: digits: unknown key, it belongs under [code]`}},
		{"an unknown key under no table", "colour = 4\n" + valid, []string{
			`f:1: colour: unknown key, a key stands under its table: [door] [site] [board] [keypad] [bell] [exit] [contact] [tamper] ` +
				`[strike] [feedback] [code] [offline] [texts] [twilio] [owner] [mqtt] [web] [journal]`}},
		{"an unknown table", valid + "[lights]\ngreen = 3", []string{
			`f:17: lights: unknown table, tables: door, site, board, keypad, bell, exit, contact, tamper, strike, feedback, code, offline, texts, ` +
				`twilio, owner, mqtt, web, journal`}},
		{"a table in a table", valid + "[door.bell]\nline = 3", []string{`f:17: door.bell: unknown table, did you mean [door]?`}},
		{"a required key misspelt is not missed as well", instead("id =", "di ="), []string{`f:2: door.di: unknown key, did you mean id?`}},
		{"a required table misspelt is not missed as well", instead("[door]", "[dooor]"),
			[]string{`f:1: dooor: unknown table, did you mean [door]?`}},

		// Wrong types.
		{"a number for a duration", valid + "[strike]\npulse = 5",
			[]string{`f:18: strike.pulse: is a whole number, must be a duration in quotes, such as "5s", allowed: 0.5s to 30s`}},
		{"a duration without a unit", valid + "[strike]\npulse = \"5\"",
			[]string{`f:18: strike.pulse: "5" has no unit, must be a duration in quotes, such as "5s", allowed: 0.5s to 30s`}},
		{"a duration in words", valid + "[journal]\nkeep = \"a year\"",
			[]string{`f:18: journal.keep: "a year" is not a duration, must be a duration in quotes, such as "90d", allowed: 1d to 3650d`}},
		{"text for a number", valid + "[code]\ndigits = \"6\"",
			[]string{`f:18: code.digits: is text, must be a whole number, allowed: 4 to 10`}},
		{"a fraction for a number", valid + "[code]\nattempts = 2.5",
			[]string{`f:18: code.attempts: is a number with a fraction, must be a whole number, allowed: 1 to 10`}},
		{"a number beyond all bounds", valid + "[code]\nattempts = 99999999999999999999",
			[]string{`f:18: code.attempts: is far too large, must be a whole number, allowed: 1 to 10`}},
		{"text for a switch", valid + "[web]\nconsole = \"true\"",
			[]string{`f:18: web.console: is text, must be true or false, without quotes`}},
		{"a switch for text", valid + "[board]\ndriver = false",
			[]string{`f:18: board.driver: is false, must be text in quotes, allowed: "linux" or "sim"`}},
		{"text for a list", instead(brokers, `brokers = "tcp://127.0.0.1:1883"`),
			[]string{`f:14: mqtt.brokers: is text, must be a list of texts, as in ["a", "b"]`}},
		{"a number in a list", valid + "[texts]\ncountry_codes = [\"1\", 44]",
			[]string{`f:18: texts.country_codes[1]: is a whole number, must be text in quotes`}},
		{"a date for text", instead(`name = "Ada"`, "name = 1815-12-10"), []string{`f:10: owner[0].name: is a date or time, must be text in quotes`}},
		{"a value for a table", "door = 5\n" + without("[door]\nid = \"front\"\nname = \"Front door\"\n"),
			[]string{`f:1: door: is a whole number, write [door] on a line of its own, and its keys below`}},
		{"a list that holds no tables", "owner = [5]\n" + without("[[owner]]\nname = \"Ada\"\n"+phone),
			[]string{`f:1: owner: holds a whole number, write each as [[owner]] on a line of its own`}},
		{"a wrong type hides no bad value elsewhere", valid + "[keypad]\nrows = 4\nkeys = [\"12\", \"345\", \"678\", \"9*#\"]\nenter = \"x\"", []string{
			`f:18: keypad.rows: is a whole number, must be a list of texts, as in ["a", "b"]`,
			`f:19: keypad.keys[0]: has 2 keys where keypad.cols has 3, give one character a column`,
			`f:19: keypad.keys: lacks 0, a code needs 0 to 9`,
			`f:20: keypad.enter: "x" stands on no key, allowed: one character of keypad.keys`}},

		// Syntax.
		{"text without quotes", valid + "[strike]\nline = GPIO17\npulse = \"1h\"", []string{
			`f:18: strike.line: unexpected character U+0047 'G' at start of value, write text in quotes, as in key = "text"`,
			`f:19: strike.pulse: 1h is too long, allowed: 0.5s to 30s`}},
		{"quotes that are not closed", valid + "[strike]\nline = \"GPIO17\npulse = \"1h\"", []string{
			`f:18: strike.line: basic strings cannot have new lines, text ends with the quote that it began with`,
			`f:19: strike.pulse: 1h is too long, allowed: 0.5s to 30s`}},
		{"a list that is not closed", valid + "[keypad]\nrows = [\"GPIO5\",\n\"GPIO6\"\n\n[strike]\npulse = \"1h\"", []string{
			`f:18: keypad.rows: expected ',' or ']' after array value on line 21, a list ends with ]`,
			`f:22: strike.pulse: 1h is too long, allowed: 0.5s to 30s`}},
		{"a long text that is not closed", valid + "[texts]\nbody = \"\"\"\n[strike]\npulse = \"1h\"", []string{
			`f:18: texts.body: multiline basic string not terminated by """ on line 20, text ends with the quote that it began with`,
			`f:20: strike.pulse: 1h is too long, allowed: 0.5s to 30s`}},
		{"a header that is not closed", valid + "[strike\npulse = \"1h\"", []string{
			`f:17: strike: expected ']' to close table name`,
			`f:18: strike.pulse: 1h is too long, allowed: 0.5s to 30s`}},
		{"a header without a name", valid + "[]\npulse = \"1h\"", []string{
			`f:17: invalid character at start of key: U+005D ']'`}},
		{"a value that is missing", valid + "[strike]\npulse =", []string{
			`f:18: strike.pulse: expected value, not end of input, write a value behind the =`}},
		{"a lone backslash", valid + "[journal]\npath = \"C:\\door\"", []string{
			"f:18: journal.path: invalid escape character U+0064 'd', write \\\\ for a backslash"}},
		{"a key twice", valid + "[strike]\npulse = \"5s\"\npulse = \"6s\"", []string{
			`f:19: strike.pulse: stands already on line 18, keep one of them`}},
		{"a table twice", valid + "[door]\nid = \"back\"", []string{
			`f:17: door: stands already on line 1, put its keys together`,
			`f:18: door.id: stands already on line 2, keep one of them`}},
		{"a table twice, once as a value", "door = {id = \"front\"}\n" + valid, []string{
			`f:2: door: stands already on line 1, put its keys together`,
			`f:3: door.id: stands already on line 1, keep one of them`}},
		{"a table as a value, then by its keys", "web = {panel = true}\nweb.console = true\n" + valid, []string{
			`f:2: web: stands already on line 1, put its keys together`}},
		{"a single table for the owners", instead("[[owner]]", "[owner]"), []string{
			`f:9: owner: one table, where there may be several, write [[owner]]`}},
		{"several tables for the door", instead("[door]", "[[door]]"), []string{
			`f:1: door: a list of tables, where there is one, write [door]`}},

		// Missing.
		{"no key that must be there", "", []string{
			`f:1: door.id: missing, add [door] with id = "front"`,
			`f:1: door.name: missing, add [door] with name = "Front door"`,
			`f:1: twilio.account_sid: missing, add [twilio] with account_sid = "AC..." from the first page of console.twilio.com`,
			`f:1: twilio.from: missing, add [twilio] with from = "+15551234567", your Twilio number, or messaging_service_sid = "MG..."`,
			`f:1: owner: missing, add [[owner]] with name = "Ada" and phone = "+15557654321"`,
			`f:1: mqtt.brokers: missing, add [mqtt] with brokers = ["tcp://127.0.0.1:1883"]`}},
		{"an owner without a number", valid + "[[owner]]\nname = \"Grace\"", []string{
			`f:17: owner[1].phone: missing, add phone = "+15557654321"`}},
		{"an owner without a name", without(`name = "Ada"`), []string{`f:9: owner[0].name: missing, add name = "Ada"`}},
		{"an exit button without its line", valid + "[exit]\nactive = \"high\"", []string{
			`f:17: exit.line: missing, add line = "GPIO22", or line = "" when none is fitted`}},

		// Values.
		{"an id with capitals", instead(`"front"`, `"Front_1"`), []string{`f:2: door.id: is "Front_1", allowed: 1 to 32 of a-z, 0-9 and -`}},
		{"an empty id", instead(`"front"`, `""`), []string{`f:2: door.id: is "", allowed: 1 to 32 of a-z, 0-9 and -`}},
		{"an empty name", instead(`"Front door"`, `" "`), []string{`f:3: door.name: is empty, allowed: 1 to 64 letters`}},
		{"a name of two lines", instead(`"Front door"`, `"Front\ndoor"`), []string{
			`f:3: door.name: "Front\ndoor" cannot be printed, leave out line breaks and other control characters`}},
		{"a name too long", instead(`"Ada"`, `"`+strings.Repeat("a", 65)+`"`), []string{`f:10: owner[0].name: is too long, allowed: 1 to 64 letters`}},
		{"an unknown driver", valid + "[board]\ndriver = \"pigpio\"", []string{`f:18: board.driver: is "pigpio", allowed: "linux" or "sim"`}},
		{"a polarity that is none", valid + "[strike]\nactive = \"LOW\"", []string{`f:18: strike.active: is "LOW", allowed: "high" or "low"`}},
		{"no line for strike and bell", valid + "[strike]\nline = \"\"\n[bell]\nline = \"\"", []string{
			`f:18: strike.line: is empty, name its line as the kernel does, as in "GPIO17"`,
			`f:20: bell.line: is empty, name its line as the kernel does, as in "GPIO17"`}},
		{"a line that can be none", valid + "[feedback]\nred = \"pin 7\"", []string{
			`f:18: feedback.red: "pin 7" is no line, name it as the kernel does, as in "GPIO17"`}},
		{"neither a keypad nor a panel", valid + "[keypad]\nrows = []\ncols = []\n[web]\npanel = true", []string{
			`f:18: keypad.rows: names no line, nor does keypad.cols, and no panel is served, name the keypad's lines, or give web.listen = "127.0.0.1:8080"`}},
		{"a keypad of no rows", valid + "[keypad]\nrows = []\nkeys = []", []string{
			`f:18: keypad.rows: names 0 lines, allowed: 1 to 8`,
			`f:19: keypad.keys: lacks 0123456789, a code needs 0 to 9`,
			`f:19: keypad.keys: lacks #, add it, or name another key in keypad.enter`,
			`f:19: keypad.keys: lacks *, add it, or name another key in keypad.clear`}},
		{"more rows of keys than rows", valid + "[keypad]\nkeys = [\"123\", \"456\", \"789\", \"*0#\", \"ABC\"]", []string{
			`f:18: keypad.keys: has 5 rows where keypad.rows has 4, give one string a row`}},
		{"a key twice on the keypad", valid + "[keypad]\nkeys = [\"123\", \"456\", \"789\", \"*00\"]", []string{
			`f:18: keypad.keys[3]: '0' stands on two keys, give each key a character of its own`,
			`f:18: keypad.keys: lacks #, add it, or name another key in keypad.enter`}},
		{"a key that cannot be seen", valid + "[keypad]\nkeys = [\"123\", \"456\", \"789\", \" 0#\"]\nclear = \" \"", []string{
			`f:18: keypad.keys[3]: ' ' cannot stand on a key, allowed: characters that can be seen`}},
		{"a digit to enter", valid + "[keypad]\nenter = \"5\"", []string{
			`f:18: keypad.enter: is the digit 5, allowed: one character of keypad.keys that is no digit`}},
		{"two characters to clear", valid + "[keypad]\nclear = \"**\"", []string{
			`f:18: keypad.clear: is "**", allowed: one character of keypad.keys`}},
		{"one key to enter and clear", valid + "[keypad]\nenter = \"*\"", []string{
			`f:18: keypad.enter: enter and clear are the same key, give each a key of its own`}},
		{"an offline code at another time", valid + "[offline]\ncode = \"sometimes\"", []string{
			`f:18: offline.code: is "sometimes", allowed: "off" or "failing" or "always"`}},
		{"an offline code of four digits", valid + "[code]\ndigits = 4\n[offline]\ncode = \"always\"", []string{
			`f:20: offline.code: no authenticator app shows 4 digits, allowed: code.digits from 6 to 8, or offline.code = "off"`}},
		{"an offline code of nine digits", valid + "[offline]\ncode = \"failing\"\n[code]\ndigits = 9", []string{
			`f:18: offline.code: no authenticator app shows 9 digits, allowed: code.digits from 6 to 8, or offline.code = "off"`}},
		{"a longest lockout shorter than the first", valid + "[code]\nlockout_max = \"5m\"", []string{
			`f:18: code.lockout_max: the longest lockout, 5m, is shorter than the first, 10m, allowed: lockout_max from lockout to 7d`}},
		{"a country code with its plus", valid + "[texts]\ncountry_codes = [\"1\", \"+44\"]", []string{
			`f:18: texts.country_codes[1]: is "+44", allowed: 1 to 3 digits without +, as in "44"`}},
		{"an owner abroad", valid + "[texts]\ncountry_codes = [\"44\"]", []string{
			`f:11: owner[0].phone: no text may go to its country, add its country code to texts.country_codes`}},
		{"a text without the code", valid + "[texts]\nbody = \"Come in\"", []string{
			`f:18: texts.body: does not hold {{.Code}}, allowed: text with {{.Code}}, {{.Door}}, {{.Site}} and {{.Minutes}}`}},
		{"a text with an unknown field", valid + "[texts]\nbody = \"{{.Code}} {{.Secret}}\"", []string{
			`f:18: texts.body: holds "{{.Secret}}", allowed: text with {{.Code}}, {{.Door}}, {{.Site}} and {{.Minutes}}`}},
		{"a text with a loop", valid + "[texts]\nbody = \"{{.Code}}{{range 9}}x{{end}}\"", []string{
			`f:18: texts.body: holds "{{range 9}}x{{end}}", allowed: text with {{.Code}}, {{.Door}}, {{.Site}} and {{.Minutes}}`}},
		{"a text that is no template", valid + "[texts]\nbody = \"{{.Code}} {{\"", []string{
			`f:18: texts.body: is no template, allowed: text with {{.Code}}, {{.Door}}, {{.Site}} and {{.Minutes}}`}},
		{"a text without end", valid + "[texts]\nbody = \"{{.Code}}" + strings.Repeat("x", 600) + "\"", []string{
			`f:18: texts.body: is too long, allowed: up to 600 characters`}},
		{"an account that is none", instead(account, `account_sid = "SK00000000000000000000000000000000"`), []string{
			`f:6: twilio.account_sid: does not look like AC... of 34 characters, allowed: AC and 32 of 0-9, a-f`}},
		{"an API key that is none", instead(from, from+"\napi_key_sid = \"SK1\""), []string{
			`f:8: twilio.api_key_sid: does not look like SK... of 34 characters, allowed: SK and 32 of 0-9, a-f`}},
		{"no sender", instead(from, `from = ""`), []string{`f:7: twilio.from: is empty, give your Twilio number, or messaging_service_sid`}},
		{"two senders", instead(from, from+"\nmessaging_service_sid = \"MG00000000000000000000000000000000\""), []string{
			`f:8: twilio.messaging_service_sid: stands beside twilio.from, keep one of them`}},
		{"calls from a messaging service", instead(from, "messaging_service_sid = \"MG00000000000000000000000000000000\"\nvoice_fallback = true"),
			[]string{`f:8: twilio.voice_fallback: a call needs a number, which a messaging service is not, ` +
				`give twilio.from instead, or set voice_fallback = false`}},
		{"an API in clear text", instead(from, from+"\napi = \"http://api.twilio.com\""), []string{
			`f:8: twilio.api: is plain http to another machine, allowed: https, and http to a loopback address`}},
		{"an API with a path", instead(from, from+"\napi = \"https://api.twilio.com/2010-04-01\""), []string{
			`f:8: twilio.api: holds more than scheme, host and port, allowed: https://HOST, as in "https://api.twilio.com"`}},
		{"an API that is no address", instead(from, from+"\napi = \"api.twilio.com\""), []string{
			`f:8: twilio.api: is no address, allowed: https://HOST, as in "https://api.twilio.com"`}},
		{"a number without its country", instead(phone, `phone = "07700 900123"`), []string{
			`f:11: owner[0].phone: is no number in E.164 form, allowed: +, country code, number, digits only, as in "+15557654321"`}},
		{"one owner twice", valid + "[[owner]]\nname = \"Ada\"\n" + phone, []string{
			`f:18: owner[1].name: is the name of owner[0] as well, give each owner a name of their own`,
			`f:19: owner[1].phone: is the number of owner[0] as well, give each number once`}},
		{"an owner who is the sender", instead(phone, `phone = "+15551234567"`), []string{
			`f:11: owner[0].phone: is the number of twilio.from, which cannot text itself, give the owner's own number`}},
		{"a language that is none", instead(phone, phone+"\nlanguage = \"German\""), []string{
			`f:12: owner[0].language: is "German", allowed: a language and a country as Twilio's voices have them, as in "de-DE"`}},
		{"quiet hours that are none", instead(phone, phone+"\nquiet = \"22-7\""), []string{
			`f:12: owner[0].quiet: is "22-7", allowed: HH:MM-HH:MM, as in "22:00-07:00", or "" for never`}},
		{"quiet hours of no length", instead(phone, phone+"\nquiet = \"07:00-07:00\""), []string{
			`f:12: owner[0].quiet: is "07:00-07:00", allowed: HH:MM-HH:MM, as in "22:00-07:00", or "" for never`}},
		{"no broker", instead(brokers, "brokers = []"), []string{`f:14: mqtt.brokers: names none, name at least one`}},
		{"brokers of every wrong kind", instead(brokers, `brokers = ["http://h:1", "tcp://h", "tcp://:1883", "tcp://h:1/x", "%", `+
			`"ws://h?x", "ssl://h:1", "ssl://h:1", "tcp://h:65536"]`), []string{
			`f:14: mqtt.brokers[0]: does not begin with a scheme that is known, allowed: tcp, ssl, ws, wss, as in "tcp://192.168.1.10:1883"`,
			`f:14: mqtt.brokers[1]: names no port, add it: 1883 for tcp and 8883 for ssl, as a rule`,
			`f:14: mqtt.brokers[2]: names no host, write it as in "tcp://192.168.1.10:1883"`,
			`f:14: mqtt.brokers[3]: has a path, write it as in "tcp://192.168.1.10:1883"`,
			`f:14: mqtt.brokers[4]: is no address, write it as in "tcp://192.168.1.10:1883"`,
			`f:14: mqtt.brokers[5]: holds more than scheme, host, port and path, write it as in "tcp://192.168.1.10:1883"`,
			`f:14: mqtt.brokers[7]: stands there already, name each once`,
			`f:14: mqtt.brokers[8]: has no port that there is, allowed: 1 to 65535`}},
		{"a prefix with a wildcard", instead(brokers, brokers+"\nprefix = \"door/#\""), []string{
			`f:15: mqtt.prefix: is "door/#", allowed: the beginning of a topic, without spaces, +, #, $ and without / at either end`}},
		{"a discovery prefix with a wildcard", instead(brokers, brokers+"\ndiscovery = \"+\""), []string{
			`f:15: mqtt.discovery: is "+", allowed: a discovery prefix such as "homeassistant", or "" for none`}},
		{"an unknown style of discovery", instead(brokers, brokers+"\ndiscovery_style = \"devices\""), []string{
			`f:15: mqtt.discovery_style: is "devices", allowed: "device" or "entity"`}},
		{"a certificate without its key", instead(brokers, brokers+"\ncert = \"c.pem\""), []string{
			`f:15: mqtt.cert: comes without its key, give mqtt.key as well`}},
		{"a key without its certificate", valid + "[web]\nkey = \"k.pem\"", []string{
			`f:18: web.key: comes without its certificate, give web.cert as well`}},
		{"a listen address without a port", valid + "[web]\nlisten = \"127.0.0.1\"", []string{
			`f:18: web.listen: is "127.0.0.1", allowed: HOST:PORT, as in "127.0.0.1:8080", or "" for off`}},
		{"a host that is an address", valid + "[web]\nhosts = [\"https://door.example.org\"]", []string{
			`f:18: web.hosts[0]: is "https://door.example.org", allowed: a host's name, as in "door.example.org"`}},
		{"no folder for the journal", valid + "[journal]\npath = \"\"", []string{
			`f:18: journal.path: is empty, give the folder in which to keep what must survive a restart`}},

		// Not text.
		{"a value that is not UTF-8", instead(`"Front door"`, "\"Haust\xfcr\""), []string{`f:3: door.name: not UTF-8, save the file as UTF-8`}},
		{"a comment that is not UTF-8, and a fault", valid + "# T\xfcr\n[code]\ndigits = 3", []string{
			`f:17: not UTF-8, save the file as UTF-8`,
			`f:19: code.digits: 3 is too small, allowed: 4 to 10`}},
		{"a file of UTF-16", "\xff\xfe[\x00d\x00", []string{`f:1: written in UTF-16, save it as UTF-8`}},
		{"a file of 10 MB", strings.Repeat("# filling\n", 1<<20), []string{
			`f:1: larger than 1 MiB, a configuration needs a few KiB: is this the right file?`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, faultsOf(t, tt.text)); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAllFaultsOfAFileAreReportedAtOnce(t *testing.T) {
	want := strings.TrimSpace(`
f:1: id: unknown key, it belongs under [door] or [site]
f:3: door.id: is "Front!", allowed: 1 to 32 of a-z, 0-9 and -
f:4: door.naem: unknown key, did you mean name?
f:6: strike: expected ']' to close table name
f:7: strike.line: unexpected character U+0047 'G' at start of value, write text in quotes, as in key = "text"
f:8: strike.active: is "lo", allowed: "high" or "low"
f:9: strike.pulse: 1h is too long, allowed: 0.5s to 30s
f:10: strike.held_alarm: is a whole number, must be a duration in quotes, such as "30s", allowed: 5s to 1h
f:13: bell.line: "GPIO21" is taken by keypad.cols[2] by default, give each a line of its own
f:14: feedbak: unknown table, did you mean [feedback]?
f:15: feedback.green: is a whole number, must be text in quotes
f:16: twilio.account_sid: missing, add account_sid = "AC..." from the first page of console.twilio.com
f:17: twilio.auth_token: unknown key, a secret never stands in this file, put it into /etc/latchd/twilio-auth-token
f:18: twilio.from: is a whole number, must be text in quotes
f:20: owner[0].name: not UTF-8, save the file as UTF-8
f:21: owner[0].phone: is no number in E.164 form, allowed: +, country code, number, digits only, as in "+15557654321"
f:24: mqtt.brokers[1]: names no port, add it: 1883 for tcp and 8883 for ssl, as a rule`)
	got := strings.Join(faultsOf(t, `id = "front"
[door]
id = "Front!"
naem = "Front door"

[strike
line = GPIO17
active = "lo"
pulse = "1h"
held_alarm = 30

[bell]
line = "GPIO21"
[feedbak]
green = 12
[twilio]
auth_token = "0123"
from = 15551234567
[[owner]]
name = "`+"\xc4"+`da"
phone = "07700 900123"
[mqtt]
brokers = ["tcp://127.0.0.1:1883",
           "tcp://127.0.0.1"]
`), "\n")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
}

func TestAFileOfNothingButFaultsPrintsABoundedNumber(t *testing.T) {
	for name, line := range map[string]string{"unknown keys": "x = 1\n", "syntax": "\"\"\"\n", "not UTF-8": "#\xff\n", "owners": "[[owner]]\n"} {
		faults := faultsOf(t, strings.Repeat(line, largest/4/len(line)))
		if n := len(faults); n > mostFaults+1 || !strings.HasSuffix(faults[n-1], "too many faults, more are left out") {
			t.Errorf("%s: %d faults, the last %q", name, n, faults[n-1])
		}
	}
}

func TestNoFaultRepeatsASecretOrANumber(t *testing.T) {
	const secret = "5f4dcc3b5aa765d61d8327deb882cf99"
	for _, text := range []string{
		instead(account, `account_sid = "`+secret+`"`),
		instead(account, `account_sid = `+secret),
		instead(from, from+"\napi_key_sid = \""+secret+`"`),
		instead(from, from+"\nauth_token = \""+secret+`"`),
		instead(from, from+"\nauth_token = \""+secret),
		instead(from, "messaging_service_sid = \""+secret+`"`),
		instead(from, from+"\napi = \"https://AC1:"+secret+`@api.twilio.com"`),
		instead(brokers, `brokers = ["tcp://user:`+secret+`@127.0.0.1:1883"]`),
		instead(brokers, `brokers = ["tcp://user:`+secret+`%zz@127.0.0.1:1883"]`),
		instead(brokers, brokers+"\npassword = \""+secret+`"`),
		instead(phone, `phone = "1 555 765 4321`+secret+`"`),
		instead(phone, `phone = +15557654321`+secret),
		instead(from, `from = "`+secret+`"`),
	} {
		faults := strings.Join(faultsOf(t, text), "\n")
		if faults == "" || strings.Contains(faults, secret) || strings.Contains(faults, secret[:8]) {
			t.Errorf("want faults that do not hold the secret: %s", faults)
		}
	}
}

func TestALongValueIsCutShort(t *testing.T) {
	faults := faultsOf(t, instead(`"front"`, `"`+strings.Repeat("é", 1000)+`"`))
	if want := `f:2: door.id: is "` + strings.Repeat("é", 40) + `…", allowed: 1 to 32 of a-z, 0-9 and -`; len(faults) != 1 || faults[0] != want {
		t.Errorf("got %q, want %q", faults, want)
	}
}

func TestLoadReadsAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "latchd.toml")
	if err := os.WriteFile(path, []byte(valid), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	want := starred()
	if diff := cmp.Diff(&want, c, same); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestLoadNamesTheFileInItsFaults(t *testing.T) {
	path := filepath.Join(t.TempDir(), "latchd.toml")
	if err := os.WriteFile(path, []byte(valid+"[code]\ndigits = 3"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Load(path)
	if want := path + ":18: code.digits: 3 is too small, allowed: 4 to 10"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if faults := (Faults{}); !errors.As(err, &faults) || faults[0].Line != 18 || faults[0].Key != "code.digits" {
		t.Errorf("got %#v, want the fault of code.digits on line 18", faults)
	}
}

func TestLoadSaysHowToMakeAMissingFile(t *testing.T) {
	_, err := Load(filepath.Join(t.TempDir(), "latchd.toml"))
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "`latchd setup` makes it") {
		t.Errorf("got %v", err)
	}
}

func TestLoadReadsNoMoreThanItTakes(t *testing.T) {
	_, err := Load("/dev/zero")
	if err == nil || !strings.Contains(err.Error(), "larger than 1 MiB") {
		t.Errorf("got %v", err)
	}
}
