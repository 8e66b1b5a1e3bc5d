package main

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"latchd/lock"
)

// eventTypes are the types that events have, in the alphabet's order.
func eventTypes() (types []string) {
	for t := range maps.Keys(plainly) {
		types = append(types, string(t))
	}
	types = append(types, string(lock.FaultRaised), string(lock.FaultCleared))
	slices.Sort(types)
	return types
}

// typeGroups are the patterns of those types that begin alike: "access.*".
func typeGroups() (groups []string) {
	for _, t := range eventTypes() {
		group, _, _ := strings.Cut(t, ".")
		groups = append(groups, group+".*")
	}
	return slices.Compact(groups)
}

// typeTable lists the types, a line for those that begin alike.
func typeTable() string {
	var b strings.Builder
	for _, group := range typeGroups() {
		b.WriteString("  ")
		for _, t := range eventTypes() {
			if ok, _ := path.Match(group, t); ok {
				fmt.Fprintf(&b, "%-17s", t)
			}
		}
		b.WriteString("\n")
	}
	lines := strings.Split(strings.TrimRight(b.String(), "\n"), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

// checkTypes refuses patterns, with commas between them, that no event's type matches. "" is none at all.
func checkTypes(patterns string) error {
	if patterns == "" {
		return nil
	}
	for pattern := range strings.SplitSeq(patterns, ",") {
		known := false
		for _, t := range eventTypes() {
			ok, err := path.Match(pattern, t)
			if err != nil {
				return fmt.Errorf("%w: --type %q is not a pattern: * stands for anything, for example 'access.*'", errUsage, pattern)
			}
			known = known || ok
		}
		if !known {
			return fmt.Errorf("%w: --type %q matches no event's type: the nearest are %s; latchd log --help lists them all", errUsage,
				pattern, strings.Join(nearestTypes(pattern), ", "))
		}
	}
	return nil
}

// nearestTypes are the three types and groups that share the most pairs of letters with a word.
func nearestTypes(word string) []string {
	pairs := func(s string) map[string]bool {
		set := map[string]bool{}
		for i := range max(len(s)-1, 0) {
			set[s[i:i+2]] = true
		}
		return set
	}
	own := pairs(strings.ToLower(word))
	unlike := func(s string) float64 { // Dice's coefficient, turned round
		theirs, both := pairs(s), 0
		for pair := range theirs {
			if own[pair] {
				both++
			}
		}
		return -2 * float64(both) / float64(len(own)+len(theirs))
	}
	all := slices.Concat(eventTypes(), typeGroups())
	slices.SortStableFunc(all, func(a, b string) int { return cmp.Compare(unlike(a), unlike(b)) })
	return all[:3]
}
