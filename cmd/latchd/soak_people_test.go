package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"latchd/sms/standin"
)

// person is somebody at the door, or what the weather does to its networks; ctx is the time it has.
type person struct {
	*street
	ctx context.Context
	rng *rand.Rand
}

// live does one thing after the other, about so far apart, until the person's time is over.
func (p *person) live(habits []habit, apart time.Duration) {
	sum := 0
	for _, h := range habits {
		sum += h.weight
	}
	for p.ctx.Err() == nil {
		n := p.rng.IntN(sum)
		for _, h := range habits {
			if n -= h.weight; n < 0 {
				h.do(p)
				break
			}
		}
		p.waits(time.Duration(p.rng.ExpFloat64() * float64(apart)))
	}
}

func (p *person) waits(d time.Duration) {
	select {
	case <-time.After(d):
	case <-p.ctx.Done():
	}
}

// between is a time from a to b.
func (p *person) between(a, b time.Duration) time.Duration {
	return a + time.Duration(p.rng.Int64N(int64(b-a)))
}

// rings presses the bell and returns the code of the text to the first owner, empty when none comes.
func (p *person) rings() string {
	for len(p.texts) > 0 {
		<-p.texts
	}
	p.count("rings", 1)
	p.failed("bell", p.h.sim.Bell(p.ctx, 0))
	select {
	case m := <-p.texts:
		return codeInText.FindString(m.Body)
	case <-time.After(5 * time.Second):
	case <-p.ctx.Done():
	}
	return ""
}

func (p *person) comesIn() {
	code := p.rings()
	if code == "" {
		return
	}
	p.waits(p.between(3*time.Second, 40*time.Second))
	p.types(code, 1)
	p.walksIn()
}

func (p *person) walksIn() {
	p.waits(p.between(time.Second, 3*time.Second))
	p.walksInWithin(10 * time.Second)
}

func (p *person) walksInWithin(d time.Duration) {
	p.door(true)
	p.waits(p.between(50*time.Millisecond, d))
	p.door(false)
	p.waits(p.between(50*time.Millisecond, d))
}

func (p *person) door(open bool) {
	p.count("moves of the door", 1)
	p.failed("door", p.h.sim.Door(open))
}

func (p *person) tampers(on bool) { p.failed("tamper", p.h.sim.Tamper(on)) }

func (p *person) types(code string, times int) {
	for range times {
		p.press(code + "#")
		p.waits(time.Second)
	}
}

func (p *person) press(keys string) {
	p.count("keys", len(keys))
	p.failed("press", p.h.sim.Press(p.ctx, keys))
}

func (p *person) holds(push func(context.Context, time.Duration) error, a, b time.Duration) {
	p.count("presses of buttons", 1)
	p.failed("push", push(p.ctx, p.between(a, b)+50*time.Millisecond))
}

func (p *person) again(from, to int, do func()) {
	for range from + p.rng.IntN(to-from) {
		do()
		p.waits(p.between(50*time.Millisecond, 300*time.Millisecond))
	}
}

// jams holds a key until it counts as stuck, and presses others meanwhile.
func (p *person) jams() {
	held := make(chan error, 1)
	go func() { held <- p.h.sim.Hold(p.ctx, '5', 20*time.Second) }()
	p.waits(p.between(8*time.Second, 15*time.Second))
	p.press("147*")
	p.failed("hold", <-held)
}

func (p *person) number() string { return fmt.Sprintf("%06d", p.rng.IntN(1_000_000)) }

// wrongFor is a wrong code.
func wrongFor(code string) string {
	wrong := []byte(code)
	slices.Reverse(wrong)
	wrong[0] ^= 1 // another digit, but for 8 and 9 which change places
	return string(wrong)
}

// parts breaks the connection to the broker in mid-flow and keeps the broker away for a time.
func (p *person) parts(a, b time.Duration) {
	p.count("partings of the broker", 1)
	p.messages.breakAfter(p.rng.IntN(6_000), p.rng.IntN(2) == 0)
	p.waits(p.between(time.Minute, 10*time.Minute)) // for that much to be said
	p.messages.fail()
	p.waits(p.between(a, b))
	p.messages.back()
}

func (p *person) twilio(b standin.Behaviour) {
	p.count("troubles with Twilio", 1)
	p.sms.Behave(b)
	p.waits(p.between(time.Minute, 20*time.Minute))
	p.sms.Behave(standin.Behaviour{})
}

func (p *person) order(action string, age time.Duration) string {
	return fmt.Sprintf(`{"action":%q,"at":%.6f}`, action, float64(time.Now().Add(-age).UnixMicro())/1e6)
}

func (p *person) commands(action string, age time.Duration) {
	p.waits(p.between(time.Millisecond, time.Second))
	p.count("commands", 1)
	p.publishes("lock/set", p.order(action, age), false)
}

func (p *person) publishes(topic, payload string, retained bool) {
	p.publish(p.cfg.MQTT.Prefix+"/"+p.cfg.Door.ID+"/"+topic, payload, retained)
}

func (p *person) publish(topic, payload string, retained bool) {
	p.failed("publish", p.broker.Publish(topic, []byte(payload), retained, 1))
}

// failed notes that the test's own hands did not do what they should, unless their time was over.
func (p *person) failed(what string, err error) {
	if err != nil && p.ctx.Err() == nil {
		p.t.Errorf("%s: %v", what, err)
	}
}
