package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The default wiring of latchd.
var (
	rowLines = []int{5, 6, 13, 19}
	colLines = []int{16, 20, 21}
	pad      = []string{"123", "456", "789", "*0#"}
	switches = map[string]int{"bell": 26, "exit": 22, "contact": 23, "tamper": 24}
)

const strikeLine = 17

// copper is the keypad and the switches, wired to the header. Its thread follows the rows and settles the columns;
// fingers tell it through a pipe, so that nothing else is ever waited for.
type copper struct {
	h        header
	orders   *os.File // from fingers
	done     *os.File // to them
	fingers  sync.Mutex
	toThread *os.File
	fromIt   *os.File
	failed   atomic.Pointer[error]
	at       atomic.Int64 // of the last order, CLOCK_MONOTONIC, ns

	trace   int
	driven  map[int]level // what the chip drives
	closed  [][2]int      // keys that are down: row and column lines
	ground  []int         // switches that are closed
	applied map[int]bool  // low, as last pulled
	pulls   map[int]int   // descriptors
	rest    []byte        // of a line of the trace
}

type level struct{ out, high bool }

// order is what fingers do: a key or a switch, closed or opened.
type order struct {
	closes   bool
	row, col int16 // col 0: the switch on line row
}

func startCopper(h header) (*copper, error) {
	c := &copper{h: h, driven: map[int]level{}, applied: map[int]bool{}, pulls: map[int]int{}}
	if err := h.record("copper", h.only(slices.Concat(rowLines, c.inputs())...)); err != nil {
		return nil, err
	}
	var err error
	c.trace, err = unix.Open(filepath.Join(tracefs, "instances/copper/trace_pipe"), unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	for _, line := range c.inputs() {
		if c.pulls[line], err = unix.Open(h.file(line, "pull"), unix.O_WRONLY|unix.O_CLOEXEC, 0); err != nil {
			return nil, err
		}
	}
	if err := c.look(); err != nil {
		return nil, err
	}
	for _, p := range [][2]**os.File{{&c.orders, &c.toThread}, {&c.fromIt, &c.done}} {
		if *p[0], *p[1], err = os.Pipe(); err != nil {
			return nil, err
		}
	}
	// Four processors for Go, so that the copper's thread never waits for one, and no collector that it would wait for.
	runtime.GOMAXPROCS(4)
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(160 << 20)
	go func() {
		err := c.settleForEver()
		c.failed.Store(&err)
		c.done.Close()
	}()
	return c, nil
}

func (c *copper) inputs() []int {
	lines := slices.Clone(colLines)
	for _, line := range switches {
		lines = append(lines, line)
	}
	return lines
}

// look asks the kernel for each row's direction and level, as they are before the trace tells of changes.
func (c *copper) look() error {
	chip, err := os.Open("/dev/" + c.h.chip)
	if err != nil {
		return err
	}
	defer chip.Close()
	for _, row := range rowLines {
		// struct gpio_v2_line_info of linux/gpio.h: name and consumer of 32 bytes each, offset, num_attrs, flags.
		var info [256]byte
		*(*uint32)(unsafe.Pointer(&info[64])) = uint32(row)
		const getLineInfo = 0xc100b405 // GPIO_V2_GET_LINEINFO_IOCTL
		if _, _, e := unix.Syscall(unix.SYS_IOCTL, chip.Fd(), getLineInfo, uintptr(unsafe.Pointer(&info))); e != 0 {
			return fmt.Errorf("ask for the direction of GPIO%d: %w", row, e)
		}
		flags := *(*uint64)(unsafe.Pointer(&info[72]))
		value, err := readWord(c.h.file(row, "value"))
		if err != nil {
			return err
		}
		const output = 1 << 3 // GPIO_V2_LINE_FLAG_OUTPUT
		c.driven[row] = level{out: flags&output != 0, high: value == "1"}
	}
	return nil
}

// settleForEver is the copper's thread: it goes before every other in the machine, so what it settles has settled
// before the daemon does anything more.
func (c *copper) settleForEver() error {
	runtime.LockOSThread()
	fifo := unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_FIFO, Priority: 50, Flags: unix.SCHED_FLAG_RESET_ON_FORK}
	// Go's monitor of threads, too: it takes hold of a thread in a system call now and then, and this one would spin for it
	// for ever, because a thread that goes after it never gets to let go.
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return err
	}
	for _, t := range threads {
		tid, _ := strconv.Atoi(t.Name())
		if err := unix.SchedSetAttr(tid, &fifo, 0); err != nil {
			return fmt.Errorf("put the copper's thread first: %w", err)
		}
	}
	orders := int(c.orders.Fd())
	buf := make([]byte, 4096)
	for {
		c.settle()
		fds := []unix.PollFd{{Fd: int32(c.trace), Events: unix.POLLIN}, {Fd: int32(orders), Events: unix.POLLIN}}
		if _, err := unix.Poll(fds, -1); err != nil && err != unix.EINTR {
			return err
		}
		for {
			n, err := unix.Read(c.trace, buf)
			if n <= 0 || err != nil {
				break
			}
			c.follow(buf[:n])
		}
		if fds[1].Revents != 0 {
			var o order
			n, err := unix.Read(orders, unsafe.Slice((*byte)(unsafe.Pointer(&o)), unsafe.Sizeof(o)))
			if err != nil || n == 0 {
				return err
			}
			c.obey(o)
			c.at.Store(monotonic())
			c.settle()
			if _, err := c.done.Write([]byte{0}); err != nil {
				return err
			}
		}
	}
}

func monotonic() int64 {
	var t unix.Timespec
	unix.ClockGettime(unix.CLOCK_MONOTONIC, &t) // cannot fail for this clock
	return t.Nano()
}

func (c *copper) follow(trace []byte) {
	c.rest = append(c.rest, trace...)
	for {
		text, rest, whole := bytes.Cut(c.rest, []byte("\n"))
		if !whole {
			return
		}
		c.rest = rest
		m, ok := c.h.parseMove(string(text))
		switch d := c.driven[m.line]; {
		case !ok:
		case m.direction:
			d.out = m.out
			c.driven[m.line] = d
			delete(c.applied, m.line) // whoever asked for an input also set its pull
		default:
			d.high = m.high
			c.driven[m.line] = d
		}
	}
}

func (c *copper) obey(o order) {
	key := [2]int{int(o.row), int(o.col)}
	switch {
	case o.col == 0 && o.closes:
		c.ground = append(c.ground, key[0])
	case o.col == 0:
		c.ground = slices.DeleteFunc(c.ground, func(line int) bool { return line == key[0] })
	case o.closes:
		c.closed = append(c.closed, key)
	default:
		c.closed = slices.DeleteFunc(c.closed, func(k [2]int) bool { return k == key })
	}
}

// settle pulls down what a closed switch ties to ground, and every column that closed keys join, over however many
// others, to a row that is driven low.
func (c *copper) settle() {
	low := map[int]bool{}
	for _, line := range c.ground {
		low[line] = true
	}
	for _, row := range rowLines {
		if d := c.driven[row]; d.out && !d.high {
			low[row] = true
		}
	}
	for again := true; again; {
		again = false
		for _, k := range c.closed {
			for _, join := range [][2]int{k, {k[1], k[0]}} {
				if d := c.driven[join[1]]; low[join[0]] && !low[join[1]] && !(d.out && d.high) {
					low[join[1]], again = true, true
				}
			}
		}
	}
	for line, fd := range c.pulls {
		if was, known := c.applied[line]; known && was == low[line] {
			continue
		}
		pull := "pull-up"
		if low[line] {
			pull = "pull-down"
		}
		if _, err := unix.Pwrite(fd, []byte(pull), 0); err == nil {
			c.applied[line] = low[line]
		}
	}
}

// do has the copper's thread close or open a contact, and returns when, by CLOCK_MONOTONIC, in ns.
func (c *copper) do(o order) (int64, error) {
	c.fingers.Lock()
	defer c.fingers.Unlock()
	if _, err := c.toThread.Write(unsafe.Slice((*byte)(unsafe.Pointer(&o)), unsafe.Sizeof(o))); err != nil {
		return 0, err
	}
	if _, err := io.ReadFull(c.fromIt, make([]byte, 1)); err != nil {
		if failed := c.failed.Load(); failed != nil {
			err = *failed
		}
		return 0, fmt.Errorf("the copper has ended: %w", err)
	}
	return c.at.Load(), nil
}

// key closes or opens a key of the pad.
func (c *copper) key(key rune, closes bool) (int64, error) {
	for r, keys := range pad {
		if col := strings.IndexRune(keys, key); col >= 0 {
			return c.do(order{closes: closes, row: int16(rowLines[r]), col: int16(colLines[col])})
		}
	}
	return 0, fmt.Errorf("no key %q on the pad", key)
}

// turn closes or opens a switch.
func (c *copper) turn(name string, closes bool) (int64, error) {
	line, ok := switches[name]
	if !ok {
		return 0, fmt.Errorf("no switch %q: there are bell, exit, contact, tamper", name)
	}
	return c.do(order{closes: closes, row: int16(line)})
}

// type_ taps the keys one after the other, each down for as long as up, and returns when the last went down.
func (c *copper) typeKeys(keys string, down time.Duration) (at int64, err error) {
	for _, key := range keys {
		if at, err = c.key(key, true); err != nil {
			return 0, err
		}
		<-time.After(down)
		if _, err := c.key(key, false); err != nil {
			return 0, err
		}
		<-time.After(down)
	}
	return at, nil
}

// rest lifts every finger.
func (c *copper) lift() error {
	for r, keys := range pad {
		for col := range keys {
			if _, err := c.do(order{row: int16(rowLines[r]), col: int16(colLines[col])}); err != nil {
				return err
			}
		}
	}
	for name := range switches {
		if _, err := c.turn(name, false); err != nil {
			return err
		}
	}
	return nil
}
