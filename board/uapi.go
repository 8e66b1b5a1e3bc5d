package board

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// The part of the kernel's GPIO character device, version 2 (Linux 5.10), that driving one output takes:
// <linux/gpio.h>, https://docs.kernel.org/userspace-api/gpio/chardev.html. The fields keep that file's order and
// padding, so that the layout is the same on 32 and 64 bits.

const (
	maxName  = 32 // GPIO_MAX_NAME_SIZE
	maxLines = 64 // GPIO_V2_LINES_MAX
	maxAttrs = 10 // GPIO_V2_LINE_NUM_ATTRS_MAX

	flagUsed      = 1 << 0 // GPIO_V2_LINE_FLAG_USED
	flagInput     = 1 << 2 // GPIO_V2_LINE_FLAG_INPUT
	flagOutput    = 1 << 3 // GPIO_V2_LINE_FLAG_OUTPUT
	flagOpenDrain = 1 << 6 // GPIO_V2_LINE_FLAG_OPEN_DRAIN
	flagPullUp    = 1 << 8 // GPIO_V2_LINE_FLAG_BIAS_PULL_UP

	attrOutputValues = 2 // GPIO_V2_LINE_ATTR_ID_OUTPUT_VALUES
)

type chipInfo struct { // struct gpiochip_info
	name, label [maxName]byte
	lines       uint32
}

type lineAttribute struct { // struct gpio_v2_line_attribute
	id      uint32
	padding uint32
	value   uint64 // a union; all that is set here is the bitmap of output values
}

type lineConfigAttribute struct { // struct gpio_v2_line_config_attribute
	attr lineAttribute
	mask uint64
}

type lineConfig struct { // struct gpio_v2_line_config
	flags    uint64
	numAttrs uint32
	padding  [5]uint32
	attrs    [maxAttrs]lineConfigAttribute
}

type lineRequest struct { // struct gpio_v2_line_request
	offsets         [maxLines]uint32
	consumer        [maxName]byte
	config          lineConfig
	numLines        uint32
	eventBufferSize uint32
	padding         [5]uint32
	fd              int32
}

type lineInfo struct { // struct gpio_v2_line_info
	name, consumer [maxName]byte
	offset         uint32
	numAttrs       uint32
	flags          uint64
	attrs          [maxAttrs]lineAttribute
	padding        [4]uint32
}

type lineValues struct { // struct gpio_v2_line_values
	bits, mask uint64
}

// The requests: _IOR and _IOWR of <asm-generic/ioctl.h>, which arm, arm64, amd64 and riscv64 share.
const (
	ioR  = 2 << 30
	ioWR = 3 << 30

	getChipInfo = ioR | unsafe.Sizeof(chipInfo{})<<16 | 0xb4<<8 | 0x01     // GPIO_GET_CHIPINFO_IOCTL
	getLineInfo = ioWR | unsafe.Sizeof(lineInfo{})<<16 | 0xb4<<8 | 0x05    // GPIO_V2_GET_LINEINFO_IOCTL
	getLine     = ioWR | unsafe.Sizeof(lineRequest{})<<16 | 0xb4<<8 | 0x07 // GPIO_V2_GET_LINE_IOCTL
	setConfig   = ioWR | unsafe.Sizeof(lineConfig{})<<16 | 0xb4<<8 | 0x0d  // GPIO_V2_LINE_SET_CONFIG_IOCTL
	getValues   = ioWR | unsafe.Sizeof(lineValues{})<<16 | 0xb4<<8 | 0x0e  // GPIO_V2_LINE_GET_VALUES_IOCTL
	setValues   = ioWR | unsafe.Sizeof(lineValues{})<<16 | 0xb4<<8 | 0x0f  // GPIO_V2_LINE_SET_VALUES_IOCTL
)

// descriptor is an open chip, or a line requested from it, as the kernel hands it out.
type descriptor interface {
	ioctl(request uintptr, arg unsafe.Pointer) error
	close() error
}

// kernelFD is a descriptor of the running kernel.
type kernelFD int

// ioctl does not tell Go's scheduler of the call, which waits for nothing but the chip's registers: the scheduler would take
// the processor away in mid-scan to look for other work.
func (fd kernelFD) ioctl(request uintptr, arg unsafe.Pointer) error {
	for {
		_, _, errno := unix.RawSyscall(unix.SYS_IOCTL, uintptr(fd), request, uintptr(arg))
		switch errno {
		case 0:
			return nil
		case unix.EINTR:
			continue
		}
		return errno
	}
}

func (fd kernelFD) close() error { return unix.Close(int(fd)) }

// text reads a name as the kernel writes it: up to the first zero byte.
func text(b [maxName]byte) string { return unix.ByteSliceToString(b[:]) }
