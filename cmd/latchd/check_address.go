package main

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"latchd/configs"
)

// address says whether the door could open the pages' address, or has it open.
func (r *report) address(cfg *configs.Config) bool {
	listen := cfg.Web.Listen
	_, service, _ := net.SplitHostPort(listen)
	if port, err := strconv.Atoi(service); err == nil && port > 0 && port < firstFreePort() && (r.service != nil || os.Geteuid() != 0) {
		r.fail("pages: the daemon may not open port %d: those below %d are root's: set web.listen to another", port, firstFreePort())
		return false
	}
	l, err := net.Listen("tcp", listen)
	switch {
	case err == nil:
		l.Close()
	case errors.Is(err, unix.EADDRINUSE):
		return r.ours(listen, service, filepath.Join(cfg.Journal.Path, "lock"))
	case errors.Is(err, unix.EADDRNOTAVAIL):
		r.warn("pages: this machine has no address %s now: the pages open when it has; see ip address, and web.listen", listen)
	default:
		r.fail("pages: %v: see web.listen", err)
	}
	return err == nil
}

// ours says whether the address is taken by the door that writes the journal with that lock, and if not, prints who has it.
func (r *report) ours(listen, port, lock string) bool {
	holders := listening(port)
	for _, pid := range holders {
		if hasOpen(pid, lock) {
			return true
		}
	}
	if len(holders) == 0 {
		r.warn("pages: %s is taken, by the door itself if it is at work, or by another program: sudo latchd check tells which", listen)
		return false
	}
	name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", holders[0])) // gone since: then it has no name
	r.fail("pages: %s is taken by %q, process %d: stop that program, or set web.listen to another port", listen,
		strings.TrimSpace(string(name)), holders[0])
	return false
}

// firstFreePort is the lowest TCP port that takes no right to open (ip(7), "ip_unprivileged_port_start").
func firstFreePort() int {
	text, err := os.ReadFile("/proc/sys/net/ipv4/ip_unprivileged_port_start")
	if n, bad := strconv.Atoi(strings.TrimSpace(string(text))); err == nil && bad == nil {
		return n
	}
	return 1024
}

// listening finds the processes that listen on a TCP port, of those that this user may look into (proc(5)).
func listening(port string) (pids []int) {
	sockets := map[string]bool{}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		f, err := os.Open(table)
		if err != nil {
			continue
		}
		defer f.Close()
		for lines := bufio.NewScanner(f); lines.Scan(); {
			// sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode
			fields := strings.Fields(lines.Text())
			if len(fields) < 10 || fields[3] != "0A" {
				continue
			}
			_, hex, _ := strings.Cut(fields[1], ":")
			if n, err := strconv.ParseUint(hex, 16, 16); err == nil && strconv.FormatUint(n, 10) == port {
				sockets["socket:["+fields[9]+"]"] = true
			}
		}
	}
	open, _ := filepath.Glob("/proc/[0-9]*/fd/*") // fails on a bad pattern only
	for _, fd := range open {
		if to, err := os.Readlink(fd); err == nil && sockets[to] {
			pid, _ := strconv.Atoi(strings.Split(fd, "/")[2])
			pids = append(pids, pid)
		}
	}
	return pids
}

// hasOpen says whether a process has that file open.
func hasOpen(pid int, path string) bool {
	want, err := os.Stat(path)
	if err != nil {
		return false
	}
	open, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	for _, fd := range open {
		if info, err := os.Stat(fd); err == nil && os.SameFile(info, want) {
			return true
		}
	}
	return false
}
