package lock

import "time"

// TextsPart is the part whose fault means that texts fail.
const TextsPart = "twilio"

// offline is what the door must know to judge a code of the owner's authenticator app.
type offline struct {
	last   int64           // the step of the last one that opened
	ring   uint64          // the newest that was texted
	rungAt time.Duration   // when
	failed map[string]bool // whether its text failed, by owner
}

// failedFor is how long a ring counts whose texts have all failed: who switches a phone off, or waits until it is, must not
// leave the door open to guesses of two kinds for ever.
const failedFor = time.Hour

// asked notes whom the newest ring texts.
func (o *offline) asked(now time.Duration, ring uint64, to []string) {
	o.ring, o.rungAt, o.failed = ring, now, map[string]bool{}
	for _, owner := range to {
		o.failed[owner] = false
	}
}

// news notes what became of a text. The last word counts: one that was taken may fail later, and one that failed be
// made up for. A call that nobody takes says nothing about texts, and a line can be kept busy.
func (o *offline) news(n TextNews) {
	if n.Ring == o.ring && o.failed != nil && !n.Call {
		o.failed[n.Owner] = n.State == Failed
	}
}

// textsFail says whether texts are failing: a fault of the texts stands, or every text of the newest ring has failed, which
// was no longer ago than failedFor.
func (m *Machine) textsFail() bool {
	for key := range m.faults {
		if key.part == TextsPart {
			return true
		}
	}
	if m.now.Mono-m.offline.rungAt > failedFor {
		return false
	}
	for _, failed := range m.offline.failed {
		if !failed {
			return false
		}
	}
	return len(m.offline.failed) > 0
}

// tryOffline says whether the entry is an offline code that may open now, and spends it if so. One that may not is like
// any other entry in every respect, so that a guesser does not learn whether offline codes are taken.
func (m *Machine) tryOffline(typed string) bool {
	when := m.cfg.Offline.When
	allowed := m.now.Synced && (when == OfflineAlways || when == OfflineFailing && m.textsFail())
	step, ok := m.cfg.Offline.Key.Match(m.now.Wall, typed, m.offline.last)
	if !ok || !allowed {
		return false
	}
	m.offline.last, m.dirty = step, true
	m.codes.Spend(typed)
	return true
}
