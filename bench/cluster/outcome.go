package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"latchd/bench/page"
)

// outcome is what came of a scenario.
type outcome struct {
	scenario
	events, missing    int // in the journal; of them not heard
	repeated, disorder int
	tried, opened      int // right codes and presses of the exit button; those upon which the strike opened
	delays             []time.Duration
	quiet, meanwhile   []time.Duration     // from key or button to the strike, before it happens and while it does
	wellAfter          [size]time.Duration // from when it is over until newcomers at a node are told so
	faults             []string
	note               string
}

// A door that waits for its broker takes as long as an acknowledgement does, and seconds when the broker has gone.
const (
	soon    = time.Millisecond       // at the median, at any time: what a single door is to keep
	tooLate = 100 * time.Millisecond // for any opening
)

// slower is how long an opening may take while the cluster is in trouble, at the median and at the 99th percentile, by what it
// took before: twice as long, and a little, for the nodes that elect and catch up run on the doors' own processors; and a key whose
// scan is held up once has its debounce begin anew.
func slower(before quantiles) quantiles {
	return quantiles{2*before.p50 + soon/2, 2*before.p99 + 20*time.Millisecond, tooLate}
}

// quantiles are those of openings.
type quantiles struct{ p50, p99, longest time.Duration }

func quantilesOf(ds []time.Duration) quantiles {
	if len(ds) == 0 {
		return quantiles{}
	}
	ds = slices.Sorted(slices.Values(ds))
	return quantiles{ds[len(ds)/2], ds[len(ds)*99/100], ds[len(ds)-1]}
}

func (q quantiles) String() string {
	return fmt.Sprintf("%.2f, %.2f, %.2f ms", page.Ms(q.p50), page.Ms(q.p99), page.Ms(q.longest))
}

// verdict returns what is not as it ought to be. Where the machine is not quiet, of how long openings took only the median is judged,
// by a bound that no busy machine reaches, and a door that waits for its broker does.
func (o outcome) verdict(quiet bool) (wrong []string) {
	wrong = slices.Clone(o.faults)
	if o.missing > 0 {
		wrong = append(wrong, fmt.Sprintf("%d events lost", o.missing))
	}
	if took := slices.Max(o.wellAfter[:]); took > catchUp {
		wrong = append(wrong, fmt.Sprintf("for %.0f s newcomers were told that doors are away, or have a fault", took.Seconds()))
	}
	if o.opened < o.tried {
		wrong = append(wrong, fmt.Sprintf("%d codes or presses did not open", o.tried-o.opened))
	}
	if o.calm {
		return wrong
	}
	was, is := quantilesOf(o.quiet), quantilesOf(o.meanwhile)
	limit := slower(was)
	if !quiet {
		limit = quantiles{tooLate, time.Hour, time.Hour}
	}
	if min(len(o.quiet), len(o.meanwhile)) < 10 || quiet && was.p50 > soon || is.p50 > limit.p50 || len(o.meanwhile) >= 100 && is.p99 > limit.p99 || is.longest > limit.longest {
		wrong = append(wrong, fmt.Sprintf("the strike took %v, then %v", was, is))
	}
	return wrong
}

const head = `| scenario | events, lost | came again, out of order | longest way of an event to the consumer | from its end until newcomers at all nodes are told that all doors are well | openings, failed | edge to strike, p50, p99, longest: before | while it happens | verdict |
|---|---|---|---|---|---|---|---|---|
`

// row is the outcome as a line of a table.
func (o outcome) row() string {
	words := []string{"passed"}
	if wrong := o.verdict(*write); len(wrong) > 0 {
		words = append([]string{"**failed**"}, wrong...)
	}
	if o.note != "" {
		words = append(words, o.note)
	}
	doors, was, is := "–", "–", "–"
	if !o.calm {
		doors = fmt.Sprintf("%d, %d", o.opened, o.tried-o.opened)
		was, is = fmt.Sprintf("%v (n = %d)", quantilesOf(o.quiet), len(o.quiet)), fmt.Sprintf("%v (n = %d)", quantilesOf(o.meanwhile), len(o.meanwhile))
	}
	return fmt.Sprintf("| %s | %d, %d | %d, %d | %.1f s | %.2f s | %s | %s | %s | %s |\n", o.name, o.events, o.missing, o.repeated, o.disorder,
		slices.Max(append(o.delays, 0)).Seconds(), slices.Max(o.wellAfter[:]).Seconds(), doors, was, is, strings.Join(words, "; "))
}

func table(all []outcome) string {
	rows := head
	for _, o := range all {
		rows += o.row()
	}
	return rows
}
