package main

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"latchd/bench/page"
)

// booted says how long after the kernel's start the strike's line was driven to locked, by the kernel's trace, and systemd
// was told that the door is ready.
func (p *play) booted(*testscript.TestScript, []string) error {
	p.d.witness.mu.Lock()
	var first int64
	for _, m := range p.d.witness.seen {
		if !m.direction || m.out {
			first = m.at
			break
		}
	}
	p.d.witness.mu.Unlock()
	said, err := command("systemctl", "show", "-P", "ActiveEnterTimestampMonotonic", "latchd")
	ready, notNumber := strconv.ParseInt(said, 10, 64)
	if err != nil || notNumber != nil || ready == 0 || first == 0 {
		return fmt.Errorf("driven first at %d ns, ready at %q µs: %v", first, said, err)
	}
	p.said = append(p.said, "boot to locked: "+show(time.Duration(first)), "boot to ready: "+show(time.Duration(ready)*time.Microsecond))
	return nil
}

// exposed says what systemd thinks of the unit.
func (p *play) exposed(*testscript.TestScript, []string) error {
	said, err := command("systemd-analyze", "security", "--no-pager", "latchd")
	if err != nil {
		return err
	}
	_, level, ok := strings.Cut(said, "Overall exposure level for latchd.service: ")
	if !ok {
		return fmt.Errorf("systemd-analyze security says no level: %s", said)
	}
	p.said = append(p.said, "systemd-analyze security: "+strings.Fields(level)[0])
	return nil
}

// reportInstalled writes what the machine whose folder is named measured of the package into BENCHMARKS.md.
func reportInstalled(dir string) error {
	vs, err := readVerdicts(dir)
	if err != nil {
		return err
	}
	if err := printVerdicts(vs); err != nil {
		return err
	}
	aims := map[string]string{"systemd-analyze security": "1.1 or better"}
	var rows []page.Row
	for _, f := range figures(vs) {
		rows = append(rows, page.Row{f.name, spread(f.values), cmp.Or(aims[f.name], "–")})
	}
	if len(rows) == 0 {
		return fmt.Errorf("the machine measured nothing")
	}
	text := "## Installed\n\n`bench/vm/run --installed` wrote this section on " + page.Stamp() + ".\n" +
		"The package as the README installs it, in the virtual machine: emulated, one processor on which every instruction takes 2 ns, without\n" +
		"caches. Do not take the times for a Raspberry Pi's: most of a boot is the kernel's and systemd's own.\n\n" + page.Table(rows)
	return page.Write("BENCHMARKS.md", "installed", text)
}

// figure is what was measured under a name, in turn.
type figure struct {
	name   string
	values []string
}

// figures are those of the scenario boot.
func figures(vs []verdict) (fs []figure) {
	for _, v := range vs {
		for _, said := range v.Said {
			name, value, ok := strings.Cut(said, ": ")
			if !ok || v.Name != "boot" {
				continue
			}
			i := slices.IndexFunc(fs, func(f figure) bool { return f.name == name })
			if i < 0 {
				i, fs = len(fs), append(fs, figure{name: name})
			}
			fs[i].values = append(fs[i].values, value)
		}
	}
	return fs
}

// spread is the median of durations and the longest, or what there is where that is a single one, or no duration.
func spread(values []string) string {
	var ds []time.Duration
	for _, v := range values {
		d, err := time.ParseDuration(strings.ReplaceAll(v, " ", ""))
		if err != nil || len(values) == 1 {
			return v
		}
		ds = append(ds, d)
	}
	slices.Sort(ds)
	return fmt.Sprintf("median %s, longest %s (n = %d)", show(ds[len(ds)/2]), show(ds[len(ds)-1]), len(ds))
}
