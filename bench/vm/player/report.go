package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// report prints what the machines whose folders are named had to say, and is an error when a scenario failed.
func report(dirs []string) error {
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

// readVerdicts reads what one machine said. What is not a verdict, and what was to do and is not there, is one that says so.
func readVerdicts(dir string) ([]verdict, error) {
	f, err := os.Open(filepath.Join(dir, "verdicts"))
	if os.IsNotExist(err) {
		return nil, nil // no such machine was needed
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var vs []verdict
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var v verdict
		if json.Unmarshal(lines.Bytes(), &v) != nil {
			v = verdict{Name: filepath.Base(dir), Error: strings.TrimSpace(lines.Text())}
		}
		vs = append(vs, v)
	}
	done := map[string]bool{}
	for _, v := range vs {
		done[v.Name] = true
	}
	todo, err := os.ReadFile(filepath.Join(dir, "todo"))
	if err != nil {
		return nil, err
	}
	for _, name := range strings.Fields(string(todo)) {
		if !done[name] {
			console, _ := os.ReadFile(filepath.Join(dir, "console"))
			vs = append(vs, verdict{Name: name, Error: "the machine ended before it", Log: string(console[max(0, len(console)-4000):])})
			break
		}
	}
	return vs, lines.Err()
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
	if failed > 0 {
		return fmt.Errorf("%d of %d scenarios failed", failed, len(all))
	}
	return nil
}
