package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"regexp"
	"time"
)

// use lets people use the door until the life ends; leaving: the first of them leaves the house.
func (k *killing) use(l *life, leaving bool) {
	for len(k.texts) > 0 { // their codes died with the daemon
		<-k.texts
	}
	if l.open.Load() {
		k.t.Error("the strike opened before anybody touched anything")
	}
	for _, hand := range []func(*life, *rand.Rand){(*life).visits, (*life).types, (*life).commands} {
		rng := rand.New(rand.NewPCG(k.rng.Uint64(), 0))
		l.hands.Go(func() { hand(l, rng) })
	}
	if leaving {
		l.hands.Go(func() { l.touch("exit", "20ms") })
	}
}

// touch does something at the board and says whether there still is one.
func (l *life) touch(args ...string) bool {
	err := l.do(io.Discard, args...)
	if err != nil && !l.dying.Load() {
		l.k.t.Errorf("%v: %v", args, err)
	}
	return err == nil
}

// rests says whether the life goes on after a time.
func (l *life) rests(d time.Duration) bool {
	select {
	case <-l.ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// visits rings, leaves the house, opens and closes the door.
func (l *life) visits(rng *rand.Rand) {
	for on := true; on; on = on && l.rests(upTo(rng, 12*time.Millisecond)) {
		switch n := rng.IntN(20); {
		case n == 0:
			on = l.touch("exit", "5ms")
		case n < 4:
			on = l.touch("door", []string{"open", "closed"}[n%2])
		default:
			on = l.touch("bell", "3ms")
		}
	}
}

var fourDigits = regexp.MustCompile(`\d{4}`)

// types waits a little for a code, and types it, or another, or too few digits.
func (l *life) types(rng *rand.Rand) {
	code := ""
	for {
		select {
		case m := <-l.k.texts:
			code = fourDigits.FindString(m.Body)
		case <-l.ctx.Done():
			return
		case <-time.After(100 * time.Millisecond):
		}
		entry := code
		switch n := rng.IntN(10); {
		case n == 0:
			entry = "1"
		case n < 3 || code == "":
			entry = fmt.Sprintf("%04d", rng.IntN(10_000))
		}
		for _, key := range "*" + entry + "#" { // quicker than people, so that a life is long enough for it
			if !l.touch("hold", string(key), "25ms") || !l.rests(25*time.Millisecond) {
				return
			}
		}
	}
}

// commands opens and locks over MQTT while the broker is well.
func (l *life) commands(rng *rand.Rand) {
	for l.rests(upTo(rng, 150*time.Millisecond)) {
		l.k.say("latchd/front/lock/set", []string{l.k.command("UNLOCK", 0), l.k.command("LOCK", 0), l.k.command("OPEN", time.Minute), "open"}[rng.IntN(4)])
	}
}
