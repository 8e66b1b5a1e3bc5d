package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"latchd/bench/page"
	"latchd/bench/proc"
	"latchd/journal"
	"latchd/lock"
	"latchd/mqtt"
)

// through is this program's first argument when it is the child that passes events; a folder for the journal, the broker's address
// and the number of events follow.
const through = "through"

// through passes events through journal and broker to a subscriber, in a process of its own: the daemon itself cannot be
// made to tell that many in so short a time, for it folds floods.
func (s *scene) through() ([]page.Row, error) {
	for len(s.heard) > 0 {
		<-s.heard
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := exec.Command(self, through, filepath.Join(s.dir, "through"), s.address, strconv.Itoa(*events))
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if _, err := c.StdinPipe(); err != nil { // open for as long as the child is wanted
		return nil, err
	}
	began := time.Now()
	if err := c.Start(); err != nil {
		return nil, err
	}
	defer func() { c.Process.Kill(); c.Wait() }()
	for n := range *events {
		if _, err := within(s.heard, fmt.Sprintf("after %d events no further one came", n)); err != nil {
			return nil, err
		}
	}
	took := time.Since(began)
	line, err := bufio.NewReader(out).ReadString('\n') // all are acknowledged
	if err != nil {
		return nil, err
	}
	rss, err := proc.Resident(c.Process.Pid)
	if err != nil {
		return nil, err
	}
	return []page.Row{
		{"events through the loop's journal and " + s.brokerName + " to a subscriber", fmt.Sprintf("%.0f/s (n = %d)", float64(*events)/took.Seconds(), *events), "over 2,000/s"},
		{fmt.Sprintf("resident memory after these %d events (journal and MQTT side; %s)", *events, line[:len(line)-1]), fmt.Sprintf("%.1f MB", rss/1e6), "under 25 MB"},
	}, nil
}

// passEvents is the child: it adds events as fast as they are stored, and says so when the broker has them all.
func passEvents(dir, broker, events string) error {
	n, err := strconv.Atoi(events)
	if err != nil {
		return err
	}
	j, _, err := journal.Open(journal.Options{Dir: dir, Door: "bench", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	client, err := mqtt.New(mqtt.Options{Door: "bench", Name: "Bench", Prefix: "latchd", Brokers: []string{"tcp://" + broker}},
		j, func(lock.Input) {})
	if err != nil {
		return err
	}
	ctx := context.Background()
	room := make(chan struct{}, 1000)
	go j.Run(ctx, func(events []lock.Event, _ bool) {
		client.Tell(events)
		for range events {
			<-room
		}
	}, func(lock.Input) {})
	go client.Run(ctx)
	client.Show(lock.Status{Strike: lock.Locked})
	for range n {
		room <- struct{}{}
		j.Add(lock.Event{At: time.Now(), Clock: "synced", Door: "bench", Type: lock.AccessDenied, Method: lock.ByCode, Reason: lock.WrongCode})
	}
	for {
		left, err := j.Pending(ctx, 1)
		if err != nil {
			return err
		}
		if len(left) == 0 {
			fmt.Println("all acknowledged")
			_, err := io.Copy(io.Discard, os.Stdin) // until the parent has looked
			return err
		}
		time.Sleep(10 * time.Millisecond)
	}
}
