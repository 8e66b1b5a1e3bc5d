package lock

import (
	"cmp"
	"strings"
)

// JournalPart is the part whose fault means that counts cannot be kept: lockouts are the longest while it stands.
const JournalPart = "journal"

type faultKey struct{ part, kind string }

func keyOf(f Fault) faultKey { return faultKey{f.Part, f.Kind} }

func compareKeys(a, b faultKey) int {
	return cmp.Or(strings.Compare(a.part, b.part), strings.Compare(a.kind, b.kind))
}

// fault takes news of a part. Each fault is told once when it is raised and once when it clears.
func (m *Machine) fault(f Fault) {
	if !f.Standing {
		m.clearFault(f, 0)
		return
	}
	key := keyOf(f)
	_, known := m.faults[key]
	m.faults[key] = f
	if !known {
		m.emit(Event{Type: FaultRaised, Part: f.Part, Reason: Reason(f.Kind), Detail: f.Detail, Hint: f.Hint})
	}
}

func (m *Machine) clearFault(f Fault, folded int) {
	key := keyOf(f)
	old, known := m.faults[key]
	if !known {
		return
	}
	delete(m.faults, key)
	if f.Part == JournalPart {
		m.dirty = true // what could not be saved is saved now
	}
	m.emit(Event{Type: FaultCleared, Part: f.Part, Reason: Reason(f.Kind), Detail: cmp.Or(f.Detail, old.Detail), Count: folded})
}

// strict says whether failure counts cannot be kept now: each lockout is then the longest.
func (m *Machine) strict() bool {
	for key := range m.faults {
		if key.part == JournalPart {
			return true
		}
	}
	return false
}
