package board

import "golang.org/x/sys/unix"

// Survey looks at lines of the kernel's without taking any. It returns the chip in words, and for each name nil or why the
// line could not be had now: missing, or busy and held by whom. chip is as in OpenLinux.
func Survey(chip string, names []string) (found string, faults []error, err error) {
	c, err := findChip(chip)
	if err != nil {
		return "", nil, err
	}
	defer c.dev.close()
	for _, name := range names {
		faults = append(faults, c.lookAt(name))
	}
	return c.String(), faults, nil
}

func (c *chip) lookAt(name string) error {
	offset, err := c.find(name)
	if err != nil {
		return err
	}
	info, err := c.lineInfo(offset)
	if err == nil && info.flags&flagUsed != 0 {
		err = c.explain(name, offset, unix.EBUSY)
	}
	return err
}
