package lock

import (
	"cmp"
	"slices"
	"time"

	"latchd/otp"
)

// texts is the budget: which texts went out within the last day, and which ring asked for them.
type texts struct {
	ring    uint64 // of the newest text
	sent    []sentText
	lastAt  time.Duration // of the newest text, refunded or not
	everOut bool          // lastAt means something
}

type sentText struct {
	at   time.Duration
	ring uint64 // 0: an earlier run's
}

const (
	hour = time.Hour
	day  = 24 * time.Hour
)

// restore puts back the texts of an earlier run, oldest first.
func (t *texts) restore(now time.Duration, ages []time.Duration) {
	for _, age := range ages {
		t.sent = append(t.sent, sentText{at: now - max(0, age)})
	}
	slices.SortFunc(t.sent, func(a, b sentText) int { return cmp.Compare(a.at, b.at) })
	if n := len(t.sent); n > 0 {
		t.lastAt, t.everOut = t.sent[n-1].at, true
	}
}

func (t *texts) ages(now time.Duration) []time.Duration {
	ages := make([]time.Duration, len(t.sent))
	for i, s := range t.sent {
		ages[i] = now - s.at
	}
	return ages
}

// prune forgets texts that are more than a day old.
func (t *texts) prune(now time.Duration) {
	n := 0
	for n < len(t.sent) && now-t.sent[n].at >= day {
		n++
	}
	t.sent = slices.Delete(t.sent, 0, n)
}

// next returns when the day's budget grows again.
func (t *texts) next() time.Duration {
	if len(t.sent) == 0 {
		return never
	}
	return t.sent[0].at + day
}

// left returns how many texts the day's budget still holds.
func (t *texts) left(cfg Config) int { return max(0, cfg.PerDay-len(t.sent)) }

// mostlySpent says whether four fifths of the day's budget are gone. Where they were (already), a ring's worth has to come back
// before they are not: what a ring sets aside, and gets back where no text went out, must not raise and clear a fault each time.
func (t *texts) mostlySpent(cfg Config, already bool) bool {
	limit := cfg.PerDay - cfg.PerDay/5
	if already {
		limit -= len(cfg.Owners)
	}
	return len(t.sent) > 0 && len(t.sent) >= limit
}

// since returns the texts younger than span, oldest first.
func (t *texts) since(now, span time.Duration) []sentText {
	i := slices.IndexFunc(t.sent, func(s sentText) bool { return now-s.at < span })
	if i < 0 {
		return nil
	}
	return t.sent[i:]
}

// refund gives back one text of a ring: it certainly never went out.
func (t *texts) refund(ring uint64) bool {
	i := slices.IndexFunc(t.sent, func(s sentText) bool { return s.ring == ring && ring != 0 })
	if i < 0 {
		return false
	}
	t.sent = slices.Delete(t.sent, i, i+1)
	return true
}

// textLimit returns why a press of the bell would not text anyone now, and for how long that holds ("" and 0: it would).
func (m *Machine) textLimit() (Reason, time.Duration) {
	now, t := m.now.Mono, &m.texts
	if m.tries.Out() {
		return LockedOut, m.tries.Until() - now
	}
	if wait := t.lastAt + m.cfg.MinGap - now; t.everOut && wait > 0 {
		return MinGap, wait
	}
	if of := t.since(now, day); len(of) >= m.cfg.PerDay {
		return PerDay, of[len(of)-m.cfg.PerDay].at + day - now
	}
	if of := t.since(now, hour); len(of) >= m.cfg.PerHour {
		return PerHour, of[len(of)-m.cfg.PerHour].at + hour - now
	}
	if len(m.awake()) == 0 {
		return Quiet, 0
	}
	return "", 0
}

// awake returns the names of the owners who are not in quiet hours.
func (m *Machine) awake() []string {
	var names []string
	for _, o := range m.cfg.Owners {
		if !o.Quiet.Covers(m.now.Wall) {
			names = append(names, o.Name)
		}
	}
	return names
}

// ring takes a press of the bell: told at once, and texted when the rules allow. When the budget does not reach for every
// owner, the first ones in the configuration get theirs, and the others are told of by name.
func (m *Machine) ring(tell bool) {
	reason, wait := m.textLimit()
	short, left := Reason(""), []string(nil)
	if reason == "" {
		short, left = m.text()
	}
	if tell {
		m.emit(Event{Type: BellRung})
	}
	if reason == "" {
		for _, owner := range left {
			if tell && !m.cfg.InTurn { // in turn, most rings need the first one's text alone
				m.emit(Event{Type: BellLimited, Reason: short, Owner: owner})
			}
		}
		m.watchBudget()
		return
	}
	m.do(Feedback{BellNotTexted})
	if tell {
		m.emit(Event{Type: BellLimited, Reason: reason, Wait: wait})
	}
}

// text sends a new code, and returns the owners whom the budget does not reach, and which budget.
func (m *Machine) text() (short Reason, left []string) {
	now, t := m.now.Mono, &m.texts
	ofDay, ofHour := m.cfg.PerDay-len(t.since(now, day)), m.cfg.PerHour-len(t.since(now, hour))
	if short = PerHour; ofDay <= ofHour {
		short = PerDay
	}
	to := m.awake()
	reach := min(len(to), ofDay, ofHour)
	to, left = to[:reach], to[reach:]
	t.ring++
	t.lastAt, t.everOut, m.dirty = now, true, true
	for range to {
		t.sent = append(t.sent, sentText{now, t.ring})
	}
	code := otp.NewCode(m.cfg.Digits)
	m.codes.Put(now, code, m.cfg.TTL)
	m.offline.asked(now, t.ring, to)
	m.do(Text{Ring: t.ring, Code: code, TTL: m.cfg.TTL, To: to, Turn: m.cfg.InTurn})
	return short, left
}

// watchBudget forgets the texts of yesterday, and warns while little of the day's budget is left.
func (m *Machine) watchBudget() {
	m.texts.prune(m.now.Mono)
	_, already := m.faults[faultKey{"texts", "budget"}]
	m.fault(Fault{Part: "texts", Kind: "budget", Standing: m.texts.mostlySpent(m.cfg, already),
		Detail: "four fifths of the day's texts are spent", Hint: "see who rings, in latchd log; texts.per_day is the day's most"})
}

// textNews tells what became of a text.
func (m *Machine) textNews(n TextNews) {
	e := Event{Owner: n.Owner, Phone: n.Phone, Code: n.Code, Detail: n.Detail, Hint: n.Hint}
	switch n.State {
	case Sent:
		e.Type = CodeSent
		m.do(Feedback{TextOnItsWay})
	case Delivered:
		e.Type = CodeDelivered
	case Failed:
		e.Type = CodeFailed
		m.do(Feedback{TextNotSent})
		if n.Unsent && m.texts.refund(n.Ring) {
			m.dirty = true
		}
	case Unneeded: // what was set aside for it is free again
		m.dirty = m.texts.refund(n.Ring) || m.dirty
		m.watchBudget()
		return
	default:
		return
	}
	m.emit(e)
	m.watchBudget()
}
