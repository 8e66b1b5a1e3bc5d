package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"latchd/bench/page"
)

func (r results) text() string {
	rows := page.Table(r.rows())
	if r.plan.double.long == 0 {
		return fmt.Sprintf("Too short to measure anything. The machine was idle for %.0f %% before.\n\n%s\n%s\n%s", 100*r.idle, r.table(), rows, r.returns())
	}
	return fmt.Sprintf(text, page.Stamp(), 100*r.idle, between.Minutes(), r.table(), r.limit(), rows, r.returns())
}

// rows are the figures; those that have an aim say how it was met.
func (r results) rows() (rows []page.Row) {
	for _, e := range r.rates {
		if e.times == usual {
			rows = append(rows, page.Row{fmt.Sprintf("p99 from the strike to `access` granted at the subscriber, %d doors, %d times an evening's rate", e.doors, usual),
				fmt.Sprintf("%s (n = %d)", quantile(e.access, 0.99), len(e.access)), e.verdict()})
		}
	}
	rows = append(rows, r.cost()...)
	for _, o := range r.outages {
		rows = append(rows, o.row())
	}
	if r.events > 0 { // else the run has ended in an error
		rows = append(rows, page.Row{fmt.Sprintf("events that were stored and not heard, of %d; doors that were not heard as they are", r.events), "0; 0", verdict("0; 0", true)})
	}
	return append(rows, page.Row{"events that came again, and were dropped by their `seq`", fmt.Sprint(r.repeated()), "–"})
}

const failed = ": **failed**"

// verdict is an aim, and whether it was met.
func verdict(aim string, met bool) string {
	if met {
		return aim + ": passed"
	}
	return aim + failed
}

func (e evening) verdict() string {
	under := fmt.Sprintf("under %d ms", aim.Milliseconds())
	p99, enough := e.access.at(0.99)
	if !enough {
		return under + ": too few to tell"
	}
	return verdict(under, p99 < aim)
}

// failed returns the figures that do not meet their aims.
func (r results) failed() (figures []string) {
	for _, row := range r.rows() {
		if strings.HasSuffix(row[2], failed) {
			figures = append(figures, row[0]+": "+row[1])
		}
	}
	return figures
}

// table is a row for each number of doors and rate.
func (r results) table() string {
	var b strings.Builder
	b.WriteString("| doors | times an evening's rate | openings | in | strike to `access`: p50 | p99 | p99.9 | strike to `lock/state`: p50 | p99 | not heard in time: `access`, `lock/state` | " +
		"processor: doors | mosquitto | subscriber | all of the machine | memory a door | … at mosquitto |\n|" + strings.Repeat("---|", 16) + "\n")
	for _, e := range append(r.rates, r.grown...) {
		n := float64(e.doors)
		fmt.Fprintf(&b, "| %d | %g | %d | %.0f s | %s | %s | %s | %s | %s | %d, %d | %.0f %% | %.0f %% | %.0f %% | %.0f %% | %.2f MB | %.0f KB |\n", e.doors, e.times, len(e.access), e.took.Seconds(),
			quantile(e.access, 0.5), quantile(e.access, 0.99), quantile(e.access, 0.999), quantile(e.state, 0.5), quantile(e.state, 0.99), e.access.deaf(), e.state.deaf(),
			100*e.house.CPU, 100*e.broker.CPU, 100*e.me.CPU, 100*(1-e.idle), e.house.Resident/1e6/n, e.broker.Resident/1e3/n)
	}
	return b.String()
}

func quantile(l latencies, q float64) string {
	d, ok := l.at(q)
	if !ok {
		return "–"
	}
	if d == never {
		return "not in time"
	}
	return fmt.Sprintf("%.2f ms", page.Ms(d))
}

// cost is what one door takes at an evening's rate, of the first such rate that was measured.
func (r results) cost() []page.Row {
	if len(r.rates) == 0 {
		return nil
	}
	e := r.rates[0]
	n := float64(e.doors)
	day := 24 * time.Hour.Seconds() / e.took.Seconds() / n
	what := fmt.Sprintf("a door and day at %g times an evening's rate, day and night: ", e.times)
	return []page.Row{
		{"resident memory a door", fmt.Sprintf("%.2f MB", e.house.Resident/1e6/n), verdict("under 4 MB", e.house.Resident/1e6/n < 4)},
		{"descriptors a door, at the doors and at mosquitto", fmt.Sprintf("%.1f, %.1f", float64(e.house.Descriptors)/n, float64(e.broker.Descriptors)/n), "–"},
		{what + "to the broker, from it", fmt.Sprintf("%.0f KB, %.0f KB", e.out*day/1e3, e.in*day/1e3), "–"},
		{what + "written to the disk", fmt.Sprintf("%.1f MB", e.house.Written*day/1e6), "–"},
	}
}

func (o outage) row() page.Row {
	return page.Row{fmt.Sprintf("mosquitto %s: from its running until half of the doors, 99 %% and all are back, their states told", o),
		fmt.Sprintf("%s, %s, %s", seconds(o.back, 0.5), seconds(o.back, 0.99), seconds(o.back, 1)),
		verdict("all within 30 s", len(o.back) > 0 && slices.Max(o.back) <= 30*time.Second)}
}

// returns is a row for each time that the broker was away.
func (r results) returns() string {
	var b strings.Builder
	b.WriteString("| mosquitto | connections made: in the first second, the next nine, later | most in a tenth of a second | refused while it was away: in all, in the busiest second | " +
		"processor until all are back, a door: mosquitto, door | memory before, a door: mosquitto, door | doors asked for events again |\n|" + strings.Repeat("---|", 7) + "\n")
	for _, o := range r.outages {
		n := float64(max(o.doors, 1))
		busiest, at := o.most()
		fmt.Fprintf(&b, "| %s | %d, %d, %d | %d, after %.1f s | %d, %d | %.2f ms, %.2f ms | %.0f KB, %.2f MB | %d |\n", o,
			o.within(0, time.Second), o.within(time.Second, 10*time.Second), o.within(10*time.Second, time.Hour), busiest, at.Seconds(), o.refused, o.asking,
			1000*o.broker.CPU/n, 1000*o.house.CPU/n, o.broker.Resident/1e3/n, o.house.Resident/1e6/n, o.asked)
	}
	return b.String()
}

func (o outage) String() string {
	how := "killed"
	if o.saved {
		how = "stopped, with what is retained saved"
	}
	return fmt.Sprintf("%s, away for %.0f s, %d doors%s", how, o.away.Seconds(), o.doors, o.link)
}

func (l link) String() (with string) {
	if l.spread > 0 {
		with += fmt.Sprintf(", mqtt.spread %v", l.spread)
	}
	if l.tls {
		with += ", TLS"
	}
	return with
}

func seconds(l latencies, q float64) string {
	if len(l) == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f s", l[min(int(q*float64(len(l))), len(l)-1)].Seconds())
}

func (r results) repeated() (n int) {
	for _, o := range r.outages {
		n += o.repeated
	}
	return n
}

// limit says where the doubling ended.
func (r results) limit() string {
	doubled := fmt.Sprintf("Doors were doubled at %d times the rate until p99 was over %d ms, or something else gave. ", usual, aim.Milliseconds())
	switch {
	case len(r.grown) == 0 && r.gave == "":
		return "The doors were not doubled in this run."
	case r.gave == "":
		return doubled + fmt.Sprintf("Nothing gave up to %d doors.", r.grown[len(r.grown)-1].doors)
	}
	return doubled + fmt.Sprintf("At %d doors something gave: %s.", r.tried, r.gave)
}

const text = `## A fleet

` + "`go run ./bench/fleet -write`" + ` wrote this section on %s. The machine was idle for %.0f %% before.
Every door has its machine, its loop, its journal in a folder of its own and its own MQTT client; twenty doors make a site. Doors are
in processes of up to 2,000, mosquitto and the one subscriber in processes of their own, all on this machine and on loopback, with one
disk. An evening's rate is a bell every %.0f minutes at each door, at random. A visit is a bell, a code that the visitor gets in memory,
in one of ten visits first a wrong one, the right one, the strike open for 1 s, the door opened and closed: eight events or nine. Texts have no
budget here, and a door takes a visitor every 4 s at the most; others wait. Bell, keys and contact are posted to the loop, and the strike is
a line of a simulated board: scanning a thousand keypads is the work of a thousand processors. Times are from the
strike's line to the subscriber. A percentile stands where at least one opening lies above it. An opening
that was not heard by the door's next one counts as longer than any. Processors are in %% of one, and all of the machine's in %% of all.

%s
![Latency over rate and over doors, and the connections after each outage](docs/fleet-latency.svg)

%s

%s
%s
Bytes are those of MQTT, pings included, without TCP's. The subscriber is away with the broker, and asks for what the doors told before it was back. An event
counts as heard when the subscriber has every seq up to the door's last, and a door as it is when the retained states are its own. Mosquitto's queue for
new connections holds 100: the others are asked for again by TCP, a second later. A connection that is not ready after 10 s is made anew. A door whose connection is refused asks again every 50 to 100 ms,
and in an outage of more than 10 s at half to one hundredth of the time that it has lasted, up to every 12 to 25 s. Those with mqtt.spread or TLS are
fleets of their own. TLS is 1.3 with full handshakes, certificates on both sides and keys of P-256; each door reads its files at each connection. Both
ends of each handshake are on these processors. The subscriber comes in clear.
`
