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
	presses, opened    int // of the exit button; of the strike upon them
	delays             []time.Duration
	quiet, meanwhile   []time.Duration // from the exit button's edge to the strike's
	trueAfter          [size]time.Duration
	faults             []string
	note               string
}

// slower is how much longer than before an opening may take at the median while the cluster is in trouble: twice as long,
// and a millisecond, for the nodes that elect and catch up run on the door's own processors.
func slower(before time.Duration) time.Duration { return 2*before + time.Millisecond }

// verdict returns what is not as it ought to be.
func (o outcome) verdict() (wrong []string) {
	wrong = slices.Clone(o.faults)
	if o.missing > 0 {
		wrong = append(wrong, fmt.Sprintf("%d events lost", o.missing))
	}
	if o.opened < o.presses {
		wrong = append(wrong, fmt.Sprintf("%d presses of the exit button did not open", o.presses-o.opened))
	}
	if was, is := middle(o.quiet), middle(o.meanwhile); was > 0 && is > slower(was) {
		wrong = append(wrong, fmt.Sprintf("the strike took %.2f ms in place of %.2f ms", page.Ms(is), page.Ms(was)))
	}
	return wrong
}

func middle(ds []time.Duration) time.Duration {
	if len(ds) == 0 {
		return 0
	}
	ds = slices.Sorted(slices.Values(ds))
	return ds[len(ds)/2]
}

const head = `| scenario | events, lost | came again, out of order | longest way of an event to the consumer | true on all nodes after | exit button to strike: before, while it happens | verdict |
|---|---|---|---|---|---|---|
`

// row is the outcome as a line of a table.
func (o outcome) row() string {
	words := []string{"passed"}
	if wrong := o.verdict(); len(wrong) > 0 {
		words = append([]string{"**failed**"}, wrong...)
	}
	if o.note != "" {
		words = append(words, o.note)
	}
	strike := "–"
	if was, is := middle(o.quiet), middle(o.meanwhile); was > 0 && is > 0 {
		strike = fmt.Sprintf("median %.2f ms, %.2f ms (longest %.2f ms; n = %d, %d): ratio %.2f", page.Ms(was), page.Ms(is),
			page.Ms(slices.Max(o.meanwhile)), len(o.quiet), len(o.meanwhile), float64(is)/float64(was))
	}
	return fmt.Sprintf("| %s | %d, %d | %d, %d | %.1f s | %.1f s | %s | %s |\n", o.name, o.events, o.missing, o.repeated, o.disorder,
		slices.Max(append(o.delays, 0)).Seconds(), slices.Max(o.trueAfter[:]).Seconds(), strike, strings.Join(words, "; "))
}

func table(all []outcome) string {
	rows := head
	for _, o := range all {
		rows += o.row()
	}
	return rows
}
