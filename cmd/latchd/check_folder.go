package main

import (
	"fmt"
	"io"
	"os"

	"latchd/configs"
)

// isFolder says whether the configuration to be checked is a folder of many.
func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// checkFolder checks the files of many doors, and what they are to each other. It prints a line a door, and then each
// finding once, however many doors it concerns.
func checkFolder(out io.Writer, dir string) error {
	r := &report{out: out}
	folder, err := configs.LoadFolder(dir)
	if err != nil {
		return fmt.Errorf("check the folder: %w", err)
	}
	doors := folder.Doors
	if len(doors) == 0 {
		return fmt.Errorf("check the folder: no file in %s is a door's: one has [door], and ends in .toml", dir)
	}
	var faults, warned findings
	good := 0
	for _, d := range doors {
		if d.Config == nil && d.ID == "" {
			r.fail("%s", d.File)
		} else if d.Config == nil {
			r.fail("%s: %s", d.ID, d.File)
		} else {
			r.ok("%s: %s", d.ID, d.File)
			good++
			if w := textWarning(d.Config); w != "" {
				warned.add(w)
			}
		}
		for _, f := range d.Faults {
			faults.add(f.String())
		}
		for _, w := range d.Warnings {
			warned.add(w.String())
		}
	}
	faults.tell(r.fail)
	warned.tell(r.warn)
	for _, file := range folder.Loose {
		r.warn("%s: no door includes it, and it has no [door]: nothing in it was checked", file)
	}
	for _, link := range folder.Links {
		r.warn("%s: a link to a folder is not followed: check it by its own name", link)
	}
	r.line("", "%d of %d doors are sound, by their files alone: lines, secrets and journal are looked at on each door, by its own latchd check", good, len(doors))
	if r.err == nil && r.failed {
		return errTold
	}
	return r.err
}

// findings are told once each, in the order in which they came first.
type findings struct {
	lines []string
	doors map[string]int // how many it was found for
}

func (f *findings) add(line string) {
	if f.doors == nil {
		f.doors = map[string]int{}
	}
	if f.doors[line]++; f.doors[line] == 1 {
		f.lines = append(f.lines, line)
	}
}

func (f *findings) tell(say func(format string, args ...any)) {
	for _, line := range f.lines {
		if n := f.doors[line]; n > 1 {
			line += fmt.Sprintf(" (%d doors)", n)
		}
		say("%s", line)
	}
}
