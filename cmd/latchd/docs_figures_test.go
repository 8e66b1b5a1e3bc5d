package main

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// fleetFigures are figures of docs/fleet.md, and where BENCHMARKS.md has them.
var fleetFigures = []struct {
	page, measured string  // expressions whose group is the number
	ratio          float64 // at the most, of one to the other: tails differ from run to run
}{
	{`journal and mosquitto, ([\d,]+) a second and more`, `mosquitto to a subscriber \| (\d+)/s`, 1.25},
	{`exec to ready: (\d+) ms`, `\| exec to ready \| median ([\d.]+) ms`, 1.25},
	{`A package is ([\d.]+) MB`, `package for arm64 \| ([\d.]+) MB`, 1.02},
	{`to the broker, in bytes of MQTT \| (\d+) KB`, `to the broker, from it \| (\d+) KB`, 1.25},
	{`from the broker \| (\d+) KB`, `to the broker, from it \| \d+ KB, (\d+) KB`, 1.25},
	{`written to its disk \| ([\d.]+) MB`, `written to the disk \| ([\d.]+) MB`, 1.25},
	{`mosquitto's memory \| (\d+) KB`, `(?m)^\| 1000 \| 10 \|.* (\d+) KB \|$`, 1.25},
	{`(\d+) KB where there are 16,000`, `(?m)^\| 16000 \| 10 \|.* (\d+) KB \|$`, 1.25},
	{`p99 from strike to subscriber is ([\d.]+) ms`, `(?m)^\| 1000 \| 10 \| \d+ \| \d+ s \| [\d.]+ ms \| ([\d.]+) ms`, 1.5},
	{`At a hundred times, p99 is (\d+) ms`, `(?m)^\| 1000 \| 100 \| \d+ \| \d+ s \| [\d.]+ ms \| ([\d.]+) ms`, 1.5},
	{`are held, too, at ([\d.]+) ms`, `(?m)^\| 8000 \| 10 \| \d+ \| \d+ s \| [\d.]+ ms \| ([\d.]+) ms`, 1.5},
	{`had knocked ([\d,]+) times a second`, `(?m)^\| killed, away for 10 s, 1000 doors \|.* \d+, (\d+) \|.*ms \|`, 1.25},
	{`came at up to (\d+) in a tenth`, `(?m)^\| killed, away for 10 s, 1000 doors \| [\d, ]+ \| (\d+), after`, 1.5},
	{`doors knock some (\d+) times a second`, `(?m)^\| killed, away for 10 s, 1000 doors, mqtt.spread 10s \|.* \d+, (\d+) \|.*ms \|`, 1.5},
	{`takes some (\d+) ms of mosquitto's one thread`, `(?m)^\| killed, away for 10 s, 1000 doors, TLS \|.* ([\d.]+) ms, [\d.]+ ms \|`, 1.25},
	{`back in ([\d.]+) s \(\[the same`, `(?m)^\| mosquitto killed, away for 10 s, 1000 doors, TLS: .*, ([\d.]+) s \| all within`, 1.5},
	{`a door costs each node ([\d.]+) MB`, `(?m)^\| 1000 \| \d+ \| ([\d.]+) MB \| \d+ % \|`, 1.25},
}

func TestTheFleetsPageQuotesWhatWasMeasured(t *testing.T) {
	pages := documentation(t)
	number := func(page, of string) float64 {
		t.Helper()
		m := regexp.MustCompile(of).FindStringSubmatch(pages[page])
		if m == nil {
			t.Errorf("%s has no %s", page, of)
			return 0
		}
		n, err := strconv.ParseFloat(strings.ReplaceAll(m[1], ",", ""), 64)
		if err != nil {
			t.Error(err)
		}
		return n
	}
	for _, q := range fleetFigures {
		says, is := number("docs/fleet.md", q.page), number("BENCHMARKS.md", q.measured)
		if says > 0 && is > 0 && (says > is*q.ratio || is > says*q.ratio) {
			t.Errorf("docs/fleet.md: %v for %s, but BENCHMARKS.md has %v", says, q.page, is)
		}
	}
}
