package board

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"
)

// layout is every number that the kernel and we must agree on, under the names of <linux/gpio.h>.
func layout() map[string]uintptr {
	var (
		info  chipInfo
		attr  lineAttribute
		cattr lineConfigAttribute
		conf  lineConfig
		req   lineRequest
		line  lineInfo
		val   lineValues
	)
	return map[string]uintptr{
		"GPIO_GET_CHIPINFO_IOCTL":                              getChipInfo,
		"GPIO_V2_GET_LINEINFO_IOCTL":                           getLineInfo,
		"GPIO_V2_GET_LINE_IOCTL":                               getLine,
		"GPIO_V2_LINE_SET_VALUES_IOCTL":                        setValues,
		"GPIO_V2_LINE_GET_VALUES_IOCTL":                        getValues,
		"GPIO_V2_LINE_SET_CONFIG_IOCTL":                        setConfig,
		"GPIO_V2_LINE_FLAG_INPUT":                              flagInput,
		"GPIO_V2_LINE_FLAG_USED":                               flagUsed,
		"GPIO_V2_LINE_FLAG_OUTPUT":                             flagOutput,
		"GPIO_V2_LINE_FLAG_OPEN_DRAIN":                         flagOpenDrain,
		"GPIO_V2_LINE_FLAG_BIAS_PULL_UP":                       flagPullUp,
		"GPIO_V2_LINE_ATTR_ID_OUTPUT_VALUES":                   attrOutputValues,
		"sizeof(struct gpiochip_info)":                         unsafe.Sizeof(info),
		"sizeof(struct gpio_v2_line_attribute)":                unsafe.Sizeof(attr),
		"sizeof(struct gpio_v2_line_config_attribute)":         unsafe.Sizeof(cattr),
		"sizeof(struct gpio_v2_line_config)":                   unsafe.Sizeof(conf),
		"sizeof(struct gpio_v2_line_request)":                  unsafe.Sizeof(req),
		"sizeof(struct gpio_v2_line_info)":                     unsafe.Sizeof(line),
		"sizeof(struct gpio_v2_line_values)":                   unsafe.Sizeof(val),
		"offsetof(struct gpiochip_info, label)":                unsafe.Offsetof(info.label),
		"offsetof(struct gpiochip_info, lines)":                unsafe.Offsetof(info.lines),
		"offsetof(struct gpio_v2_line_attribute, values)":      unsafe.Offsetof(attr.value),
		"offsetof(struct gpio_v2_line_config_attribute, mask)": unsafe.Offsetof(cattr.mask),
		"offsetof(struct gpio_v2_line_config, num_attrs)":      unsafe.Offsetof(conf.numAttrs),
		"offsetof(struct gpio_v2_line_config, attrs)":          unsafe.Offsetof(conf.attrs),
		"offsetof(struct gpio_v2_line_request, consumer)":      unsafe.Offsetof(req.consumer),
		"offsetof(struct gpio_v2_line_request, config)":        unsafe.Offsetof(req.config),
		"offsetof(struct gpio_v2_line_request, num_lines)":     unsafe.Offsetof(req.numLines),
		"offsetof(struct gpio_v2_line_request, fd)":            unsafe.Offsetof(req.fd),
		"offsetof(struct gpio_v2_line_info, consumer)":         unsafe.Offsetof(line.consumer),
		"offsetof(struct gpio_v2_line_info, offset)":           unsafe.Offsetof(line.offset),
		"offsetof(struct gpio_v2_line_info, flags)":            unsafe.Offsetof(line.flags),
		"offsetof(struct gpio_v2_line_values, mask)":           unsafe.Offsetof(val.mask),
	}
}

func TestLayoutIsThatOfTheKernelsHeader(t *testing.T) {
	gcc, err := exec.LookPath("gcc")
	if err != nil {
		t.Skip("no gcc to read <linux/gpio.h> with")
	}
	want := layout()
	var c strings.Builder
	c.WriteString("#include <stddef.h>\n#include <stdio.h>\n#include <sys/ioctl.h>\n#include <linux/gpio.h>\nint main(void) {\n")
	for name := range want {
		fmt.Fprintf(&c, "printf(\"%%lu %%s\\n\", (unsigned long)(%s), %q);\n", name, name)
	}
	c.WriteString("}\n")
	dir := t.TempDir()
	src, bin := filepath.Join(dir, "layout.c"), filepath.Join(dir, "layout")
	if err := os.WriteFile(src, []byte(c.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(gcc, "-o", bin, src).CombinedOutput(); err != nil {
		t.Skipf("<linux/gpio.h> does not compile here (it needs Linux 5.10's): %s", out)
	}
	out, err := exec.Command(bin).Output()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]uintptr{}
	for line := range strings.Lines(string(out)) {
		var n uintptr
		number, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		if _, err := fmt.Sscan(number, &n); err != nil {
			t.Fatal(err)
		}
		got[name] = n
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ours and the header's differ (-ours +header):\n%s", diff)
	}
}

// The sizes again, for the machines on which there is no header, and for 32 bits: a wrong one does not compile.
var (
	_ [68]byte  = [unsafe.Sizeof(chipInfo{})]byte{}
	_ [592]byte = [unsafe.Sizeof(lineRequest{})]byte{}
	_ [256]byte = [unsafe.Sizeof(lineInfo{})]byte{}
	_ [16]byte  = [unsafe.Sizeof(lineValues{})]byte{}
)
