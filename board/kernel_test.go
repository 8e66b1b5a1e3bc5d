package board

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"periph.io/x/conn/v3/gpio"

	"latchd/lock"
)

var simulated bool

// simulatedChip has the kernel's gpio-sim make a chip with the lines of a header, and returns its label and the folder
// where its lines' pulls and values are. It skips the test where there is no gpio-sim.
func simulatedChip(t *testing.T) (label, sysfs string) {
	if simulated {
		t.Skip("periph reads the machine's chips once in a process: only the first run has the simulated one")
	}
	simulated = true
	const configfs = "/sys/kernel/config/gpio-sim"
	if _, err := os.Stat(configfs); err != nil {
		t.Skip("no gpio-sim: it takes root, a mounted configfs and `modprobe gpio-sim`")
	}
	dir := filepath.Join(configfs, fmt.Sprintf("latchd-test-%d", os.Getpid()))
	label = filepath.Base(dir)
	set := func(file, value string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, file), []byte(value), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	mkdir := func(name string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.Remove(path) })
	}
	mkdir("")
	mkdir("bank")
	set("bank/num_lines", "28")
	set("bank/label", label)
	for n := range 28 {
		mkdir(fmt.Sprintf("bank/line%d", n))
		set(fmt.Sprintf("bank/line%d/name", n), fmt.Sprintf("GPIO%d", n))
	}
	set("live", "1")
	t.Cleanup(func() { os.WriteFile(filepath.Join(dir, "live"), []byte("0"), 0o600) })
	read := func(file string) string {
		b, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(b))
	}
	return label, filepath.Join("/sys/devices/platform", read("dev_name"), read("bank/chip_name"))
}

func TestBoardOnTheKernelsLines(t *testing.T) {
	label, sysfs := simulatedChip(t)
	value := func(line int) string {
		b, err := os.ReadFile(filepath.Join(sysfs, fmt.Sprintf("sim_gpio%d/value", line)))
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(b))
	}
	pull := func(line int, to string) {
		if err := os.WriteFile(filepath.Join(sysfs, fmt.Sprintf("sim_gpio%d/pull", line)), []byte(to), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	open := func() *Board {
		t.Helper()
		lines, err := OpenLinux(label)
		if err != nil {
			t.Fatal(err)
		}
		b, err := Open(lines, Wiring{
			Rows: []string{"GPIO5", "GPIO6"}, Cols: []string{"GPIO16", "GPIO20"}, Settle: 20 * time.Microsecond,
			Bell:   Input{Line: "GPIO26", ActiveLow: true, Debounce: 20 * time.Millisecond},
			Strike: Output{Line: "GPIO17", ActiveLow: true},
		})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	b := open()
	if v := value(17); v != "1" {
		t.Errorf("the strike's line is %s, want its locked level, 1", v)
	}
	if err := Secure(label, "GPIO17", true); !errors.Is(err, ErrBusy) || !strings.Contains(err.Error(), `held by "latchd"`) {
		t.Errorf("Secure beside the board: %v", err)
	}
	if err := b.Strike.Open(time.Hour); err != nil || value(17) != "0" {
		t.Errorf("Open: %v, line %s", err, value(17))
	}
	if err := b.Strike.Lock(); err != nil || value(17) != "1" {
		t.Errorf("Lock: %v, line %s", err, value(17))
	}

	told, ended := make(chan lock.Input), make(chan error)
	go func() { ended <- b.Switches[0].Run(t.Context(), func(in lock.Input) { told <- in }) }()
	<-told
	pull(26, "pull-down")
	if in := <-told; in != (lock.Level{Sensor: lock.Bell, Active: true}) {
		t.Errorf("the bell told %+v", in)
	}

	if err := b.Pad.Rest(); err != nil || value(5)+value(6) != "00" {
		t.Errorf("Rest: %v, rows %s %s", err, value(5), value(6))
	}
	b.Pad.Drain()
	if low, err := b.Pad.Columns(); low != 0 || err != nil {
		t.Errorf("Columns() = %b, %v", low, err)
	}
	time.AfterFunc(20*time.Millisecond, func() { pull(20, "pull-down") })
	if moved, err := b.Pad.Wait(0); !moved || err != nil {
		t.Errorf("Wait: %v, %v", moved, err)
	}
	if low, err := b.Pad.Columns(); low != 0b10 || err != nil {
		t.Errorf("Columns() = %b, %v", low, err)
	}
	for row := range 2 {
		if err := b.Pad.Drive(row); err != nil {
			t.Error(err)
		}
	}
	waited := make(chan error)
	b.Pad.Drain()
	go func() { _, err := b.Pad.Wait(0); waited <- err }()
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	for what, err := range map[string]error{"Wait": <-waited, "Run": <-ended} {
		if !errors.Is(err, os.ErrClosed) {
			t.Errorf("after Close, %s ended with %v", what, err)
		}
	}

	pull(20, "pull-up")
	if err := open().Close(); err != nil {
		t.Errorf("a second time: %v", err)
	}
	for _, activeLow := range []bool{false, true} {
		if err := Secure(label, "GPIO17", activeLow); err != nil {
			t.Errorf("Secure: %v", err)
		}
	}
	lines, err := OpenLinux(label)
	if err != nil {
		t.Fatal(err)
	}
	defer lines.Close()
	held, err := OpenOutput(label, "GPIO6", gpio.Low)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	if _, err := lines.Row("GPIO6"); !errors.Is(err, ErrBusy) {
		t.Errorf("a busy row: %v", err)
	}
	if _, err := lines.Columns([]string{"GPIO5", "GPIO6"}); !errors.Is(err, ErrBusy) || !strings.Contains(err.Error(), "line GPIO6 ") {
		t.Errorf("a busy column: %v", err)
	}
}
