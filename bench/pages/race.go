package main

import (
	"errors"
	"fmt"
	"log"
	"os"
	"slices"
	"time"

	"latchd/bench/page"
)

// The lines of the default wiring that are looked at, and how long a key must have been still.
const (
	strikeLine = "GPIO17"
	enterLine  = "GPIO21" // the column of #
	debounce   = 15 * time.Millisecond
)

// condition is what the door is put under, and what was seen.
type condition struct {
	kind, name string
	took       []time.Duration // from key to strike
	done       int             // by the load: sign-ins answered, connections opened
	over       time.Duration
	files      int // the door's open files at the end, the most of all houses
}

// race measures the door under each load and in the pauses between, in several houses.
func race(dir, exe string) ([]page.Row, error) {
	quiet := &condition{name: "no page open"}
	under := []*condition{{kind: "streams", name: fmt.Sprintf("%d streams open", streams)},
		{kind: "sign-ins", name: "a flood of bad sign-ins"}, {kind: "dribble", name: fmt.Sprintf("%d connections that dribble", dribblers)}}
	for i := range *houses {
		d, err := newDoor(dir, exe)
		if err != nil {
			return nil, err
		}
		for _, c := range under {
			if err = d.openings(quiet, *openings/3); err == nil {
				err = d.loaded(c)
			}
			if err != nil {
				return nil, errors.Join(fmt.Errorf("house %d, %s: %w", i+1, c.name, err), d.kill(), d.end())
			}
		}
		if err := d.end(); err != nil {
			return nil, err
		}
		log.Printf("house %d of %d: quiet %s; streams %s; sign-ins %s; dribble %s", i+1, *houses, page.Spread(slices.Clone(quiet.took)),
			page.Spread(slices.Clone(under[0].took)), page.Spread(slices.Clone(under[1].took)), page.Spread(slices.Clone(under[2].took)))
	}
	return table(quiet, under), nil
}

// loaded opens the door while the load is on.
func (d *door) loaded(c *condition) error {
	l, err := d.load(c.kind)
	if err != nil {
		return err
	}
	defer l.end()
	before, err := l.ask()
	if err != nil {
		return err
	}
	began := time.Now()
	if err := d.openings(c, *openings); err != nil {
		return err
	}
	after, err := l.ask()
	if err != nil {
		return err
	}
	files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", d.cmd.Process.Pid))
	if err != nil {
		return err
	}
	c.done, c.over, c.files = c.done+after.Done-before.Done, c.over+time.Since(began), max(c.files, len(files))
	if c.kind != "streams" {
		return nil
	}
	return l.until("each stream has got each opening", func(s state) bool {
		return s.Open == streams && s.Least == *openings && s.Most == *openings
	})
}

// openings rings, reads the text and types the code, again and again.
func (d *door) openings(c *condition, n int) error {
	for range n {
		rung := time.Now()
		if err := d.fingers("bell", "100ms"); err != nil {
			return err
		}
		code, err := d.texted()
		if err != nil {
			return err
		}
		if err := d.fingers("press", code); err != nil {
			return err
		}
		began := time.Now()
		if err := d.fingers("press", "#"); err != nil {
			return err
		}
		down, err := d.next(enterLine, 0, began)
		if err != nil {
			return err
		}
		open, err := d.next(strikeLine, 1, began)
		if err != nil {
			return err
		}
		if _, err := d.next(strikeLine, 0, open); err != nil {
			return err
		}
		c.took = append(c.took, open.Sub(down))
		time.Sleep(time.Until(rung.Add(1100 * time.Millisecond))) // the door may text again
	}
	return nil
}

// next waits for an edge that is not older than began.
func (d *door) next(line string, level int, began time.Time) (time.Time, error) {
	for timeout := time.After(patience); ; {
		select {
		case e := <-d.edges:
			if e.Line == line && e.Level == level && !e.At.Before(began) {
				return e.At, nil
			}
		case <-timeout:
			return time.Time{}, fmt.Errorf("%s did not go to %d", line, level)
		}
	}
}

func table(quiet *condition, under []*condition) (rows []page.Row) {
	median := func(c *condition) time.Duration { page.Spread(c.took); return c.took[len(c.took)/2] }
	const figure = "last key edge to strike edge, debounce of 15 ms included: "
	base := median(quiet)
	rows = append(rows, page.Row{figure + quiet.name, page.Spread(quiet.took), "–"})
	for _, c := range under {
		m := median(c)
		rows = append(rows, page.Row{figure + c.name, page.Spread(c.took), "–"},
			page.Row{"… ratio", fmt.Sprintf("%.2f", float64(m)/float64(base)), "1.2 at the most"},
			page.Row{"… ratio without the debounce", fmt.Sprintf("%.2f (%.2f ms to %.2f ms)",
				float64(m-debounce)/float64(base-debounce), page.Ms(m-debounce), page.Ms(base-debounce)), "1.2 at the most"})
	}
	signIns, dribble := under[1], under[2]
	return append(rows,
		page.Row{"bad sign-ins answered", fmt.Sprintf("%d, %.0f/s", signIns.done, float64(signIns.done)/signIns.over.Seconds()), "10000 at the least"},
		page.Row{"connections opened by those that dribble", fmt.Sprintf("%d, %.0f/s", dribble.done, float64(dribble.done)/dribble.over.Seconds()), "–"},
		page.Row{"… the door's open files meanwhile", fmt.Sprint(dribble.files), "bounded"})
}
