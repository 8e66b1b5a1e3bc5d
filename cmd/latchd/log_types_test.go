package main

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestAPatternThatNoTypeMatchesIsRefusedWithTheNearest(t *testing.T) {
	for _, known := range []string{"", "*", "access.*", "access.granted", "*.rung", "bell.rung,fault.*", "[a-c]*", "lock*"} {
		if err := checkTypes(known); err != nil {
			t.Errorf("%q: %v", known, err)
		}
	}
	for pattern, want := range map[string]string{
		"acess.*": "access.*", "access.grant": "access.granted", "bel.rung": "bell.rung", "lockout": "lockout.*", "faults.*": "fault.*",
		"access.*,dor.opened": "door.opened", "Access.denied": "access.denied", "access.* ": "access.*", "[": "not a pattern",
		",": "matches no event's type", "é": "matches no event's type",
	} {
		if err := checkTypes(pattern); !errors.Is(err, errUsage) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", pattern, err, want)
		}
	}
}

func TestTheHelpOfTheLogListsEveryType(t *testing.T) {
	types := eventTypes()
	for _, typ := range lockTypes(t) {
		if !slices.Contains(types, typ) || !strings.Contains(newLog().Long, typ) {
			t.Errorf("%s is missing", typ)
		}
	}
}
