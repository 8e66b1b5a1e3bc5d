package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// report prints what the machines whose folders are named had to say, and is an error when a scenario failed.
func report(dirs []string) error {
	if len(dirs) == 2 && dirs[0] == "--side" {
		return reportSide(dirs[1])
	}
	if len(dirs) == 2 && dirs[0] == "--installed" {
		return reportInstalled(dirs[1])
	}
	var all []verdict
	for _, dir := range dirs {
		vs, err := readVerdicts(dir)
		if err != nil {
			return err
		}
		all = append(all, vs...)
	}
	return printVerdicts(all)
}

// readVerdicts reads what one machine said of what it had to do. Whatever it left open is a failure, and so is what it
// said that is not a verdict.
func readVerdicts(dir string) ([]verdict, error) {
	todo, err := os.ReadFile(filepath.Join(dir, "todo"))
	if os.IsNotExist(err) {
		return nil, nil // no such machine was needed
	}
	if err != nil {
		return nil, err
	}
	said, _ := os.ReadFile(filepath.Join(dir, "verdicts")) // without any, the machine has not come so far
	var vs []verdict
	done := map[string]bool{}
	for line := range strings.Lines(string(said)) {
		var v verdict
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			v = verdict{Name: filepath.Base(dir), Error: strings.TrimSpace(line)}
		}
		vs = append(vs, v)
		done[v.Name] = true
	}
	console, _ := os.ReadFile(filepath.Join(dir, "console"))
	log := string(console[max(0, len(console)-4000):])
	for _, name := range append(strings.Fields(string(todo)), "install") {
		if !done[name] {
			vs = append(vs, verdict{Name: name, Error: "the machine " + filepath.Base(dir) + " ended before it was played", Log: log})
			log = ""
		}
	}
	return vs, nil
}

func printVerdicts(all []verdict) error {
	failed, drives, openings := 0, 0, 0
	seen := map[string]bool{}
	for _, v := range all {
		if v.Name == "install" && seen[v.Name] && v.Error == "" {
			continue // each machine installs
		}
		seen[v.Name] = true
		word, note := "ok", strings.Join(v.Said, ", ")
		switch {
		case v.Error != "":
			word, note = "FAIL", v.Error
			failed++
		case v.Skipped != "":
			word, note = "skip", v.Skipped
		}
		drives, openings = drives+v.Drives, openings+v.Openings
		fmt.Printf("%-4s  %-22s %s\n", word, v.Name, v.Title)
		if note != "" {
			fmt.Printf("      %-22s %s\n", "", note)
		}
	}
	for _, v := range all {
		if v.Error != "" && v.Log != "" {
			fmt.Printf("\n--- %s\n%s\n", v.Name, v.Log)
		}
	}
	fmt.Printf("\n%d scenarios, %d failed. The kernel saw the strike's line driven %d times and opened %d times.\n", len(all), failed, drives, openings)
	if len(all) == 0 {
		return fmt.Errorf("nothing was played")
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d scenarios failed", failed, len(all))
	}
	return nil
}
