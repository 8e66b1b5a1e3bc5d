package door

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"time"

	"latchd/board/sim"
)

// The lines of the default wiring that are looked at, and for how long a key must have been still.
const (
	StrikeLine = "GPIO17"
	BellLine   = "GPIO26"
	EnterLine  = "GPIO21" // the column of #
	Debounce   = 15 * time.Millisecond
)

// Edge is a change of a line, by the board's clock.
type Edge struct {
	At    time.Time
	Line  string
	Level int
}

var code = regexp.MustCompile(`\b\d{4,6}\b`)

// Code returns the code that a text holds.
func Code(text string) string { return code.FindString(text) }

// Fingers does what sim.Do does, and waits for its end.
func (d *Door) Fingers(args ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	return sim.Do(ctx, d.board, args, new(bytes.Buffer))
}

// Watch begins to take the changes of the lines for Next, to the door's end. It is open after a moment.
func (d *Door) Watch() {
	d.edges = make(chan Edge, 100_000)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	d.stop = func() { cancel(); <-ended }
	go func() {
		defer close(ended)
		sim.Do(ctx, d.board, []string{"watch"}, lines(d.edges))
	}()
}

// lines takes whole lines, as sim.Do writes them.
type lines chan<- Edge

func (l lines) Write(p []byte) (int, error) {
	for line := range bytes.Lines(p) {
		var e Edge
		if json.Unmarshal(line, &e) == nil {
			l <- e
		}
	}
	return len(p), nil
}

// Next waits for the first edge of a line to a level that is not older than since, and drops those before it. There is a Watch.
func (d *Door) Next(line string, level int, since time.Time) (time.Time, error) {
	for limit := time.After(Patience); ; {
		select {
		case e := <-d.edges:
			if e.Line == line && e.Level == level && !e.At.Before(since) {
				return e.At, nil
			}
		case <-limit:
			return time.Time{}, fmt.Errorf("%s did not go to %d", line, level)
		}
	}
}

// Opens lets fingers do what opens the strike, and returns how long after the edge of their line, to low, that of the strike
// came, and when, once the pulse is over.
func (d *Door) Opens(line string, args ...string) (took time.Duration, err error) {
	began := time.Now()
	if err := d.Fingers(args...); err != nil {
		return 0, err
	}
	down, err := d.Next(line, 0, began)
	if err != nil {
		return 0, err
	}
	open, err := d.Next(StrikeLine, 1, began)
	if err != nil {
		return 0, err
	}
	_, err = d.Next(StrikeLine, 0, open)
	return open.Sub(down), err
}

// Enter presses #, after the digits of a right code, and returns what Opens does.
func (d *Door) Enter() (time.Duration, error) { return d.Opens(EnterLine, "press", "#") }
