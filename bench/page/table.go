package page

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Row is a figure: what it is, what was measured, what was aimed at.
type Row [3]string

// Table returns the rows as a table in Markdown.
func Table(rows []Row) string {
	var b strings.Builder
	b.WriteString("| figure | measured | aim |\n|---|---|---|\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", r[0], r[1], r[2])
	}
	return b.String()
}

// Spread is the median and the 99th percentile, or of fewer than a hundred the longest. It sorts ds.
func Spread(ds []time.Duration) string {
	if len(ds) == 0 {
		return "not measured"
	}
	slices.Sort(ds)
	top := "p99"
	if len(ds) < 100 {
		top = "longest"
	}
	return fmt.Sprintf("median %.2f ms, %s %.2f ms (n = %d)", Ms(ds[len(ds)/2]), top, Ms(ds[len(ds)*99/100]), len(ds))
}

// Ms returns d in milliseconds.
func Ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
