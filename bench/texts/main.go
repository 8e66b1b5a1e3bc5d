// Command texts measures how soon after a press of the bell Twilio's API has the text, over a line with a long round trip
// and with TLS: on the connection that the door has kept, on a new one, and beside a client that is made anew for each text.
// It prints a table. With -write it also writes its section of BENCHMARKS.md.
package main

import (
	"errors"
	"flag"
	"fmt"
	"log"
	"time"

	"latchd/bench/mochi"
	"latchd/bench/page"
)

var (
	rings     = flag.Int("rings", 40, "rings for each figure")
	roundTrip = flag.Duration("roundtrip", 100*time.Millisecond, "of the line to the API")
)

func main() {
	if err := page.Run("texts", measure); err != nil {
		log.Fatal(err)
	}
}

func measure(dir string) (body string, err error) {
	a, err := newAPI(*roundTrip)
	if err != nil {
		return "", err
	}
	defer a.close()
	broker, end, err := mochi.Start()
	if err != nil {
		return "", err
	}
	defer end()
	d, err := newVisited(dir, broker, a)
	if err != nil {
		return "", err
	}
	defer d.Kill()
	warm, err1 := d.ring(*rings, func() {})
	a.resumed.Store(0)
	cold, err2 := d.ring(*rings, a.wire.cut)
	if n := a.resumed.Load(); err2 == nil && int(n) != *rings {
		err2 = fmt.Errorf("of %d new connections %d resumed a session", *rings, n)
	}
	if err := errors.Join(err1, err2, d.Stop()); err != nil {
		return "", err
	}
	fresh, err := a.fresh(*rings)
	if err != nil {
		return "", err
	}
	limit := fmt.Sprintf("under %.0f ms", page.Ms(*roundTrip+15*time.Millisecond))
	return fmt.Sprintf(text, page.Stamp(), page.Ms(*roundTrip), page.Table([]page.Row{
		{"bell edge to the request's first byte, on the connection kept", page.Spread(warm.first), "median under 3 ms"},
		{"bell edge to the API's acceptance at the door, on the connection kept", page.Spread(warm.accepted), limit},
		{"the same on a new connection that resumes the TLS session", page.Spread(cold.accepted), "–"},
		{"the same call by a client made anew each time, without a door", page.Spread(fresh), "–"},
	})), nil
}

const text = `## Texts

` + "`go run ./bench/texts -write`" + ` wrote this section on %s.
latchd in a process of its own on a simulated board, and a stand-in for Twilio's API behind TLS 1.3 and a line with a round trip of
%.0f ms. The bell counts once it has been pressed for 1 ms. The machine is shared.

%s
The connection is kept while a code lives and for 50 s after the last request. Later rings pay two round trips more, one for TCP and
one for TLS, as a new client does; TLS 1.3 resumes a session without saving one.
`
