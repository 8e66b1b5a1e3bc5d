package board

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// chip is one of the kernel's GPIO chips, open.
type chip struct {
	path, name, label string
	lines             uint32
	dev               descriptor
	request           func(fd int32) descriptor // wraps the descriptor that a line request returns
}

func (c *chip) String() string { return c.name + " (" + c.label + ")" }

func openChip(path string) (*chip, error) {
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w%s", path, err, permissionHint(path, err))
	}
	c := &chip{path: path, dev: kernelFD(fd), request: func(fd int32) descriptor { return kernelFD(fd) }}
	if err := c.identify(); err != nil {
		return nil, errors.Join(fmt.Errorf("ask %s what chip it is: %w", path, err), c.dev.close())
	}
	return c, nil
}

func (c *chip) identify() error {
	var info chipInfo
	if err := c.dev.ioctl(getChipInfo, unsafe.Pointer(&info)); err != nil {
		return err
	}
	c.name, c.label, c.lines = text(info.name), cmp.Or(text(info.label), text(info.name)), info.lines
	return nil
}

func permissionHint(path string, err error) string {
	if !errors.Is(err, fs.ErrPermission) {
		return ""
	}
	group := "gpio"
	if info, err := os.Stat(path); err == nil {
		if st, ok := info.Sys().(*syscall.Stat_t); ok {
			if st.Gid == 0 || info.Mode().Perm()&0o060 != 0o060 {
				return `: it is root's alone: give it to a group with the udev rule SUBSYSTEM=="gpio", GROUP="gpio", MODE="0660"`
			}
			if g, err := user.LookupGroupId(strconv.Itoa(int(st.Gid))); err == nil {
				group = g.Name
			}
		}
	}
	return fmt.Sprintf(": the user that runs latchd must be in group %q", group)
}

// findChip opens the chip that which names by label, name or path; empty, the one that carries the 40-pin header.
func findChip(which string) (*chip, error) {
	if strings.ContainsRune(which, '/') {
		return openChip(which)
	}
	paths, _ := filepath.Glob("/dev/gpiochip*") // the pattern is well formed
	if len(paths) == 0 {
		return nil, errors.New("find the GPIO chip: there is no /dev/gpiochip*: this is no board with GPIO lines " +
			"(board.driver = \"sim\" needs none)")
	}
	var chips []*chip
	var failed []error
	for _, path := range paths {
		c, err := openChip(path)
		switch {
		case err != nil:
			failed = append(failed, err)
		case slices.ContainsFunc(chips, func(o *chip) bool { return o.name == c.name }):
			c.dev.close() // a Raspberry Pi 5 has a link from an old name to the same chip
		default:
			chips = append(chips, c)
		}
	}
	if len(chips) == 0 {
		return nil, fmt.Errorf("find the GPIO chip: %w", errors.Join(failed...))
	}
	found, err := pick(chips, failed, which)
	for _, c := range chips {
		if c != found {
			c.dev.close()
		}
	}
	return found, err
}

// pick chooses among the chips that could be opened. The one that is meant may be among those that failed.
func pick(chips []*chip, failed []error, which string) (*chip, error) {
	found, err := choose(chips, which)
	if err != nil {
		return nil, errors.Join(append([]error{err}, failed...)...)
	}
	return found, nil
}

// choose picks the one chip with that label or name. Without either it is the one whose label is that of a Raspberry
// Pi's header, or else the one with all of the header's lines by name.
func choose(chips []*chip, which string) (*chip, error) {
	ways := []func(*chip) bool{
		func(c *chip) bool { return c.label == which },
		func(c *chip) bool { return c.name == which },
	}
	problem := fmt.Sprintf("no GPIO chip, or more than one, is called %q", which)
	if which == "" {
		ways = []func(*chip) bool{
			func(c *chip) bool {
				return strings.HasPrefix(c.label, "pinctrl-bcm") || strings.HasPrefix(c.label, "pinctrl-rp1")
			},
			(*chip).carriesHeader,
		}
		problem = "no telling which GPIO chip carries the 40-pin header"
	}
	for _, fits := range ways {
		var found []*chip
		for _, c := range chips {
			if fits(c) {
				found = append(found, c)
			}
		}
		if len(found) == 1 {
			return found[0], nil
		}
	}
	names := make([]string, len(chips))
	for i, c := range chips {
		names[i] = c.String()
	}
	return nil, fmt.Errorf("%s: there are %s: set board.chip to one of these labels or names", problem,
		strings.Join(names, ", "))
}

// carriesHeader says whether the lines of the 40-pin header, GPIO2 to GPIO27, are all here.
func (c *chip) carriesHeader() bool {
	names, err := c.lineNames()
	if err != nil {
		return false
	}
	for n := 2; n <= 27; n++ {
		if !slices.Contains(names, "GPIO"+strconv.Itoa(n)) {
			return false
		}
	}
	return true
}

func (c *chip) lineInfo(offset uint32) (lineInfo, error) {
	info := lineInfo{offset: offset}
	if err := c.dev.ioctl(getLineInfo, unsafe.Pointer(&info)); err != nil {
		return info, fmt.Errorf("ask for line %d of %s: %w", offset, c, err)
	}
	return info, nil
}

func (c *chip) lineNames() ([]string, error) {
	names := make([]string, c.lines)
	for i := range names {
		info, err := c.lineInfo(uint32(i))
		if err != nil {
			return nil, err
		}
		names[i] = text(info.name)
	}
	return names, nil
}

// find gives the offset of the line with that name. The error of a missing one lists the names nearest to it.
func (c *chip) find(name string) (uint32, error) {
	names, err := c.lineNames()
	if err != nil {
		return 0, err
	}
	if i := slices.Index(names, name); i >= 0 && name != "" {
		return uint32(i), nil
	}
	return 0, fmt.Errorf("line %q: %s has none of that name%s", name, c, nearest(names, name))
}
