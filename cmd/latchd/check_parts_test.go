package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"latchd/configs"
	"latchd/systemd"
	"latchd/wiring"
)

func listeningAt(address string) *configs.Config {
	cfg := configs.Default()
	cfg.Web.Listen = address
	return &cfg
}

func TestAnAddressThatIsTakenNamesTheHolderUnlessItIsTheDoor(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	cfg := listeningAt(l.Addr().String())
	cfg.Journal.Path = t.TempDir()
	said := func() string {
		var out strings.Builder
		(&report{out: &out}).address(cfg)
		return out.String()
	}
	if got, want := said(), fmt.Sprintf("process %d: stop that program", os.Getpid()); !strings.HasPrefix(got, "fail") || !strings.Contains(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	caller, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer caller.Close()
	_, port, _ := net.SplitHostPort(caller.LocalAddr().String())
	if holders := listening(port); len(holders) > 0 {
		t.Errorf("a caller's port counts as listened at by %v", holders)
	}
	lock, err := os.Create(filepath.Join(cfg.Journal.Path, "lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if got := said(); got != "" {
		t.Errorf("the door's own address: %q", got)
	}
	lock.Close()
	l.Close()
	if got := said(); got != "" {
		t.Errorf("a free address: %q", got)
	}
	for address, want := range map[string]string{
		"192.0.2.1:8443":        "warn  pages: this machine has no address 192.0.2.1:8443 now", // of RFC 5737, nobody's
		"127.0.0.1:nosuchplace": "fail  pages: ",
	} {
		cfg.Web.Listen = address
		if got := said(); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
}

func TestAJournalsRoomIsLookedAt(t *testing.T) {
	for want, c := range map[string]struct{ free, inodes uint64 }{
		"ok    journal: /j":                              {littleRoom, littleInodes},
		"warn  journal: the disk of /j has 49 MB left":   {littleRoom - 1, littleInodes},
		"fail  journal: the disk of /j is full":          {noRoom - 1, littleInodes},
		"warn  journal: the disk of /j takes 99 more":    {littleRoom, littleInodes - 1},
		"fail  journal: the disk of /j takes no more":    {littleRoom, noInodes - 1},
		"fail  journal: the disk of /j is full: lockout": {0, 0},
	} {
		var out strings.Builder
		(&report{out: &out}).roomFor("/j", c.free, c.inodes)
		if !strings.HasPrefix(out.String(), want) {
			t.Errorf("%q, want %q", out.String(), want)
		}
	}
	var out strings.Builder
	(&report{out: &out}).room("/j", t.TempDir())
	if !strings.Contains(out.String(), "journal: ") || strings.Contains(out.String(), "see how much") {
		t.Errorf("a real disk: %q", out.String())
	}
	out.Reset()
	(&report{out: &out}).room("/proc/door", "/proc")
	if want := "fail  journal: the file system of /proc/door is not a disk"; !strings.HasPrefix(out.String(), want) {
		t.Errorf("%q, want %q", out.String(), want)
	}
	out.Reset()
	(&report{out: &out}).folder("/proc/sys/kernel/door") // nobody can make a folder there, root neither
	if !strings.HasPrefix(out.String(), "fail  journal: ") {
		t.Errorf("%q", out.String())
	}
}

func TestTheClockIsSeenAsTheDaemonSeesIt(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	vienna := now.In(time.FixedZone("CET", 3600))
	shut := &service{unit: unit{"ProtectClock": {"yes"}}}
	seen := "ok    clock: "
	if !systemd.TimesyncdSynced() {
		seen = "warn  clock: it is right, but the service cannot see that"
	}
	for name, c := range map[string]struct {
		at          time.Time
		set, synced bool
		service     *service
		offline     configs.Offline
		quiet       string
		want        []string // a line each
	}{
		"right":                      {vienna, true, true, nil, configs.Offline{}, "", []string{"ok    clock: "}},
		"never set":                  {time.Unix(0, 0).UTC(), false, false, nil, configs.Offline{}, "", []string{"fail  clock: it says 1970-01-01"}},
		"unsure":                     {vienna, true, false, nil, configs.Offline{}, "", []string{"warn  clock: it is not known to be right: events say unsynced: "}},
		"unsure, with offline codes": {vienna, true, false, nil, configs.Offline{Code: "always"}, "", []string{"unsynced, and no offline code opens: see timedatectl"}},
		"by the service":             {vienna, true, true, shut, configs.Offline{}, "", []string{seen}},
		"quiet hours":                {vienna, true, true, nil, configs.Offline{}, "22:00-07:00", []string{"ok"}},
		"quiet hours without a zone": {now, true, true, nil, configs.Offline{}, "22:00-07:00", []string{"ok", "warn  clock: the machine's time zone is UTC"}},
		"no zone":                    {now, true, true, nil, configs.Offline{}, "", []string{"ok"}},
	} {
		cfg := configs.Default()
		cfg.Offline, cfg.Owner = c.offline, []configs.Owner{{Name: "Ada", Quiet: c.quiet}}
		var out strings.Builder
		(&report{out: &out, service: c.service}).clock(&cfg, c.at, c.set, c.synced)
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		for i, want := range c.want {
			if len(lines) != len(c.want) || !strings.Contains(lines[i], want) {
				t.Errorf("%s: %q, want %q", name, lines, c.want)
				break
			}
		}
	}
}

func TestASimulatedBoardIsAskedForNoLineThatAHeaderLacks(t *testing.T) {
	for line, sound := range map[string]bool{
		"GPIO0": true, "GPIO9": true, "GPIO10": true, "GPIO27": true, "GPIO28": false, "GPIO99": false, "GPIO012": false, "gpio4": false,
		"GPIO12:low": false, "GND": false, "GPIO": false,
	} {
		cfg := configs.Default()
		cfg.Board.Driver, cfg.Contact.Line, cfg.Feedback.Red = "sim", line, line
		var out strings.Builder
		(&report{out: &out}).lines(&cfg)
		want := "ok    board: simulated, "
		if !sound {
			want = "warn  board: simulated, with lines that no Pi's header has: " + line + ": "
		}
		if !strings.HasPrefix(out.String(), want) {
			t.Errorf("%s: %q, want %q", line, out.String(), want)
		}
	}
}

func TestWhatElseIsOnALineIsWarnedOfOnce(t *testing.T) {
	usual := wiring.Plan{Strike: wiring.Output{Line: "GPIO17"}, Bell: wiring.Input{Line: "GPIO26", ActiveLow: true}}
	for name, c := range map[string]struct {
		change func(*wiring.Plan)
		want   []string // in a warning each
	}{
		"a usual door":                        {func(*wiring.Plan) {}, nil},
		"a low relay":                         {func(p *wiring.Plan) { p.Strike = wiring.Output{Line: "GPIO4", ActiveLow: true} }, nil},
		"a strike that moves at power-on":     {func(p *wiring.Plan) { p.Strike.Line = "GPIO4" }, nil}, // the configuration's warnings say it
		"a bell on the serial console":        {func(p *wiring.Plan) { p.Bell.Line = "GPIO15" }, []string{"GPIO15"}},
		"a contact and a switch of the board": {func(p *wiring.Plan) { p.Contact.Line, p.Tamper.Line = "GPIO0", "GPIO1" }, []string{"GPIO0", "GPIO1"}},
		"a tamper switch off the header":      {func(p *wiring.Plan) { p.Tamper.Line = "GPIO40" }, []string{"GPIO40"}},
	} {
		p := usual
		c.change(&p)
		got := wireWarnings(p)
		if len(got) != len(c.want) {
			t.Errorf("%s: %q", name, got)
			continue
		}
		for i := range c.want {
			if !strings.Contains(got[i], c.want[i]) {
				t.Errorf("%s: %q, want %q", name, got, c.want)
			}
		}
	}
}
