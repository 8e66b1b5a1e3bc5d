package main

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/term"
)

// progress is one line on the terminal that says how far it is; where there is no terminal, a line now and then.
type progress struct {
	live  bool
	began time.Time
	last  time.Time
}

func newProgress() *progress {
	return &progress{live: term.IsTerminal(int(os.Stderr.Fd())), began: time.Now()}
}

func (p *progress) line(format string, args ...any) {
	every := 10 * time.Second
	if p.live {
		every = time.Second
	}
	if time.Since(p.last) < every {
		return
	}
	p.last = time.Now()
	said := fmt.Sprintf("fleet: %4.0f s: ", time.Since(p.began).Seconds()) + fmt.Sprintf(format, args...)
	if p.live {
		fmt.Fprint(os.Stderr, "\r\x1b[K"+said)
		return
	}
	fmt.Fprintln(os.Stderr, said)
}

// done ends the line.
func (p *progress) done() {
	if p.live {
		fmt.Fprint(os.Stderr, "\r\x1b[K")
	}
}
