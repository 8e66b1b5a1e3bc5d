// Command pages measures what the panel, the console and its API cost the door: how long it takes from the last key to the
// strike while 1,000 streams are open, while strangers try to sign in as fast as they are answered, and while they hold
// thousands of connections; what the pages cost at rest; and how large they are and how soon they are painted. It prints a
// table. With -write it also writes its section of BENCHMARKS.md.
package main

import (
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"

	"latchd/bench/door"
	"latchd/bench/page"
)

var (
	houses   = flag.Int("houses", 5, "doors with a journal of their own, one after the other: a door texts 100 times an hour at the most")
	openings = flag.Int("openings", 21, "openings in each house under each load, 25 at the most, and a third of them in each pause between")
	settle   = flag.Int("settle", 30, "seconds until a door is at rest")
	seconds  = flag.Int("rest", 30, "seconds at rest")
	loads    = flag.Int("loads", 15, "loads of each page")
)

func main() {
	if len(os.Args) == 5 && os.Args[1] == burden {
		if err := beLoad(os.Args[2], os.Args[3], os.Args[4]); err != nil {
			log.Fatal(err)
		}
		return
	}
	if err := page.Run("pages", measure); err != nil {
		log.Fatal(err)
	}
}

func measure(dir string) (body string, err error) {
	exe := filepath.Join(dir, "latchd")
	if err := door.Build(".", exe); err != nil {
		return "", err
	}
	log.Print("measuring the rest")
	resting, later, err := rest(dir, exe)
	if err != nil {
		return "", fmt.Errorf("rest: %w", err)
	}
	log.Print("measuring the pages")
	pages, err1 := weigh(dir, exe)
	log.Print("measuring the door")
	doors, err2 := race(dir, exe)
	left, err3 := later()
	if err := errors.Join(err1, err2, err3); err != nil {
		return "", err
	}
	rows := slices.Concat(doors, resting, []page.Row{left}, pages)
	return fmt.Sprintf(text, page.Stamp(), streams, dribblers, page.Table(rows)), nil
}

const text = `## Pages

` + "`go run ./bench/pages -write`" + ` wrote this section on %s.
latchd in a process of its own on a simulated board, with panel and console open on loopback in clear text. Times of edges are
the board's, and codes have 4 digits; the ratios are those of medians, to the door without a load, which was measured in the pauses between the loads. Each load
is a process of its own with the least priority (nice 19): it takes what the door leaves of the processors, so
the figures are of the door's own work and not of the generator's. %[2]d streams are those of one owner who has signed in; each was seen to
get the event of every opening. Sign-ins are wrong codes and wrong secrets, for the owner's number and for strangers', on 16
connections as fast as they are answered: the door answers 100 of them a second. Of %[3]d connections each sends a byte a second of a header that never ends, and is
tried again a second after the door has closed it.

%[4]s
A page's bytes are its HTML and all that this names, uncompressed. It was painted in headless Chromium on the same machine, with nothing cached.
`
