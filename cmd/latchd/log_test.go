package main

import (
	"cmp"
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"latchd/journal"
	"latchd/lock"
)

func TestSinceTakesSpansDaysAndTimes(t *testing.T) {
	now := time.Date(2026, 11, 20, 15, 30, 0, 0, time.UTC)
	for s, want := range map[string]time.Time{
		"":                     {},
		"90m":                  now.Add(-90 * time.Minute),
		"7d":                   now.AddDate(0, 0, -7),
		"today":                time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC),
		"yesterday":            time.Date(2026, 11, 19, 0, 0, 0, 0, time.UTC),
		"08:15":                time.Date(2026, 11, 20, 8, 15, 0, 0, time.UTC),
		"18:00":                time.Date(2026, 11, 20, 18, 0, 0, 0, time.UTC), // yet to come
		"2026-11-01":           time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC),
		"2026-11-01 08:15":     time.Date(2026, 11, 1, 8, 15, 0, 0, time.UTC),
		"2026-11-01T08:15:00Z": time.Date(2026, 11, 1, 8, 15, 0, 0, time.UTC),
	} {
		if got, err := parseSince(s, now); err != nil || !got.Equal(want) {
			t.Errorf("%q: %v, %v, want %v", s, got, err, want)
		}
	}
	for _, s := range []string{"soon", "-1h", "2026-13-01", "5", "24:00", "18:60", "18:00:00"} {
		if got, err := parseSince(s, now); !errors.Is(err, errUsage) {
			t.Errorf("%q: %v, %v", s, got, err)
		}
	}
}

func TestALineOfTheLogReadsFromLeftToRight(t *testing.T) {
	at := time.Date(2026, 11, 20, 23, 59, 59, 0, time.Local)
	for want, e := range map[string]lock.Event{
		"2026-11-20 23:59:59  access.denied    refused: wrong code": {Type: lock.AccessDenied, Method: lock.ByCode, Reason: lock.WrongCode},
		"2026-11-20 23:59:59? code.failed      text failed for Ada …21 (Twilio 21610) - it said STOP - ask for START": {Clock: "unset",
			Type: lock.CodeFailed, Owner: "Ada", Phone: "…21", Code: 21610, Detail: "it said STOP", Hint: "ask for START"},
		"2026-11-20 23:59:59  lockout.started  too many wrong codes: the keypad is locked, for 10m, lockouts: 1": {
			Type: lock.LockoutStarted, Method: lock.ByCode, Wait: 10 * time.Minute, Level: new(1)},
		"2026-11-20 23:59:59  access.granted   opened by Ada from the console": {Type: lock.AccessGranted, Owner: "Ada", Method: lock.ByConsole},
		"2026-11-20 23:59:59  access.granted   opened with a code - offline code": {Type: lock.AccessGranted, Method: lock.ByCode,
			Detail: "offline code"},
		"2026-11-20 23:59:59  command.refused  UNLOCK refused over MQTT: more than 10 s old": {Type: lock.CommandRefused,
			Action: lock.Unlock, Method: lock.ByMQTT, Reason: lock.Stale},
		"2026-11-20 23:59:59  bell.limited     no text was sent: one went out just before, for 42s": {Type: lock.BellLimited,
			Reason: lock.MinGap, Wait: 42 * time.Second},
		"2026-11-20 23:59:59  fault.raised     journal (unwritable) - disk full - make room": {Type: lock.FaultRaised, Part: "journal",
			Reason: "unwritable", Detail: "disk full", Hint: "make room"},
		"2026-11-20 23:59:59  fault.cleared    bell (flapping) is well again (12 more)": {Type: lock.FaultCleared, Part: "bell",
			Reason: "flapping", Count: 12},
		"2026-11-20 23:59:59  fault.cleared    mqtt is well again": {Type: lock.FaultCleared, Part: "mqtt", Detail: "connection refused"},
		"2026-11-20 23:59:59  fault.cleared    journal: 3 events lost before this one": {Type: lock.FaultCleared,
			Part: "journal", Reason: journal.Lost, Count: 3, Detail: "3 events lost before this one"},
		"2026-11-20 23:59:59  made.tomorrow    with a wand: a reason": {Type: "made.tomorrow", Method: "with a wand", Reason: "a reason"},
	} {
		e.At, e.Clock = at, cmp.Or(e.Clock, "synced")
		var b strings.Builder
		l := newLogLines(&b, &b)
		if err := l.print(e); err != nil || b.String() != want+"\n" {
			t.Errorf("%q, want %q (%v)", b.String(), want, err)
		}
	}
}

func TestEveryTypeAndReasonHasWords(t *testing.T) {
	for name, typ := range lockTypes(t) {
		if name == "FaultRaised" || name == "FaultCleared" {
			continue // told by their part
		}
		if plainly[lock.Type(typ)] == "" {
			t.Errorf("%s has no words", typ)
		}
	}
}

// lockTypes are the types of events by their names in the source, so that none is forgotten.
func lockTypes(t *testing.T) map[string]string {
	t.Helper()
	source, err := os.ReadFile("../../lock/event.go")
	if err != nil {
		t.Fatal(err)
	}
	types := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^\t(\w+) +Type = "(.*)"$`).FindAllStringSubmatch(string(source), -1) {
		types[m[1]] = m[2]
	}
	if len(types) < 20 {
		t.Fatalf("only %d types", len(types))
	}
	return types
}

func TestATerminalHasDaysColoursAndFoldedLines(t *testing.T) {
	var b strings.Builder
	l := &logLines{out: &b, days: true, colours: true, width: 60}
	evening := time.Date(2026, 11, 20, 23, 59, 59, 0, time.Local)
	for i, e := range []lock.Event{
		{At: evening.Add(-time.Second), Clock: "unsynced", Type: lock.BellRung},
		{At: evening, Clock: "unset", Type: lock.BellRung},
		{At: evening.Add(time.Second), Clock: "synced", Type: lock.AccessDenied, Reason: lock.NoCode},
		{At: evening.Add(2 * time.Second), Clock: "synced", Type: lock.FaultRaised, Part: "twilio", Detail: "the account has no money left", Hint: "top it up"},
	} {
		if err := l.print(e); err != nil {
			t.Fatal(i, err)
		}
	}
	want := "\x1b[1mFriday, 20 November 2026\x1b[0m\n" +
		"\x1b[2m?: by a clock that was not known to be right\x1b[0m\n" +
		"23:59:58? \x1b[1mbell.rung       \x1b[0m the bell rang\n" +
		"23:59:59? \x1b[1mbell.rung       \x1b[0m the bell rang\n" +
		"\x1b[1mSaturday, 21 November 2026\x1b[0m\n" +
		"00:00:00  \x1b[31maccess.denied   \x1b[0m refused: no code is live\n" +
		"00:00:01  \x1b[31mfault.raised    \x1b[0m twilio - the account has no money\n" +
		"                           left - top it up\n"
	if b.String() != want {
		t.Errorf("%q\nwant\n%q", b.String(), want)
	}
}
