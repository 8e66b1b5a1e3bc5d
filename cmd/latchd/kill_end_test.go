package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"latchd/bench/page"
	"latchd/lock"
)

// end lives the last life, which ends in good order, and returns the section of BENCHMARKS.md.
func (k *killing) end(long bool) string {
	k.raiseBroker()
	l := k.begin()
	k.readies = append(k.readies, l.ready())
	k.locked(l)
	k.resume()
	k.compare(l)
	k.ledger.wait(k.t, func() bool { return k.ledger.heard() == len(k.log()) })
	l.cmd.Process.Signal(syscall.SIGTERM)
	if err := l.end(); err != nil {
		k.t.Errorf("ended with %v\n%s", err, l.diary.text)
	}
	k.ledger.wait(k.t, func() bool { return strings.Contains(k.ledger.last(), string(lock.DaemonStopped)) })
	stored := k.log()
	differing := k.ledger.verdict(k.t, stored)
	if left, _ := filepath.Glob(filepath.Join(k.dir, "journal", "*damaged*")); len(left) > 0 {
		k.t.Errorf("the journal was set aside: %v", left)
	}
	n := k.tally(stored)
	if long && *kills >= 100 && (slices.Contains(n.phases[:], 0) || slices.Contains(k.outages[:], 0) || n.sending == 0 || k.ledger.again == 0) {
		k.t.Errorf("kills %+v, outages %v, %d events again: that was too easy", n, k.outages, k.ledger.again)
	}
	return k.render(n, len(stored), differing)
}

// tally is where the kills fell.
type tally struct {
	phases           [len(phases)]int
	away             int // the broker was
	pending, sending int // events were stored that the witness had not heard: in all, and with the broker there
	most             int // of these events
}

func (k *killing) tally(stored []lock.Event) (n tally) {
	for _, d := range k.deaths {
		n.phases[d.phase]++
		written := 0
		for written < len(stored) && !stored[written].At.After(d.at) {
			written++
		}
		if !d.well {
			n.away++
		}
		if written > d.heard {
			n.pending++
			if d.well {
				n.sending++
			}
		}
		n.most = max(n.most, written-d.heard)
	}
	return n
}

func (k *killing) render(n tally, stored, differing int) string {
	head := fmt.Sprintf(`## Kills

`+"`go test ./cmd/latchd -run Killed -kills %d -seed %d -write -timeout 60m`"+` wrote this section on %s.
latchd, in a process of its own on a simulated board, with mosquitto and with a journal on the disk, was kept busy with rings, codes,
wrong entries, the exit button, the door and commands, was sent SIGKILL at a random moment, and was started again on what it had
left. The broker was killed while it was stopped (SIGSTOP) %d times, killed %d times, and only stopped %d times, and was back five kills
later. A witness listened at the broker, dropped repeated ids, and was compared with the journal at the end. A simulated board dies
with its daemon: what becomes of the strike's line in a kill is tried on a real kernel, in bench/vm/scenarios/crash.txt.

`, *kills, *soakSeed, page.Stamp(), k.outages[0], k.outages[1], k.outages[2])
	rows := []page.Row{{"kills", strconv.Itoa(len(k.deaths)), "500"}}
	row := func(what string, measured int, aim string) {
		rows = append(rows, page.Row{what, strconv.Itoa(measured), aim})
	}
	for i, phase := range phases {
		row("… "+phase, n.phases[i], "–")
	}
	row("kills while the broker was away", n.away, "–")
	row("kills with stored events that the witness had not heard", n.pending, "–")
	row("… of them with the broker there", n.sending, "–")
	row("the most of these events at one kill", n.most, "–")
	row("events", stored, "–")
	row("`seq` missing at the witness", k.ledger.missing(), "0")
	row("events in which witness and journal differ", differing, "0")
	row("events that came to the witness again", k.ledger.again, "–")
	row(fmt.Sprintf("starts after which the strike was not locked (n = %d)", len(k.readies)), 0, "0")
	row(fmt.Sprintf("connections after which the retained states were not true (n = %d)", k.looks), 0, "0")
	rows = append(rows, page.Row{"exec to ready, after a kill", page.Spread(k.readies), "under 150 ms"})
	return head + page.Table(rows)
}
