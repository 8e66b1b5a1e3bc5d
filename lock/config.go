package lock

import (
	"time"

	"latchd/otp"
)

// Owner is a person who gets the codes.
type Owner struct {
	Name  string
	Quiet Hours
}

// Hours is a span of the local day, in minutes after midnight; it may run over midnight. From == To: never.
type Hours struct{ From, To int }

// Covers says whether t, by its own zone's clock, lies within the hours.
func (h Hours) Covers(t time.Time) bool {
	m := t.Hour()*60 + t.Minute()
	if h.From <= h.To {
		return h.From <= m && m < h.To
	}
	return m >= h.From || m < h.To
}

// Config is the rules of one door.
type Config struct {
	Digits     int
	TTL        time.Duration
	Attempts   int
	Lockout    time.Duration // of the first lockout; doubles with each further one
	LockoutMax time.Duration
	Pulse      time.Duration
	HeldAlarm  time.Duration
	IdleClear  time.Duration
	Enter      rune
	Clear      rune
	MinGap     time.Duration
	PerHour    int
	PerDay     int
	InTurn     bool // text the owners one after the other, not all at once
	Owners     []Owner
	Commands   bool // accept UNLOCK and OPEN over MQTT
	Offline    Offline
}

// Offline is the code that the owner's authenticator app shows, for when no text arrives.
type Offline struct {
	When OfflineWhen
	Key  otp.TOTP
}

// OfflineWhen says when an offline code opens. It never does while the wall clock is not known to be right.
type OfflineWhen string

// When an offline code opens; any other word stands for never.
const (
	OfflineFailing OfflineWhen = "failing" // while texts fail
	OfflineAlways  OfflineWhen = "always"
)

// Phone is a number in E.164 form ("+15557654321"). Printed, it shows its last two digits only.
type Phone string

// String masks the number.
func (p Phone) String() string {
	if len(p) < 3 {
		return "…"
	}
	return "…" + string(p[len(p)-2:])
}

// GoString masks the number for %#v.
func (p Phone) GoString() string { return p.String() }

// Reveal returns the whole number. Requests to Twilio are the one place for it.
func (p Phone) Reveal() string { return string(p) }
