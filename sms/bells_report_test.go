package sms

import (
	"fmt"
	"strings"
	"time"

	"latchd/bench/page"
	"latchd/lock"
)

// report is the virtual time and the table of trials in which nothing was wrong.
func report(witnesses []*witness) (lasted time.Duration, table string) {
	var all witness
	var texts, taken, sent, next, lost, unknown int
	for _, w := range witnesses {
		lasted += w.lasted
		all.bells, all.requests, all.looked = all.bells+w.bells, all.requests+w.requests, all.looked+w.looked
		all.posts, all.calls, all.hungUp = all.posts+w.posts, all.calls+w.calls, all.hungUp+w.hungUp
		all.types, all.opened = all.types+w.types, all.opened+w.opened
		if all.shortest == 0 || w.shortest < all.shortest {
			all.shortest = w.shortest
		}
		texts += len(w.rings)
		for _, a := range w.rings {
			taken += len(a.taken)
			if w.house.turn && len(a.posted) > 1 {
				next++
			}
			for _, news := range a.news {
				switch first := news[0]; {
				case first.State == lock.Sent:
					sent++
				case strings.Contains(first.Detail, "does not list"):
					lost++
				case strings.Contains(first.Detail, "is not known"):
					unknown++
				}
			}
		}
	}
	row := func(what string, n int, aim string) page.Row { return page.Row{what, fmt.Sprint(n), aim} }
	return lasted, page.Table([]page.Row{
		row("bells", all.bells, "–"), row("rings that the door texted, to two owners at once or in turn", texts, "–"),
		row("requests", all.requests, "–"), row("… of them to send a text", all.posts, "–"), row("… of them to look one up", all.looked, "–"),
		row("… of them to make a call", all.calls, "–"),
		row("… of them to hang one up whose code had died", all.hungUp, "–"),
		row("texts taken", taken, "–"), row("… of them followed", sent, "–"),
		row("rings whose second owner's turn came", next, "–"),
		row("texts whose answer was lost, and which Twilio does not list", lost, "–"),
		row("texts whose fate is not known: they could not be looked up", unknown, "–"),
		row("codes typed", all.types, "–"), row("… of them opened the door", all.opened, "–"),
		{"shortest time between two rings that were texted", all.shortest.String(), "1m0s at the least"},
		row("second texts for a ring and owner, posts after one that may have been taken", 0, "0"),
		row("texts and calls begun for a dead code, calls hung up for a live one", 0, "0"),
		row("second calls for a text, in turn for a ring; calls and next texts while a text was not lost nor 20 s late", 0, "0"),
		row("news of a text that the stand-in contradicts", 0, "0"),
		row("goroutines, connections and descriptors left over", 0, "0")})
}
