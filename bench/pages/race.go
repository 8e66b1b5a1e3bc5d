package main

import (
	"errors"
	"fmt"
	"log"
	"os"
	"slices"
	"time"

	"latchd/bench/door"
	"latchd/bench/page"
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
		d, err := newHouse(dir, exe)
		if err != nil {
			return nil, err
		}
		for _, c := range under {
			if err = d.openings(quiet, *openings/3); err == nil {
				err = d.loaded(c)
			}
			if err != nil {
				return nil, errors.Join(fmt.Errorf("house %d, %s: %w", i+1, c.name, err), errors.New(d.Said()), d.end())
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
func (d *house) loaded(c *condition) error {
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
	files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", d.PID()))
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
func (d *house) openings(c *condition, n int) error {
	for range n {
		rung := time.Now()
		if err := d.Fingers("bell", "100ms"); err != nil {
			return err
		}
		code, err := d.texted()
		if err != nil {
			return err
		}
		if err := d.Fingers("press", code); err != nil {
			return err
		}
		took, err := d.Enter()
		if err != nil {
			return err
		}
		c.took = append(c.took, took)
		time.Sleep(time.Until(rung.Add(1100 * time.Millisecond))) // the door may text again
	}
	return nil
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
				float64(m-door.Debounce)/float64(base-door.Debounce), page.Ms(m-door.Debounce), page.Ms(base-door.Debounce)), "1.2 at the most"})
	}
	signIns, dribble := under[1], under[2]
	return append(rows,
		page.Row{"bad sign-ins answered", fmt.Sprintf("%d, %.0f/s", signIns.done, float64(signIns.done)/signIns.over.Seconds()), "10000 at the least"},
		page.Row{"connections opened by those that dribble", fmt.Sprintf("%d, %.0f/s", dribble.done, float64(dribble.done)/dribble.over.Seconds()), "–"},
		page.Row{"… the door's open files meanwhile", fmt.Sprint(dribble.files), "bounded"})
}
