package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// installed is what the README has put onto a host, beside the state that fresh removes.
var installed = []string{"/usr/bin/latchd", "/etc/systemd/system/latchd.service", "/etc/systemd/system/latchd.service.d", "/etc/sysusers.d/latchd.conf", "/etc/tmpfiles.d/latchd.conf", "/etc/latchd"}

// here plays the scenarios on this machine, with what is to be tried in the folder load, and leaves it as it was.
func here(load string, names []string) error {
	if os.Getuid() != 0 {
		return fmt.Errorf("the lines and the daemon's installation take root: run it with sudo")
	}
	if _, err := os.Stat("/run/systemd/system"); err != nil {
		return fmt.Errorf("this machine was not started by systemd")
	}
	for _, path := range append(installed, stateDir) {
		if _, err := os.Stat(path); err == nil {
			return fmt.Errorf("%s is there: this is for a machine without a latchd of its own", path)
		}
	}
	if out, err := exec.Command("modprobe", "gpio-sim").CombinedOutput(); err != nil {
		return fmt.Errorf("this kernel has no gpio-sim (leave --here away to use a virtual machine): %s", out)
	}
	defer leave()
	if err := makeHeader(); err != nil {
		return err
	}
	d, err := openDoor(load)
	if err != nil {
		return err
	}
	if len(names) == 0 {
		files, _ := filepath.Glob(filepath.Join(load, "scenarios", "*.txt"))
		for _, file := range files {
			names = append(names, strings.TrimSuffix(filepath.Base(file), ".txt"))
		}
	}
	all := []verdict{d.play("install", true, resume{}, nil, nil)}
	for _, name := range names {
		if name != "install" {
			all = append(all, d.play(name, true, resume{}, nil, nil))
		}
	}
	return printVerdicts(all)
}

func leave() {
	uninstall()
	removeHeader()
}

// uninstall takes away what was installed by hand, the user too.
func uninstall() {
	command("systemctl", "disable", "--now", "latchd")
	for _, path := range append(installed, stateDir) {
		os.RemoveAll(path)
	}
	command("systemctl", "daemon-reload")
	command("userdel", "latchd")
}
