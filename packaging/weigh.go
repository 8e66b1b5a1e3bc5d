package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"latchd/bench/page"
)

// weigh writes what the packages weigh into the page of figures. It asks dpkg-deb, so it needs Debian.
func weigh(figures string, packages []string) error {
	var rows []page.Row
	for _, file := range packages {
		info, err := os.Stat(file)
		if err != nil {
			return err
		}
		arch, err := output("dpkg-deb", "-f", file, "Architecture")
		if err != nil {
			return err
		}
		size, err := output("dpkg-deb", "-f", file, "Installed-Size")
		if err != nil {
			return err
		}
		installed, err := strconv.Atoi(strings.TrimSpace(string(size))) // KiB (deb-control(5))
		if err != nil {
			return fmt.Errorf("read the installed size of %s: %w", file, err)
		}
		rows = append(rows, page.Row{"package for " + strings.TrimSpace(string(arch)),
			fmt.Sprintf("%.2f MB, installed %.1f MB", float64(info.Size())/1e6, float64(installed)*1024/1e6), "–"})
	}
	return page.Write(figures, "packages", "## Packages\n\n`make figures` wrote this section on "+page.Stamp()+".\n\n"+page.Table(rows))
}
