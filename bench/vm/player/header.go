package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// The chips of a Raspberry Pi 5: the header's is the fifth, and the unit lets the daemon see the first one too.
const (
	headerLabel = "pinctrl-rp1"
	headerLines = 28
	decoys      = 4
	configfs    = "/sys/kernel/config/gpio-sim"
	tracefs     = "/sys/kernel/tracing"
)

// header is the chip that carries the 40-pin header's lines.
type header struct {
	chip  string // "gpiochip4"
	sysfs string // the folder of its lines' pulls and values
	base  int    // the number of its first line in the kernel's trace
}

// makeHeader makes the chips, and has the kernel record from now on whatever happens to the strike's line.
func makeHeader() error {
	if _, err := os.Stat(configfs); err != nil {
		if out, err := exec.Command("modprobe", "gpio-sim").CombinedOutput(); err != nil {
			return fmt.Errorf("load gpio-sim: %w: %s", err, out)
		}
		if _, err := os.Stat(configfs); err != nil {
			exec.Command("mount", "-t", "configfs", "configfs", "/sys/kernel/config").Run()
		}
	}
	for n := range decoys {
		names := []string{"", "BT_ON", "WL_ON", "PWR_LED", "GPIO17"} // one by the name of a line that the door uses
		if err := makeChip(fmt.Sprintf("decoy%d", n), "gpio-brcmstb@"+strconv.Itoa(n), names); err != nil {
			return err
		}
	}
	names := make([]string, headerLines)
	for n := range names {
		names[n] = fmt.Sprintf("GPIO%d", n)
	}
	if err := makeChip("header", headerLabel, names); err != nil {
		return err
	}
	h, err := findHeader()
	if err != nil {
		return err
	}
	return h.record("witness", h.only(strikeLine))
}

func makeChip(name, label string, lines []string) error {
	dir := filepath.Join(configfs, name)
	set := func(file, value string) error {
		path := filepath.Join(dir, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		return os.WriteFile(path, []byte(value), 0o644)
	}
	if err := os.MkdirAll(filepath.Join(dir, "bank"), 0o755); err != nil {
		return err
	}
	err := firstError(
		func() error { return set("bank/num_lines", strconv.Itoa(len(lines))) },
		func() error { return set("bank/label", label) })
	for n, line := range lines {
		if err == nil && line != "" {
			err = set(fmt.Sprintf("bank/line%d/name", n), line)
		}
	}
	if err == nil {
		err = set("live", "1")
	}
	if err != nil {
		return fmt.Errorf("make the chip %s: %w", label, err)
	}
	return nil
}

func firstError(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// removeHeader takes the chips away again, from a host that is to go on without them.
func removeHeader() {
	for _, name := range []string{"decoy0", "decoy1", "decoy2", "decoy3", "header"} {
		dir := filepath.Join(configfs, name)
		os.WriteFile(filepath.Join(dir, "live"), []byte("0"), 0o644)
		lines, _ := filepath.Glob(filepath.Join(dir, "bank/line*"))
		for _, path := range append(lines, filepath.Join(dir, "bank"), dir) {
			os.Remove(path)
		}
	}
}

func findHeader() (header, error) {
	chip, err := readWord(filepath.Join(configfs, "header/bank/chip_name"))
	if err != nil {
		return header{}, err
	}
	device, err := readWord(filepath.Join(configfs, "header/dev_name"))
	if err != nil {
		return header{}, err
	}
	h := header{chip: chip, sysfs: filepath.Join("/sys/devices/platform", device, chip)}
	bases, _ := filepath.Glob("/sys/class/gpio/gpiochip*")
	for _, dir := range bases {
		if label, _ := readWord(filepath.Join(dir, "label")); label == headerLabel {
			base, err := readWord(filepath.Join(dir, "base"))
			if err != nil {
				return h, err
			}
			h.base, err = strconv.Atoi(base)
			return h, err
		}
	}
	return h, fmt.Errorf("find the number of the header's first line: no %s under /sys/class/gpio", headerLabel)
}

func readWord(path string) (string, error) {
	b, err := os.ReadFile(path)
	return strings.TrimSpace(string(b)), err
}

func (h header) file(line int, name string) string {
	return filepath.Join(h.sysfs, fmt.Sprintf("sim_gpio%d", line), name)
}

// only is the trace's filter for what is done to these lines.
func (h header) only(lines ...int) string {
	terms := make([]string, len(lines))
	for i, line := range lines {
		terms[i] = fmt.Sprintf("gpio==%d", h.base+line)
	}
	return "(" + strings.Join(terms, "||") + ")"
}

// record has the kernel record every level and direction that these lines are given, in a buffer of that name.
func (h header) record(name, filter string) error {
	dir := filepath.Join(tracefs, "instances", name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, s := range [][2]string{
		{"trace_clock", "mono"}, {"buffer_percent", "0"}, {"buffer_size_kb", "512"},
		{"events/gpio/gpio_value/filter", filter + "&&get==0"}, {"events/gpio/gpio_direction/filter", filter},
		{"events/gpio/gpio_value/enable", "1"}, {"events/gpio/gpio_direction/enable", "1"},
	} {
		if err := os.WriteFile(filepath.Join(dir, s[0]), []byte(s[1]), 0o644); err != nil {
			return fmt.Errorf("record the lines: %s: %w", s[0], err)
		}
	}
	return nil
}

// move is what the kernel recorded of one line.
type move struct {
	at        int64 // CLOCK_MONOTONIC, ns
	line      int
	direction bool // else a level
	out       bool // of a direction
	high      bool // of a level
}

// parseMove reads a line of the trace such as "latchd-71 [000] ..... 12.345678: gpio_value: 529 set 1". Other lines are
// not ok.
func (h header) parseMove(text string) (m move, ok bool) {
	kind := strings.Index(text, ": gpio_")
	if kind < 0 {
		return m, false
	}
	stamp := text[strings.LastIndexByte(text[:kind], ' ')+1 : kind]
	seconds, micros, _ := strings.Cut(stamp, ".")
	s, err1 := strconv.ParseInt(seconds, 10, 64)
	us, err2 := strconv.ParseInt(micros, 10, 64)
	words := strings.Fields(text[kind+2:])
	if err1 != nil || err2 != nil || len(words) < 4 {
		return m, false
	}
	number, err := strconv.Atoi(words[1])
	m = move{at: s*1e9 + us*1e3, line: number - h.base, direction: words[0] == "gpio_direction:",
		out: words[2] == "out", high: words[3] == "1"}
	return m, err == nil
}
