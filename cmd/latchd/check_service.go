package main

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// service is the daemon as systemd runs it.
type service struct {
	unit  unit
	user  account
	drops []string // the unit's drop-ins on the disk
}

// serviceOf returns who will run the door of that configuration: nil unless root asks about the installed service's, and its
// user is there.
func serviceOf(config string) *service {
	if path, err := filepath.Abs(config); err != nil || path != defaultConfig || os.Geteuid() != 0 {
		return nil
	}
	u := readUnit("/", "latchd.service")
	a, err := accountOf(u.last("User"), append(u["SupplementaryGroups"], u["Group"]...))
	if err != nil {
		return nil
	}
	_, drops := unitFiles("/", "latchd.service")
	return &service{u, a, drops}
}

// unit is the settings of a service. Each has all its values, a later one last.
type unit map[string][]string

func (u unit) last(key string) string {
	if values := u[key]; len(values) > 0 {
		return values[len(values)-1]
	}
	return ""
}

func isYes(s string) bool {
	return slices.Contains([]string{"yes", "true", "on", "1"}, strings.ToLower(s))
}

// readUnit reads a service's file and its drop-ins as systemd does. Without a file the unit is empty.
func readUnit(root, name string) unit {
	u := unit{}
	main, drops := unitFiles(root, name)
	if main == "" {
		return u
	}
	for _, file := range append([]string{main}, drops...) {
		u.read(file)
	}
	return u
}

// unitFiles returns a service's file, "" when there is none, and its drop-ins in the order in which systemd reads them
// (systemd.unit(5), "Unit File Load Path").
func unitFiles(root, name string) (main string, drops []string) {
	byName := map[string]string{}
	for _, dir := range []string{"lib", "usr/lib", "usr/local/lib", "run", "etc"} { // the later goes before the earlier
		path := filepath.Join(root, dir, "systemd/system", name)
		if _, err := os.Stat(path); err == nil {
			main = path
		}
		found, _ := filepath.Glob(path + ".d/*.conf") // fails on a bad pattern only
		for _, drop := range found {
			byName[filepath.Base(drop)] = drop
		}
	}
	for _, base := range slices.Sorted(maps.Keys(byName)) {
		drops = append(drops, byName[base])
	}
	return main, drops
}

func (u unit) read(path string) {
	text, _ := os.ReadFile(path) // what root cannot read, systemd cannot
	for line := range strings.Lines(strings.ReplaceAll(string(text), "\\\n", " ")) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if !ok || strings.HasPrefix(key, "#") || strings.HasPrefix(key, ";") {
			continue
		}
		if value == "" { // an empty value takes back those before it
			delete(u, key)
		} else {
			u[key] = append(u[key], value)
		}
	}
}

// names says whether one of the settings' values names the path, or a folder that it lies in.
func (u unit) names(path string, keys ...string) bool {
	for _, key := range keys {
		for word := range strings.FieldsSeq(strings.Join(u[key], " ")) {
			source, _, _ := strings.Cut(strings.TrimLeft(word, "-+"), ":")
			if within(path, source) {
				return true
			}
		}
	}
	return false
}

func within(path, folder string) bool {
	return path == folder || strings.HasPrefix(path, strings.TrimRight(folder, "/")+"/")
}

// hides returns the setting that keeps a path from the service's sight, "" when none does (systemd.exec(5), "Sandboxing").
func (u unit) hides(path string) string {
	for key, folders := range map[string][]string{"ProtectHome": {"/home", "/root", "/run/user"}, "PrivateTmp": {"/tmp", "/var/tmp"}} {
		value := u.last(key)
		if !isYes(value) && value != "tmpfs" && value != "disconnected" {
			continue
		}
		for _, folder := range folders {
			if within(path, folder) && !u.names(path, "BindPaths", "BindReadOnlyPaths") {
				return key + "=" + value
			}
		}
	}
	return ""
}
