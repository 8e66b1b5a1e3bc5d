package lock

// TextsPart is the part whose fault means that texts fail.
const TextsPart = "twilio"

// offline is what the door must know to judge a code of the owner's authenticator app.
type offline struct {
	last   int64           // the step of the last one that opened
	ring   uint64          // the newest that was texted
	failed map[string]bool // whether its text failed, by owner
}

// asked notes whom the newest ring texts.
func (o *offline) asked(ring uint64, to []string) {
	o.ring, o.failed = ring, map[string]bool{}
	for _, owner := range to {
		o.failed[owner] = false
	}
}

// news notes what became of a text. The last word counts: one that was taken may fail later, and one that failed be
// made up for.
func (o *offline) news(n TextNews) {
	if n.Ring == o.ring && o.failed != nil {
		o.failed[n.Owner] = n.State == Failed
	}
}

// textsFail says whether texts are failing: a fault of the texts stands, or every text of the newest ring has failed.
func (m *Machine) textsFail() bool {
	for key := range m.faults {
		if key.part == TextsPart {
			return true
		}
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
