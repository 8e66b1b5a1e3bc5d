// Package configs reads latchd's configuration: one TOML file for a door, and one that it may
// include for what many doors have in common, decoded over the defaults and checked whole. Every fault is reported at once,
// each with its file, its line, its key, what is wrong and what to do. The example files are embedded.
//
// It refuses what it does not know, and takes no half of a file: faults leave no Config. It opens no line, no
// connection and no file but the configuration and the secrets, and it never prints a secret or a whole phone number.
package configs

import (
	"cmp"
	"net"
	"time"

	"latchd/lock"
)

// Config is the whole configuration. The tag range gives the bounds of a duration or number, both included; the tag oneof
// the words that a text may be.
type Config struct {
	Include  string   // the file that holds where the door's own says nothing; empty: none
	Door     Door     `toml:"door"`
	Site     Site     `toml:"site"`
	Board    Board    `toml:"board"`
	Keypad   Keypad   `toml:"keypad"`
	Bell     Input    `toml:"bell"`
	Exit     Input    `toml:"exit"`    // request-to-exit button; Line empty: none
	Contact  Input    `toml:"contact"` // active: the door is closed; Line empty: none
	Tamper   Input    `toml:"tamper"`  // Line empty: none
	Strike   Strike   `toml:"strike"`
	Feedback Feedback `toml:"feedback"`
	Code     Code     `toml:"code"`
	Offline  Offline  `toml:"offline"`
	Texts    Texts    `toml:"texts"`
	Twilio   Twilio   `toml:"twilio"`
	Owner    []Owner  `toml:"owner"`
	MQTT     MQTT     `toml:"mqtt"`
	Web      Web      `toml:"web"`
	Journal  Journal  `toml:"journal"`

	warnings Faults
	under    *Config // the defaults and what the included file says; nil: there is none
}

// Door names the door.
type Door struct {
	ID   string `toml:"id"`   // in topics: [a-z0-9-]{1,32}
	Name string `toml:"name"` // for people, in texts
}

// Site is the house that the door belongs to, where there are several.
type Site struct {
	ID   string `toml:"id"`   // in topics, before the door's: [a-z0-9-]{1,32}; empty: none
	Name string `toml:"name"` // for people, in texts; empty: ID
}

// Title returns the site's name for people, empty where the door belongs to none.
func (s Site) Title() string { return cmp.Or(s.Name, s.ID) }

// DoorID returns the door's id among all: SITE/DOOR, or DOOR alone where it belongs to no site.
func (c *Config) DoorID() string {
	if c.Site.ID == "" {
		return c.Door.ID
	}
	return c.Site.ID + "/" + c.Door.ID
}

// Title returns the door's name for people, with its site's where it belongs to one.
func (c *Config) Title() string {
	if c.Site.ID == "" {
		return c.Door.Name
	}
	return c.Door.Name + ", " + c.Site.Title()
}

// Board says where the lines are.
type Board struct {
	Driver string `toml:"driver" oneof:"linux sim"`
	Chip   string `toml:"chip"`   // label, name or path; empty: the chip that carries the header
	Socket string `toml:"socket"` // sim only; empty: fingers from other processes cannot reach it
}

// Keypad is the matrix. Keys holds one string a row, one rune a column. Without Rows and Cols there is none, and Keys are
// the panel's.
type Keypad struct {
	Rows      []string `toml:"rows"`
	Cols      []string `toml:"cols"`
	Keys      []string `toml:"keys"`
	Debounce  Duration `toml:"debounce" range:"1ms to 200ms"`
	Settle    Duration `toml:"settle" range:"1us to 5ms"`
	Enter     string   `toml:"enter"` // one rune
	Clear     string   `toml:"clear"` // one rune
	IdleClear Duration `toml:"idle_clear" range:"1s to 5m"`
}

// Fitted says whether there is a matrix.
func (k Keypad) Fitted() bool { return len(k.Rows)+len(k.Cols) > 0 }

// Input is a single input line. Active low: closed to ground, with the pull-up on.
type Input struct {
	Line     string   `toml:"line"`
	Active   string   `toml:"active" oneof:"low high"`
	Debounce Duration `toml:"debounce" range:"1ms to 1s"`
}

// Strike is the line that opens the door. Active is the level that opens it.
type Strike struct {
	Line      string   `toml:"line"`
	Active    string   `toml:"active" oneof:"high low"`
	Pulse     Duration `toml:"pulse" range:"0.5s to 30s"`
	HeldAlarm Duration `toml:"held_alarm" range:"5s to 1h"`
}

// Feedback is the lines of lamps and buzzer; empty: not fitted.
type Feedback struct {
	Green  string `toml:"green"`
	Red    string `toml:"red"`
	Buzzer string `toml:"buzzer"`
}

// Code is the rules of codes and lockouts.
type Code struct {
	Digits     int      `toml:"digits" range:"4 to 10"`
	TTL        Duration `toml:"ttl" range:"30s to 10m"`
	Attempts   int      `toml:"attempts" range:"1 to 10"`
	Lockout    Duration `toml:"lockout" range:"1s to 24h"`
	LockoutMax Duration `toml:"lockout_max" range:"1s to 7d"`
}

// FitsApps says whether authenticator apps show codes of so many digits (RFC 4226, section 5.3).
func (c Code) FitsApps() bool { return c.Digits >= 6 && c.Digits <= 8 }

// Offline is the code that the owner's authenticator app shows. Its secret is OfflineCode.
type Offline struct {
	Code string `toml:"code" oneof:"off failing always"` // when it opens
}

// On says whether an offline code ever opens.
func (o Offline) On() bool { return o.Code == "failing" || o.Code == "always" }

// Texts is the budget of texts and what they say. Body takes {{.Code}}, {{.Door}}, {{.Site}} and {{.Minutes}}, and no
// other template action.
type Texts struct {
	MinGap       Duration `toml:"min_gap" range:"1s to 1h"`
	PerHour      int      `toml:"per_hour" range:"1 to 100"`
	PerDay       int      `toml:"per_day" range:"1 to 500"`
	To           string   `toml:"to" oneof:"all in_turn"`
	CountryCodes []string `toml:"country_codes"` // digits only; empty: those of the owners' numbers
	Body         string   `toml:"body"`
}

// Twilio is the account that sends. Exactly one of From and MessagingServiceSID is set.
type Twilio struct {
	AccountSID          string     `toml:"account_sid"`
	APIKeySID           string     `toml:"api_key_sid"` // set: the secret is the key's
	From                lock.Phone `toml:"from"`
	MessagingServiceSID string     `toml:"messaging_service_sid"`
	API                 string     `toml:"api"` // scheme and host, no path
	VoiceFallback       bool       `toml:"voice_fallback"`
}

// Owner is a person who gets the codes.
type Owner struct {
	Name  string     `toml:"name"`
	Phone lock.Phone `toml:"phone"`
	Quiet string     `toml:"quiet"` // "22:00-07:00"; empty: never

	Language string `toml:"language"` // of calls, as BCP 47 writes it: "de-DE"
}

// Hours returns the owner's quiet hours.
func (o Owner) Hours() lock.Hours {
	h, _ := parseHours(o.Quiet) // a checked Config holds none that does not parse
	return h
}

// MQTT is the brokers and what is said to them.
type MQTT struct {
	Brokers        []string `toml:"brokers"`
	Prefix         string   `toml:"prefix"`
	Username       string   `toml:"username"`
	CA             string   `toml:"ca"`
	Cert           string   `toml:"cert"`
	Key            string   `toml:"key"`
	Discovery      string   `toml:"discovery"` // empty: off
	DiscoveryStyle string   `toml:"discovery_style" oneof:"device entity"`
	Spread         Duration `toml:"spread" range:"0s to 2m"` // over which the doors of a fleet come to their broker
	Commands       bool     `toml:"commands"`
}

// Web is the pages and the API.
type Web struct {
	Listen  string   `toml:"listen"` // empty: off
	Hosts   []string `toml:"hosts"`
	Cert    string   `toml:"cert"`
	Key     string   `toml:"key"`
	Panel   bool     `toml:"panel"`
	Console bool     `toml:"console"`
	Metrics bool     `toml:"metrics"`
}

// served says whether visitors have a panel.
func (w Web) served() bool { return w.Panel && w.Listen != "" }

// Beyond says whether the pages are reached from other machines, too.
func (w Web) Beyond() bool {
	host, _, err := net.SplitHostPort(w.Listen)
	return err == nil && !isLoopback(host)
}

// Journal is what survives a restart.
type Journal struct {
	Path string   `toml:"path"`
	Keep Duration `toml:"keep" range:"1d to 3650d"`
}

// Default returns the configuration that an empty file stands for. It lacks what no default can know: the door's names,
// the Twilio account, the owners and the brokers.
func Default() Config {
	input := Input{Active: "low", Debounce: Duration(20 * time.Millisecond)}
	bell := input
	bell.Line = "GPIO26"
	return Config{
		Board: Board{Driver: "linux"},
		Keypad: Keypad{
			Rows:      []string{"GPIO5", "GPIO6", "GPIO13", "GPIO19"},
			Cols:      []string{"GPIO16", "GPIO20", "GPIO21"},
			Keys:      []string{"123", "456", "789", "*0#"},
			Debounce:  Duration(15 * time.Millisecond),
			Settle:    Duration(20 * time.Microsecond),
			Enter:     "#",
			Clear:     "*",
			IdleClear: Duration(10 * time.Second),
		},
		Bell: bell, Exit: input, Contact: input, Tamper: input,
		Strike: Strike{Line: "GPIO17", Active: "high", Pulse: Duration(5 * time.Second),
			HeldAlarm: Duration(30 * time.Second)},
		Code: Code{Digits: 6, TTL: Duration(2 * time.Minute), Attempts: 3, Lockout: Duration(10 * time.Minute),
			LockoutMax: Duration(24 * time.Hour)},
		Offline: Offline{Code: "off"},
		Texts: Texts{MinGap: Duration(time.Minute), PerHour: 5, PerDay: 20, To: "all", CountryCodes: []string{},
			Body: "{{.Code}} opens {{.Door}} for {{.Minutes}} min."},
		Twilio:  Twilio{API: "https://api.twilio.com"},
		MQTT:    MQTT{Prefix: "latchd", Discovery: "homeassistant", DiscoveryStyle: "device"},
		Web:     Web{Hosts: []string{}, Panel: true},
		Journal: Journal{Path: "/var/lib/latchd", Keep: Duration(90 * 24 * time.Hour)},
	}
}
