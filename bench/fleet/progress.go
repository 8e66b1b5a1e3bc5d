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
	every time.Duration
	began time.Time
	last  time.Time
}

func newProgress() *progress {
	p := &progress{every: 10 * time.Second, began: time.Now()}
	if p.live = term.IsTerminal(int(os.Stderr.Fd())); p.live {
		p.every = time.Second
	}
	return p
}

func (p *progress) line(format string, args ...any) {
	if time.Since(p.last) < p.every {
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
