package main

import (
	"io"
	"net"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestEachRoundTripOverTheLineTakesItsTimeAndNothingIsLost(t *testing.T) {
	echo, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer echo.Close()
	go func() {
		for {
			c, err := echo.Accept()
			if err != nil {
				return
			}
			go func() { io.Copy(c, c); c.Close() }()
		}
	}()
	const roundTrip = 40 * time.Millisecond
	w, err := newWire(echo.Addr().String(), roundTrip)
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	began := time.Now()
	c, err := net.Dial("tcp", w.listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(began.Add(30 * time.Second))
	for _, trips := range []time.Duration{2, 1, 1} { // the first pays for the connection, too
		began := time.Now()
		sent := make([]byte, 40_000)
		if _, err := c.Write(sent); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(c, make([]byte, len(sent))); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took < trips*roundTrip || took > trips*roundTrip+20*roundTrip {
			t.Errorf("%v for %d round trips of %v", took, trips, roundTrip)
		}
	}
	w.cut()
	if _, err := io.ReadFull(c, make([]byte, 1)); err == nil {
		t.Error("the line was cut, and the connection still answers")
	}
}
