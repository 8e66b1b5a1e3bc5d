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
	faults = make([]error, len(names))
	for i, name := range names {
		offset, err := c.find(name)
		if err != nil {
			faults[i] = err
			continue
		}
		info, err := c.lineInfo(offset)
		switch {
		case err != nil:
			faults[i] = err
		case info.flags&flagUsed != 0:
			faults[i] = c.explain(name, offset, unix.EBUSY)
		}
	}
	return c.String(), faults, nil
}
