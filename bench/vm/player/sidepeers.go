package main

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func (b *sideBench) programs() []*sideProgram {
	const code = "4902"
	form := url.Values{"To": {phone}, "From": {from}, "Body": {code + " opens the door"}}.Encode()
	path := "/2010-04-01/Accounts/" + account + "/Messages.json"
	authorization := "Basic " + base64.StdEncoding.EncodeToString([]byte(account+":"+token))
	request := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nAuthorization: %s\r\n"+
		"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", path, twilio, authorization, len(form), form)
	_, port, _ := strings.Cut(twilio, ":")
	chip := "/dev/" + b.h.chip

	latchd := &sideProgram{Name: "latchd", file: "/usr/bin/latchd", gap: 4 * time.Second, rings: sideGap}
	latchd.start = func() (int, error) {
		if _, err := command("systemctl", "start", "latchd"); err != nil {
			return 0, err
		}
		return strconv.Atoi(b.pid())
	}
	latchd.stop = func() error { _, err := command("systemctl", "stop", "latchd"); return err }
	bare := filepath.Join(load, "bare")
	polling := peer("polling.py", "/usr/bin/python3", "python3", filepath.Join(load, "polling.py"), chip, code, "http://"+twilio+path, form, authorization)
	polling.polls = true
	return []*sideProgram{latchd, peer("bare.c", bare, bare, chip, code, port, request), polling}
}

// peer is a program that runs as latchd does, five steps before others.
func peer(name, file string, command ...string) *sideProgram {
	p := &sideProgram{Name: name, file: file}
	var c *exec.Cmd
	p.start = func() (int, error) {
		c = exec.Command("nice", append([]string{"-n", "-5"}, command...)...)
		c.Stderr = os.Stderr
		err := c.Start()
		return c.Process.Pid, err
	}
	p.stop = func() error {
		c.Process.Signal(syscall.SIGTERM)
		c.Wait()
		return nil
	}
	return p
}

// atWork returns the time that all threads of a process have run, and how often they were switched from.
func atWork(pid int) (ran time.Duration, switches int, err error) {
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", pid))
	for _, task := range tasks {
		text, err := readWord(filepath.Join(task, "schedstat"))
		if err != nil {
			return 0, 0, err
		}
		ns, _, _ := strings.Cut(text, " ")
		n, err := strconv.ParseInt(ns, 10, 64)
		if err != nil {
			return 0, 0, err
		}
		ran += time.Duration(n)
		for _, kind := range []string{"voluntary_ctxt_switches:", "nonvoluntary_ctxt_switches:"} {
			n, err := number(filepath.Join(task, "status"), kind)
			if err != nil {
				return 0, 0, err
			}
			switches += n
		}
	}
	return ran, switches, nil
}

// number reads the value of a line such as "VmRSS:  1234 kB".
func number(file, name string) (int, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == name {
			return strconv.Atoi(f[1])
		}
	}
	return 0, fmt.Errorf("%s: no line %s", file, name)
}
