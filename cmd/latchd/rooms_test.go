package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// rooms is who may import whom within the project. The domain knows no adapter, and no adapter knows another.
var rooms = map[string][]string{
	"otp":             {},
	"lock":            {"otp"},
	"configs":         {"lock"},
	"keypad":          {"lock"},
	"board":           {"lock"},
	"board/sim":       {},
	"sms":             {"lock", "otp"},
	"sms/standin":     {},
	"mqtt":            {"lock"},
	"journal":         {"lock"},
	"signin":          {"lock", "otp"},
	"web":             {"lock", "signin"},
	"wiring":          {},
	"setup":           {"configs"},
	"systemd":         {},
	"daemon":          {"lock"},
	"cmd/latchd":      nil, // puts all of it together
	"bench/badnet":    {},
	"bench/broker":    nil,
	"bench/door":      {"board/sim", "sms/standin"},
	"bench/figures":   nil,
	"bench/fleet":     nil,
	"bench/mochi":     {},
	"bench/mosquitto": {},
	"bench/page":      {},
	"bench/pages":     nil,
	"bench/proc":      {},
	"bench/standin":   {"sms/standin"},
	"bench/texts":     nil,
	"bench/vm/player": {"sms/standin", "bench/page"},
	"packaging":       {"configs", "bench/page"},
}

func TestNoRoomReachesIntoAnother(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "latchd/...").CombinedOutput()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, out)
	}
	seen := 0
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		room := strings.TrimPrefix(words[0], "latchd/")
		allowed, known := rooms[room]
		if !known {
			t.Errorf("%s stands in no plan: add it here and to ARCHITECTURE.md", room)
		}
		seen++
		for _, imported := range words[1:] {
			other, ours := strings.CutPrefix(imported, "latchd/")
			if ours && allowed != nil && !slices.Contains(allowed, other) {
				t.Errorf("%s imports %s", room, other)
			}
		}
	}
	if seen != len(rooms) {
		t.Errorf("%d rooms, %d in the plan", seen, len(rooms))
	}
}
