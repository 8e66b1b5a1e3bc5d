// Command figures measures what latchd promises about speed and size, on a simulated board, with the daemon in a process of
// its own, and prints a table. With -write it also writes its section of BENCHMARKS.md.
//
// It compares with nothing and judges nothing: it prints what it measured beside what was aimed at.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"latchd/bench/door"
	"latchd/bench/page"
)

var (
	rings   = flag.Int("rings", 30, "rings, each with its text, code and opening")
	starts  = flag.Int("starts", 20, "starts of the daemon")
	events  = flag.Int("events", 100_000, "events through journal and broker")
	seconds = flag.Int("rest", 30, "seconds at rest")
)

func main() {
	if len(os.Args) == 5 && os.Args[1] == through {
		if err := passEvents(os.Args[2], os.Args[3], os.Args[4]); err != nil {
			log.Fatal(err)
		}
		return
	}
	if err := page.Run("figures", measure); err != nil {
		log.Fatal(err)
	}
}

func measure(dir string) (body string, err error) {
	exe, sizes, err := build(dir)
	if err != nil {
		return "", err
	}
	s, err := newScene(dir, exe)
	if err != nil {
		return "", err
	}
	defer s.close()
	var rows []page.Row
	for _, part := range []struct {
		name string
		run  func() ([]page.Row, error)
	}{{"latencies", s.latencies}, {"starts", s.starts}, {"rest", s.rest}, {"events", s.through}} {
		log.Printf("measuring %s", part.name)
		more, err := part.run()
		if err != nil {
			return "", fmt.Errorf("%s: %w", part.name, err)
		}
		rows = append(rows, more...)
	}
	return render(append(rows, sizes...)), nil
}

// build makes the daemon for this machine, and for a Pi to weigh it.
func build(dir string) (exe string, sizes []page.Row, err error) {
	exe = filepath.Join(dir, "latchd")
	for _, b := range []struct{ out, arch, arm, name, aim string }{
		{exe, runtime.GOARCH, "", "", ""},
		{filepath.Join(dir, "arm64"), "arm64", "", "size for arm64, stripped", "under 16 MB"},
		{filepath.Join(dir, "armv6"), "arm", "6", "size for ARMv6 (Pi Zero), stripped", "–"},
	} {
		if err := door.Build(".", b.out, "GOOS=linux", "GOARCH="+b.arch, "GOARM="+b.arm); err != nil {
			return "", nil, err
		}
		info, err := os.Stat(b.out)
		if err != nil {
			return "", nil, err
		}
		if b.name != "" {
			sizes = append(sizes, page.Row{b.name, fmt.Sprintf("%.2f MB", float64(info.Size())/1e6), b.aim})
		}
	}
	return exe, sizes, nil
}

func render(rows []page.Row) string {
	var b strings.Builder
	fmt.Fprintf(&b, "`go run ./bench/figures -write` wrote this section on %s.\n", page.Stamp())
	fmt.Fprintf(&b, "The daemon runs in a process of its own on a simulated board; the times of edges are the board's. The machine is shared:\nmedians say more than single figures. The aims are for a Raspberry Pi 4.\n\n")
	b.WriteString(page.Table(rows))
	fmt.Fprintf(&b, "\nWhat a single part costs: `go test -run '^$' -bench . ./lock ./keypad ./journal ./sms ./configs`.\n")
	return b.String()
}
