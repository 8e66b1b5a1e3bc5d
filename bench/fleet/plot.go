package main

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// The plot's measures, in pixels. Latency is on a logarithmic axis from 0.1 ms to 10 s.
const (
	panelWide, panelHigh = 300.0, 240.0
	panelTop, panelLeft  = 64.0, 70.0
	panelGap, panelRight = 80.0, 24.0
	barsTop, barsHigh    = panelTop + panelHigh + 130, 90.0
	barsRow              = barsHigh + 70    // from one pair of outages to the next
	barsFor              = 12 * time.Second // from the broker's return on
	decades              = 5
)

var lines = []struct {
	name, class string
	q           float64
}{{"p99.9", "c", 0.999}, {"p99", "b", 0.99}, {"p50", "a", 0.5}}

// plot draws the latency from strike to subscriber over the rate and over the doors.
func (r results) plot() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" role="img" font-family="system-ui, sans-serif" font-size="12">
<title>A fleet: latency over rate and over doors; connections after the broker's return</title>
<style>
.page { fill: #fff } text { fill: #333; stroke: #fff; stroke-width: 3; paint-order: stroke } .head { font-weight: 600 } .grid { stroke: #ddd } .bar { fill: #1f5fbf } .aim { stroke: #888; stroke-dasharray: 5 4 }
.a { stroke: #0a7d4f; fill: #0a7d4f } .b { stroke: #1f5fbf; fill: #1f5fbf } .c { stroke: #b3470b; fill: #b3470b } polyline.a, polyline.b, polyline.c { fill: none; stroke-width: 2 }
text.a, text.b, text.c { stroke: #fff; font-weight: 600 }
@media (prefers-color-scheme: dark) { .page { fill: #0d1117 } text { fill: #ccc; stroke: #0d1117 } .grid { stroke: #333 } .bar { fill: #79b0ff }
.a { stroke: #4cc38a; fill: #4cc38a } .b { stroke: #79b0ff; fill: #79b0ff } .c { stroke: #ff9a5c; fill: #ff9a5c }
text.a, text.b, text.c { stroke: #0d1117 } }
</style>
<rect class="page" width="100%%" height="100%%"/>
<text class="head" x="%.0f" y="24" font-size="14">From the strike's line to access granted at the subscriber</text>
`, panelLeft+2*panelWide+panelGap+panelRight, barsTop+barsRow*math.Ceil(float64(len(r.outages))/2)-20, panelLeft)
	first := 0
	for _, e := range r.rates {
		first = e.doors
	}
	over := append([]evening(nil), r.grown...)
	for _, e := range r.rates {
		if e.times == usual {
			over = append([]evening{e}, over...)
		}
	}
	panel(&b, panelLeft, fmt.Sprintf("%d doors: over the rate", first), "times an evening's rate", r.rates, func(e evening) string { return fmt.Sprintf("%g", e.times) })
	panel(&b, panelLeft+panelWide+panelGap, fmt.Sprintf("%d times an evening's rate: over the doors", usual), "doors", over,
		func(e evening) string { return fmt.Sprint(e.doors) })
	if len(r.outages) > 0 {
		fmt.Fprintf(&b, "<text class=\"head\" x=\"%.0f\" y=\"%.0f\" font-size=\"14\">Connections made in each tenth of a second after the broker's return</text>\n", panelLeft, barsTop-40)
	}
	for i, o := range r.outages {
		o.bars(&b, panelLeft+float64(i%2)*(panelWide+panelGap), barsTop+float64(i/2)*barsRow)
	}
	b.WriteString("</svg>\n")
	return []byte(b.String())
}

func panel(b *strings.Builder, left float64, head, foot string, es []evening, label func(evening) string) {
	bottom := panelTop + panelHigh
	fmt.Fprintf(b, "<text class=\"head\" x=\"%.0f\" y=\"48\">%s</text>\n<text x=\"%.0f\" y=\"%.0f\" text-anchor=\"middle\">%s</text>\n",
		left, head, left+panelWide/2, bottom+44, foot)
	for i := range decades + 1 {
		at := 100 * time.Microsecond * time.Duration(math.Pow10(i))
		fmt.Fprintf(b, "<line class=\"grid\" x1=\"%.0f\" x2=\"%.0f\" y1=\"%.1f\" y2=\"%.1[3]f\"/><text x=\"%.0f\" y=\"%.1f\" text-anchor=\"end\">%v</text>\n",
			left, left+panelWide, height(at), left-8, height(at)+4, unit(at))
	}
	fmt.Fprintf(b, "<line class=\"aim\" x1=\"%.0f\" x2=\"%.0f\" y1=\"%.1f\" y2=\"%.1[3]f\"/><text x=\"%.0f\" y=\"%.1f\">aim for p99: %v</text>\n",
		left, left+panelWide, height(aim), left+4, height(aim)-5, unit(aim))
	across := func(i int) float64 { return left + panelWide*(float64(i)+0.5)/float64(len(es)) }
	for i, e := range es {
		fmt.Fprintf(b, "<text x=\"%.1f\" y=\"%.0f\" text-anchor=\"middle\">%s</text>\n", across(i), bottom+20, label(e))
	}
	named := bottom + 100 // the place of the last name, from below
	for _, l := range lines {
		var points, marks strings.Builder
		x, y := 0.0, 0.0
		for i, e := range es {
			d, ok := e.access.at(l.q)
			if !ok {
				continue
			}
			x, y = across(i), height(d)
			fmt.Fprintf(&points, "%.1f,%.1f ", x, y)
			fmt.Fprintf(&marks, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"3\"/>", l.class, x, y)
		}
		if x == 0 {
			continue
		}
		if math.Abs(y-named) < 13 {
			y = named + 13
		}
		named = y
		fmt.Fprintf(b, "<polyline class=\"%s\" points=\"%s\"/>%s<text class=\"%[1]s\" x=\"%.1[4]f\" y=\"%.1[5]f\">%[6]s</text>\n",
			l.class, strings.TrimSpace(points.String()), marks.String(), x+8, y+4, l.name)
	}
}

// height returns where a latency stands.
func height(d time.Duration) float64 {
	share := math.Log10(float64(d)/float64(100*time.Microsecond)) / decades
	return panelTop + panelHigh*(1-min(max(share, 0), 1))
}

func unit(d time.Duration) string {
	switch {
	case d >= time.Second:
		return fmt.Sprintf("%d s", d/time.Second)
	case d >= time.Millisecond:
		return fmt.Sprintf("%d ms", d/time.Millisecond)
	}
	return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
}

// bars draws how many connections the doors made in each tick after the broker's return.
func (o outage) bars(b *strings.Builder, left, top float64) {
	ticks, bottom := int64(barsFor/tick), top+barsHigh
	most, _ := o.most()
	fmt.Fprintf(b, "<text class=\"head\" x=\"%.0f\" y=\"%.0f\">%d doors: away for %.0f s%s</text>\n", left, top-16, o.doors, o.away.Seconds(), o.link)
	for _, n := range []int{0, most} {
		y := bottom - barsHigh*float64(n)/float64(max(most, 1))
		fmt.Fprintf(b, "<line class=\"grid\" x1=\"%.0f\" x2=\"%.0f\" y1=\"%.1f\" y2=\"%.1[3]f\"/><text x=\"%.0f\" y=\"%.1f\" text-anchor=\"end\">%d</text>\n",
			left, left+panelWide, y, left-8, y+4, n)
	}
	wide := panelWide / float64(ticks)
	for at := range ticks {
		if high := barsHigh * float64(o.counts[at]) / float64(max(most, 1)); high > 0 {
			fmt.Fprintf(b, "<rect class=\"bar\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>", left+float64(at)*wide+0.2, bottom-high, wide-0.4, high)
		}
	}
	for s := 0; s <= int(barsFor/time.Second); s += 2 {
		fmt.Fprintf(b, "<text x=\"%.1f\" y=\"%.0f\" text-anchor=\"middle\">%d s</text>\n", left+panelWide*float64(s)*float64(time.Second)/float64(barsFor), bottom+20, s)
	}
	if n := o.within(barsFor, time.Hour); n > 0 {
		fmt.Fprintf(b, "<text x=\"%.0f\" y=\"%.0f\" text-anchor=\"end\">later: %d</text>\n", left+panelWide, top-16, n)
	}
}
