package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"latchd/configs"
)

// systemctl puts a script in the place of the program.
func systemctl(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "systemctl")
	putText(t, path, "#!/bin/sh\n"+script+"\n")
	if err := os.Chmod(path, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

func TestTheServiceIsLookedAt(t *testing.T) {
	dir := t.TempDir()
	config, site, secret := filepath.Join(dir, "latchd.toml"), filepath.Join(dir, "site.toml"), filepath.Join(dir, "word")
	drop := filepath.Join(dir, "drop.conf")
	for _, file := range []string{config, site, secret, drop} {
		putText(t, file, "")
	}
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		t.Fatal(err)
	}
	minutesAgo := func(m int64) int64 { return now.Nano()/1000 - m*60_000_000 }
	good := map[string]string{"LoadState": "loaded", "UnitFileState": "enabled", "ActiveState": "active", "SubState": "running", "Result": "success",
		"NeedDaemonReload": "no", "DropInPaths": "/run/more.conf " + drop}
	for name, c := range map[string]struct {
		changed map[string]string
		touched map[string]int64 // minutes ago; the others long ago
		want    []string
	}{
		"well":               {nil, nil, []string{"ok    service: at work, and starts at boot"}},
		"not enabled":        {map[string]string{"UnitFileState": "disabled"}, nil, []string{"warn  service: it does not start at boot: systemctl enable latchd"}},
		"until the reboot":   {map[string]string{"UnitFileState": "enabled-runtime"}, nil, []string{"warn  service: it does not start at boot: "}},
		"stopped":            {map[string]string{"ActiveState": "inactive"}, nil, []string{"warn  service: it is stopped: systemctl start latchd"}},
		"never started":      {map[string]string{"ActiveState": "inactive", "UnitFileState": "disabled"}, nil, []string{"warn  service: it is stopped, and does not start at boot: systemctl enable --now latchd"}},
		"failed":             {map[string]string{"ActiveState": "failed", "Result": "exit-code"}, nil, []string{"warn  service: it does not stay up (exit-code): journalctl -u latchd"}},
		"starting for ever":  {map[string]string{"ActiveState": "activating", "SubState": "auto-restart", "Result": "signal"}, nil, []string{"warn  service: it does not stay up (signal): "}},
		"starting":           {map[string]string{"ActiveState": "activating", "SubState": "start-pre"}, nil, []string{"warn  service: it is activating: "}},
		"masked":             {map[string]string{"LoadState": "masked", "ActiveState": "inactive", "UnitFileState": "masked"}, nil, []string{"warn  service: it is masked"}},
		"a bad unit":         {map[string]string{"LoadState": "bad-setting", "ActiveState": "inactive"}, nil, []string{"warn  service: systemd does not take its unit (bad-setting): "}},
		"not there":          {map[string]string{"LoadState": "not-found", "ActiveState": "inactive"}, nil, nil},
		"a changed unit":     {map[string]string{"NeedDaemonReload": "yes"}, nil, []string{"warn  service: its unit or a drop-in has changed: systemctl daemon-reload && systemctl restart latchd"}},
		"a new drop-in":      {map[string]string{"DropInPaths": "/run/gone.conf"}, nil, []string{"warn  service: its unit or a drop-in has changed: "}},
		"a new file":         {nil, map[string]int64{config: 1}, []string{"warn  service: changed since the door read it: " + config + ": systemctl restart latchd"}},
		"a reloaded file":    {nil, map[string]int64{config: 3}, []string{"ok    service: "}},
		"a new site's file":  {nil, map[string]int64{site: 1}, []string{"warn  service: changed since the door read it: " + site + ": "}},
		"a new secret":       {nil, map[string]int64{secret: 3}, []string{"warn  service: changed since the door read it: " + secret + ": "}},
		"a new file, idle":   {map[string]string{"ActiveState": "inactive"}, map[string]int64{config: 1}, []string{"warn  service: it is stopped: "}},
		"enabled for a file": {map[string]string{"UnitFileState": "disabled"}, map[string]int64{config: 1}, []string{"warn  service: it does not start", "warn  service: changed since"}},
	} {
		script := fmt.Sprintf(`test "$1 $2" = "show latchd.service" || exit 1
echo ExecMainStartTimestampMonotonic=%d
echo StateChangeTimestampMonotonic=%d`, minutesAgo(4), minutesAgo(2))
		for key, value := range good {
			if v, ok := c.changed[key]; ok {
				value = v
			}
			script += fmt.Sprintf("\necho '%s=%s'", key, value)
		}
		systemctl(t, script)
		for _, file := range []string{config, site, secret} {
			at := time.Now().Add(-time.Hour)
			if m, ok := c.touched[file]; ok {
				at = time.Now().Add(-time.Duration(m) * time.Minute)
			}
			if err := os.Chtimes(file, at, at); err != nil {
				t.Fatal(err)
			}
		}
		var out strings.Builder
		r := &report{out: &out, cfg: &configs.Config{Include: "site.toml"}, service: installed(t, "LoadCredential=mqtt-password:"+secret+"\n")}
		r.service.drops = []string{drop}
		r.daemon(t.Context(), config)
		lines := strings.FieldsFunc(out.String(), func(c rune) bool { return c == '\n' })
		if len(lines) != len(c.want) || r.failed {
			t.Errorf("%s: %q, want %q", name, lines, c.want)
			continue
		}
		for i, want := range c.want {
			if !strings.HasPrefix(lines[i], want) {
				t.Errorf("%s: %q, want %q", name, lines[i], want)
			}
		}
	}
}

func TestWithoutSystemdNothingIsSaidOfTheService(t *testing.T) {
	systemctl(t, "echo System has not been booted with systemd as init system >&2; exit 1")
	var out strings.Builder
	(&report{out: &out, service: installed(t, "")}).daemon(t.Context(), "latchd.toml")
	t.Setenv("PATH", t.TempDir())
	(&report{out: &out, service: installed(t, "")}).daemon(t.Context(), "latchd.toml")
	if out.Len() > 0 {
		t.Errorf("%q", &out)
	}
}
