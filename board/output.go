package board

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"unsafe"

	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/physic"
)

// OutputLine is a line of the kernel's driven as an output: a gpio.PinOut that has never had another level than the one
// it was asked for, because the request carries the level (GPIO_V2_LINE_ATTR_ID_OUTPUT_VALUES). periph's own output
// starts low, whatever the level asked for. Safe for concurrent use.
type OutputLine struct {
	name   string
	offset uint32
	chip   string

	mu  sync.Mutex
	dev descriptor // nil once closed
}

// OpenOutput requests one line as an output at the level initial, in one call of the kernel, and needs nothing else of
// the board. chip is a label, name or path; empty, it is the chip that carries the 40-pin header. A line that another
// program holds gives ErrBusy.
func OpenOutput(chip, name string, initial gpio.Level) (*OutputLine, error) {
	c, err := findChip(chip)
	if err != nil {
		return nil, err
	}
	line, err := c.output(name, initial)
	return line, errors.Join(err, c.dev.close())
}

func (c *chip) output(name string, initial gpio.Level) (*OutputLine, error) {
	return c.outputWith(name, initial, flagOutput)
}

func (c *chip) outputWith(name string, initial gpio.Level, flags uint64) (*OutputLine, error) {
	offset, err := c.find(name)
	if err != nil {
		return nil, err
	}
	return c.requestWith(name, offset, outputConfig(initial, flags))
}

func (c *chip) requestWith(name string, offset uint32, config lineConfig) (*OutputLine, error) {
	req := lineRequest{numLines: 1, config: config}
	req.offsets[0] = offset
	copy(req.consumer[:], "latchd")
	if err := c.dev.ioctl(getLine, unsafe.Pointer(&req)); err != nil {
		return nil, c.explain(name, offset, err)
	}
	return &OutputLine{name: name, offset: offset, chip: c.String(), dev: c.request(req.fd)}, nil
}

func outputConfig(level gpio.Level, flags uint64) lineConfig {
	config := lineConfig{flags: flags, numAttrs: 1}
	config.attrs[0] = lineConfigAttribute{lineAttribute{id: attrOutputValues, value: bit(level)}, 1}
	return config
}

func bit(l gpio.Level) uint64 {
	if l == gpio.High {
		return 1
	}
	return 0
}

// Out drives the line, in one call of the kernel.
func (l *OutputLine) Out(level gpio.Level) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dev == nil {
		return fmt.Errorf("drive %s: %w", l, os.ErrClosed)
	}
	v := lineValues{bits: bit(level), mask: 1}
	if err := l.dev.ioctl(setValues, unsafe.Pointer(&v)); err != nil {
		return fmt.Errorf("drive %s %v: %w", l, level, err)
	}
	return nil
}

// Close gives the line back to the kernel. What level it has then is the kernel's business: a Raspberry Pi's goes on
// driving it unless it was told otherwise (strict_gpiod), other chips let it float.
func (l *OutputLine) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dev == nil {
		return nil
	}
	dev := l.dev
	l.dev = nil
	return dev.close()
}

// Halt implements conn.Resource. It leaves the level alone.
func (l *OutputLine) Halt() error { return nil }

// Name implements pin.Pin.
func (l *OutputLine) Name() string { return l.name }

// Number implements pin.Pin: the line's offset on its chip.
func (l *OutputLine) Number() int { return int(l.offset) }

// Function implements pin.Pin.
func (l *OutputLine) Function() string { return string(gpio.OUT) }

// PWM implements gpio.PinOut; a strike has no use for it, and it always fails.
func (l *OutputLine) PWM(gpio.Duty, physic.Frequency) error {
	return fmt.Errorf("%s: PWM is not supported", l)
}

// String names the line and its chip.
func (l *OutputLine) String() string { return "line " + l.name + " of " + l.chip }
