package main

import (
	"fmt"
	"log"
	"os"
	"runtime"
	"runtime/debug"
	"time"

	"latchd/bench/page"
	"latchd/bench/proc"
)

// settled is how long a connection has to stand before its loss counts as an outage to the client, and not as one more of
// a connection that never lasts; a little longer than in package mqtt.
const settled = 11 * time.Second

// stay is one length of outage, and what was seen after it.
type stay struct {
	away                         time.Duration
	times                        int
	fromBroker, fromDoor, drains []time.Duration
	bells                        []time.Duration
	early                        int
}

// outages lets the broker go away and come back, and returns the latencies of the bells without a backlog in between.
func (h *house) outages(stays []*stay, n int) (quiet []time.Duration, err error) {
	for _, s := range stays {
		for i := range s.times {
			for time.Since(h.since()) < settled {
				h.ring()
			}
			if err := h.answered(); err != nil {
				return nil, err
			}
			quiet = append(quiet, h.latencies()...)
			if err := h.outage(s, n); err != nil {
				return nil, err
			}
			log.Printf("outage %d of %v: states after %.1f ms, drained after %.1f ms", i+1, s.away,
				page.Ms(s.fromBroker[i]), page.Ms(s.drains[i]))
		}
	}
	return quiet, nil
}

func (h *house) outage(s *stay, n int) error {
	began := time.Now()
	if err := h.leave(n); err != nil {
		return err
	}
	time.Sleep(time.Until(began.Add(s.away)))
	if err := h.back(); err != nil {
		return err
	}
	seen, connected := h.look(), h.since()
	s.fromBroker = append(s.fromBroker, seen.current.Sub(h.broker.Running))
	s.fromDoor = append(s.fromDoor, seen.current.Sub(connected))
	s.drains = append(s.drains, seen.drained.Sub(connected))
	s.bells = append(s.bells, h.latencies()...)
	s.early += seen.early
	return nil
}

func (s *stay) rows(n int) []page.Row {
	after := fmt.Sprintf("broker away for %.0f s, %d events waiting: ", s.away.Seconds(), n)
	return []page.Row{
		{after + "from its running to the true states at a subscriber", page.Spread(s.fromBroker), "under 200 ms"},
		{after + "from its taking the door's connection to the same", page.Spread(s.fromDoor), "under 200 ms"},
		{after + "events seen before the states", fmt.Sprint(s.early), "0"},
	}
}

// filling measures memory with more and more events waiting, and how long they take to drain.
func (h *house) filling(ns ...int) (rows []page.Row, err error) {
	sizes := []page.Row{resident("nothing waiting")}
	for _, n := range ns {
		if err := h.leave(n); err != nil {
			return nil, err
		}
		sizes = append(sizes, resident(fmt.Sprintf("%d waiting, the broker away", n)))
		if err := h.back(); err != nil {
			return nil, err
		}
		took := h.look().drained.Sub(h.since())
		rows = append(rows, page.Row{fmt.Sprintf("drain of %d once, the same way", n),
			fmt.Sprintf("%.2f s, %.0f events/s", took.Seconds(), float64(n)/took.Seconds()), "–"})
		sizes = append(sizes, resident(fmt.Sprintf("%d have drained", n)))
	}
	return append(rows, sizes...), nil
}

// resident returns the live heap and what is resident after what is free was given back.
func resident(when string) page.Row {
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	rss, _ := proc.Resident(os.Getpid())
	return page.Row{"resident memory of the measuring process, and its live heap: " + when, fmt.Sprintf("%.1f MB, %.2f MB", rss/1e6, float64(m.HeapAlloc)/1e6), "bounded"}
}
