package board

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
	"periph.io/x/conn/v3/gpio"
)

// fakeKernel answers for one chip, and for the lines requested from it, as the kernel does.
type fakeKernel struct {
	name, label string
	lines       []string
	holders     map[string]string // of lines that are in use
	requests    []lineRequest
	values      []lineValues
	configs     []lineConfig // that a line was given later
	level       uint64       // on the wire of the line that is read
	setErr      error
	closed      int
}

func (k *fakeKernel) ioctl(request uintptr, arg unsafe.Pointer) error {
	switch request {
	case getChipInfo:
		info := (*chipInfo)(arg)
		copy(info.name[:], k.name)
		copy(info.label[:], k.label)
		info.lines = uint32(len(k.lines))
	case getLineInfo:
		info := (*lineInfo)(arg)
		name := k.lines[info.offset]
		copy(info.name[:], name)
		if holder, used := k.holders[name]; used {
			info.flags = flagUsed
			copy(info.consumer[:], holder)
		}
	case getLine:
		req := (*lineRequest)(arg)
		if _, used := k.holders[k.lines[req.offsets[0]]]; used {
			return unix.EBUSY
		}
		k.requests = append(k.requests, *req)
	case getValues:
		(*lineValues)(arg).bits = k.level
	case setConfig:
		k.configs = append(k.configs, *(*lineConfig)(arg))
		return k.setErr
	case setValues:
		k.values = append(k.values, *(*lineValues)(arg))
		return k.setErr
	default:
		return unix.ENOTTY
	}
	return nil
}

func (k *fakeKernel) close() error {
	k.closed++
	return nil
}

func (k *fakeKernel) chip(t *testing.T) *chip {
	c := &chip{dev: k, request: func(int32) descriptor { return k }}
	if err := c.identify(); err != nil {
		t.Fatal(err)
	}
	return c
}

func pi4() *fakeKernel {
	k := &fakeKernel{name: "gpiochip0", label: "pinctrl-bcm2711", lines: []string{"ID_SDA", "ID_SCL"}}
	for n := 2; n <= 27; n++ {
		k.lines = append(k.lines, fmt.Sprintf("GPIO%d", n))
	}
	k.lines = append(k.lines, "")
	return k
}

func TestOutputIsRequestedWithItsLevelInOneCall(t *testing.T) {
	for _, level := range []gpio.Level{gpio.Low, gpio.High} {
		k := pi4()
		line, err := k.chip(t).output("GPIO17", level)
		if err != nil {
			t.Fatal(err)
		}
		if len(k.requests) != 1 || len(k.values) != 0 {
			t.Fatalf("%d requests, %d values set", len(k.requests), len(k.values))
		}
		r := k.requests[0]
		attr := r.config.attrs[0]
		if r.numLines != 1 || r.offsets[0] != 17 || r.config.flags != flagOutput || text(r.consumer) != "latchd" ||
			r.config.numAttrs != 1 || attr.attr.id != attrOutputValues || attr.mask != 1 || attr.attr.value != bit(level) {
			t.Errorf("%v: requested %+v", level, r)
		}
		if got := line.String(); got != "line GPIO17 of gpiochip0 (pinctrl-bcm2711)" {
			t.Error(got)
		}
	}
}

func TestOutputIsDrivenByOneCallAndNotOnceClosed(t *testing.T) {
	k := pi4()
	line, err := k.chip(t).output("GPIO17", gpio.Low)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(line.Out(gpio.High), line.Out(gpio.Low), line.Halt()); err != nil {
		t.Fatal(err)
	}
	if want := []lineValues{{1, 1}, {0, 1}}; !slices.Equal(k.values, want) {
		t.Errorf("set %v, want %v", k.values, want)
	}
	k.setErr = unix.EIO
	if err := line.Out(gpio.High); !errors.Is(err, unix.EIO) || !strings.Contains(err.Error(), "GPIO17") {
		t.Errorf("error %v", err)
	}
	if err := errors.Join(line.Close(), line.Close()); err != nil || k.closed != 1 {
		t.Errorf("Close: %v, %d times", err, k.closed)
	}
	if err := line.Out(gpio.High); !errors.Is(err, os.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	if err := line.PWM(gpio.DutyHalf, 0); err == nil {
		t.Error("PWM gave no error")
	}
}

func TestRowIsDrivenLowOrLetGoByOneCall(t *testing.T) {
	k := pi4()
	row, err := k.chip(t).row("GPIO5")
	if err != nil {
		t.Fatal(err)
	}
	r := k.requests[0]
	if want := uint64(flagOutput | flagOpenDrain | flagPullUp); r.config.flags != want || r.config.attrs[0].attr.value != 0 {
		t.Errorf("requested with flags %b at level %d, want %b, low as at rest", r.config.flags, r.config.attrs[0].attr.value, want)
	}
	if err := errors.Join(row.In(gpio.Float, gpio.NoEdge), row.Out(gpio.Low)); err != nil {
		t.Fatal(err)
	}
	if want := []lineValues{{1, 1}, {0, 1}}; len(k.requests) != 1 || !slices.Equal(k.values, want) {
		t.Errorf("%d requests, set %v, want %v", len(k.requests), k.values, want)
	}
}

func TestOutputSaysWhichLineOfWhichChipCannotBeHadAndWhy(t *testing.T) {
	k := pi4()
	k.holders = map[string]string{"GPIO17": "gpioset", "GPIO18": ""}
	for _, c := range []struct{ line, want string }{
		{"GPIO17", `line GPIO17 of gpiochip0 (pinctrl-bcm2711): busy, held by "gpioset": stop that program`},
		{"GPIO18", "busy, held by a program that gives no name"},
		{"gpio22", `line "gpio22": gpiochip0 (pinctrl-bcm2711) has none of that name; the nearest are GPIO22`},
		{"17", "the nearest are GPIO7, GPIO17, "},
		{"", "has none of that name"},
	} {
		_, err := k.chip(t).output(c.line, gpio.Low)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.line, err, c.want)
		}
		if busy := strings.Contains(c.want, "busy"); errors.Is(err, ErrBusy) != busy {
			t.Errorf("%q: errors.Is(err, ErrBusy) is %v", c.line, !busy)
		}
	}
}

func TestExplainKnowsABusyLineByTheTextThatPeriphLeavesOfIt(t *testing.T) {
	k := pi4()
	k.holders = map[string]string{"GPIO5": "spi0 CS0"}
	err := k.chip(t).explain("GPIO5", 5, fmt.Errorf("line_request ioctl: %w", errors.New(unix.EBUSY.Error())))
	if !errors.Is(err, ErrBusy) || !strings.Contains(err.Error(), `"spi0 CS0"`) {
		t.Errorf("error %v", err)
	}
	if err := k.chip(t).explain("GPIO5", 5, unix.EINVAL); errors.Is(err, ErrBusy) || !errors.Is(err, unix.EINVAL) {
		t.Errorf("error %v", err)
	}
	l := &Linux{chip: k.chip(t)}
	err = l.explainSet([]string{"GPIO4", "GPIO5"}, []uint32{4, 5}, errors.New(unix.EBUSY.Error()))
	if !errors.Is(err, ErrBusy) || !strings.Contains(err.Error(), "line GPIO5 ") {
		t.Errorf("of several lines: %v", err)
	}
}

func TestChooseFindsTheChipThatIsMeant(t *testing.T) {
	expander := &fakeKernel{name: "gpiochip1", label: "raspberrypi-exp-gpio", lines: []string{"BT_ON"}}
	rp1 := &fakeKernel{name: "gpiochip4", label: "pinctrl-rp1"}
	plain, plain2 := pi4(), pi4()
	plain.name, plain.label = "gpiochip2", "sim"
	plain2.name, plain2.label = "gpiochip3", "sim"
	short := pi4()
	short.name, short.label, short.lines = "gpiochip5", "short", short.lines[:20]
	unnamed := &fakeKernel{name: "gpiochip6"}
	for _, c := range []struct {
		name, which string
		there       []*fakeKernel
		want        string // the chip, or the words of the error
	}{
		{"a Pi 4's header", "", []*fakeKernel{expander, pi4()}, "gpiochip0"},
		{"a Pi 5's header", "", []*fakeKernel{expander, rp1, plain}, "gpiochip4"},
		{"a header known by its lines", "", []*fakeKernel{expander, short, plain}, "gpiochip2"},
		{"by label", "sim", []*fakeKernel{expander, plain}, "gpiochip2"},
		{"by name", "gpiochip1", []*fakeKernel{expander, plain}, "gpiochip1"},
		{"by name, where there is no label", "gpiochip6", []*fakeKernel{expander, unnamed}, "gpiochip6"},
		{"two with the header's lines", "", []*fakeKernel{plain, plain2}, "there are gpiochip2 (sim), gpiochip3 (sim): set board.chip"},
		{"two of one label", "sim", []*fakeKernel{plain, plain2}, `more than one, is called "sim": there are gpiochip2`},
		{"none", "", []*fakeKernel{expander}, "there are gpiochip1 (raspberrypi-exp-gpio): set board.chip"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var chips []*chip
			for _, k := range c.there {
				chips = append(chips, k.chip(t))
			}
			got, err := choose(chips, c.which)
			switch {
			case err != nil && !strings.Contains(err.Error(), c.want):
				t.Errorf("error %v, want %q", err, c.want)
			case err == nil && got.name != c.want:
				t.Errorf("chose %v, want %q", got, c.want)
			}
		})
	}
}

func TestAChipThatCannotBeOpenedIsToldWhenNoOtherIsMeant(t *testing.T) {
	others, denied := []*chip{{name: "gpiochip0", label: "gpio-brcmstb@0"}}, fmt.Errorf("open /dev/gpiochip4: %w", fs.ErrPermission)
	if _, err := pick(others, []error{denied}, "pinctrl-rp1"); !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "gpiochip0") {
		t.Errorf("error %v", err)
	}
	if c, err := pick(others, []error{denied}, "gpiochip0"); err != nil || c != others[0] {
		t.Errorf("chip %v, error %v", c, err)
	}
}

func TestOpenChipSaysWhatIsWrongWithTheDevice(t *testing.T) {
	if _, err := openChip("/dev/null"); err == nil || !strings.Contains(err.Error(), "ask /dev/null what chip it is") {
		t.Errorf("no chip at all: %v", err)
	}
	if _, err := findChip(filepath.Join(t.TempDir(), "gpiochip0")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no such device: %v", err)
	}
	device := filepath.Join(t.TempDir(), "gpiochip0")
	if err := os.WriteFile(device, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if hint := permissionHint(device, fs.ErrPermission); !strings.Contains(hint, "udev rule") {
		t.Errorf("a device that no group may use: %q", hint)
	}
	if err := os.Chmod(device, 0o660); err != nil {
		t.Fatal(err)
	}
	if os.Getuid() == 0 {
		if err := os.Chown(device, 0, 1); err != nil {
			t.Fatal(err)
		}
	}
	if hint := permissionHint(device, fs.ErrPermission); !strings.Contains(hint, "must be in group") {
		t.Errorf("a device of a group: %q", hint)
	}
	if hint := permissionHint(os.DevNull, unix.ENOENT); hint != "" {
		t.Errorf("another error: %q", hint)
	}
}

func TestSecureSaysThatThereIsNoBoard(t *testing.T) {
	if devices, _ := filepath.Glob("/dev/gpiochip*"); len(devices) > 0 {
		t.Skip("this machine has GPIO chips, whose lines a test must not drive")
	}
	if err := Secure("", "GPIO17", false); err == nil || !strings.Contains(err.Error(), "there is no /dev/gpiochip*") {
		t.Errorf("error %v", err)
	}
	if _, err := OpenLinux(""); err == nil || !strings.Contains(err.Error(), "there is no /dev/gpiochip*") {
		t.Errorf("error %v", err)
	}
}

func TestDescriptor0IsTheSameAfterwards(t *testing.T) {
	var before, after unix.Stat_t
	if err := unix.Fstat(0, &before); err != nil {
		t.Fatal(err)
	}
	if err := keepingStdin(func() error { return unix.Close(0) }); err != nil {
		t.Fatal(err)
	}
	if err := unix.Fstat(0, &after); err != nil || after.Ino != before.Ino || after.Dev != before.Dev {
		t.Errorf("descriptor 0 is another file: %v", err)
	}
}
