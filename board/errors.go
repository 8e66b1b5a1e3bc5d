package board

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// ErrBusy is in the error of a line that another program or a driver of the kernel holds.
var ErrBusy = errors.New("busy")

// explain turns what the kernel said to a request for a line into words that name line, chip and holder.
func (c *chip) explain(name string, offset uint32, err error) error {
	// periph gives EBUSY as text only, so that errors.Is finds nothing.
	if !errors.Is(err, unix.EBUSY) && !strings.Contains(err.Error(), unix.EBUSY.Error()) {
		return fmt.Errorf("line %s of %s: %w", name, c, err)
	}
	holder := "a program that gives no name"
	if info, err := c.lineInfo(offset); err == nil && text(info.consumer) != "" {
		holder = strconv.Quote(text(info.consumer))
	}
	return fmt.Errorf("line %s of %s: %w, held by %s: stop that program, or take its dtoverlay or dtparam out of "+
		"config.txt when it is a driver, or use another line", name, c, ErrBusy, holder)
}

// nearest lists the three names with the fewest letters to change, ready to end an error with.
func nearest(names []string, name string) string {
	names = slices.DeleteFunc(slices.Clone(names), func(s string) bool { return s == "" })
	if len(names) == 0 {
		return ""
	}
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(distance(a, name), distance(b, name)) })
	return "; the nearest are " + strings.Join(names[:min(3, len(names))], ", ")
}

// distance is Levenshtein's, upper and lower case being the same.
func distance(a, b string) int {
	a, b = strings.ToLower(a), strings.ToLower(b)
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
