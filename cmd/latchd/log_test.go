package main

import (
	"errors"
	"strings"
	"testing"
	"time"

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
		"2026-11-01":           time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC),
		"2026-11-01 08:15":     time.Date(2026, 11, 1, 8, 15, 0, 0, time.UTC),
		"2026-11-01T08:15:00Z": time.Date(2026, 11, 1, 8, 15, 0, 0, time.UTC),
	} {
		if got, err := parseSince(s, now); err != nil || !got.Equal(want) {
			t.Errorf("%q: %v, %v, want %v", s, got, err, want)
		}
	}
	for _, s := range []string{"soon", "-1h", "2026-13-01", "5"} {
		if got, err := parseSince(s, now); !errors.Is(err, errUsage) {
			t.Errorf("%q: %v, %v", s, got, err)
		}
	}
}

func TestALineOfTheLogReadsFromLeftToRight(t *testing.T) {
	at := time.Date(2026, 11, 20, 23, 59, 59, 0, time.Local)
	for want, e := range map[string]lock.Event{
		"2026-11-20 23:59:59  access.denied    code wrong_code": {At: at, Clock: "synced", Type: lock.AccessDenied, Method: lock.ByCode,
			Reason: lock.WrongCode},
		"2026-11-20 23:59:59? code.failed      Ada …21 (Twilio 21610) - it said STOP - ask for START": {At: at, Clock: "unset",
			Type: lock.CodeFailed, Owner: "Ada", Phone: "…21", Code: 21610, Detail: "it said STOP", Hint: "ask for START"},
		"2026-11-20 23:59:59  lockout.started  for 10m0s": {At: at, Clock: "synced", Type: lock.LockoutStarted, Wait: 10 * time.Minute},
	} {
		var b strings.Builder
		if err := printEvent(&b, e, false); err != nil || strings.TrimRight(b.String(), " \n") != want {
			t.Errorf("%q, want %q (%v)", b.String(), want, err)
		}
	}
}
