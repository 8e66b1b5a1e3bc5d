package main

import (
	"time"

	"latchd/sms/standin"
)

// habit is one thing that a person does, and how often among the others.
type habit struct {
	weight int
	do     func(*person)
}

// visitors come to the keypad and the bell.
var visitors = []habit{
	{300, (*person).comesIn},
	{150, func(p *person) { p.rings() }},
	{40, func(p *person) { p.types(p.rings()+"9", 1); p.types(p.number(), 1) }}, // malformed, then wrong or no code
	{60, func(p *person) { // mistypes, then comes in
		if code := p.rings(); code != "" {
			p.types(wrongFor(code), 1)
			p.types(code, 1)
			p.walksIn()
		}
	}},
	{40, func(p *person) { // tries the code twice
		if code := p.rings(); code != "" {
			p.types(code, 2)
		}
	}},
	{40, func(p *person) { // too late
		if code := p.rings(); code != "" {
			p.waits(p.between(2*time.Minute, 5*time.Minute))
			p.types(code, 1)
		}
	}},
	{30, func(p *person) { // an older code
		if code := p.rings(); code != "" {
			p.waits(30 * time.Second)
			p.rings()
			p.types(code, 1)
		}
	}},
	{50, func(p *person) { // impatient
		for range 2 + p.rng.IntN(4) {
			p.rings()
			p.waits(p.between(time.Second, 20*time.Second))
		}
	}},
	{6, func(p *person) { // guesses, into the lockout, where the right code comes too late
		code := p.rings()
		for range 3 + p.rng.IntN(4) {
			p.types(p.number(), 1)
		}
		p.types(code, 1)
		p.rings()
	}},
	{20, func(p *person) { p.press("12"); p.waits(15 * time.Second) }}, // goes away with digits typed
	{10, func(p *person) { p.press("*"); p.holds(p.h.sim.Bell, 5*time.Second, 20*time.Second) }},
	{2, func(p *person) { p.holds(p.h.sim.Bell, 31*time.Second, 2*time.Minute) }},              // leans on it
	{2, func(p *person) { p.again(25, 60, func() { p.holds(p.h.sim.Bell, 0, time.Second) }) }}, // a flood
	{2, func(p *person) { p.again(25, 40, func() { p.types("1", 1) }) }},                       // of entries
	{2, (*person).jams},
}

// residents go out and in, and so do home automation's commands.
var residents = []habit{
	{300, func(p *person) { p.holds(p.h.sim.Exit, 100*time.Millisecond, time.Second); p.walksIn() }},
	{60, func(p *person) { p.commands("UNLOCK", 0); p.walksIn() }},
	{15, func(p *person) { p.commands("OPEN", 0); p.waits(time.Second); p.commands("LOCK", 0) }},
	{10, func(p *person) { p.commands("UNLOCK", p.between(11*time.Second, time.Hour)) }}, // stale
	{10, func(p *person) {
		p.publishes("lock/set", []string{"UNLOCK", "", "{}", "{\"action\":\"DANCE\"}"}[p.rng.IntN(4)], false)
	}},
	{2, func(p *person) { // retained, and taken back
		p.publishes("lock/set", p.order("UNLOCK", 0), true)
		p.waits(p.between(time.Minute, time.Hour))
		p.publishes("lock/set", "", true)
	}},
	{10, func(p *person) { // leaves the door open
		p.holds(p.h.sim.Exit, 0, time.Second)
		p.door(true)
		p.waits(p.between(16*time.Second, 3*time.Minute))
		p.door(false)
	}},
	{10, func(p *person) { p.waits(10 * time.Second); p.walksIn() }}, // mostly forced
	{3, func(p *person) { p.again(8, 40, func() { p.walksInWithin(200 * time.Millisecond) }) }},
	{3, func(p *person) { p.again(8, 20, func() { p.holds(p.h.sim.Exit, 0, 500*time.Millisecond) }) }},
	{2, func(p *person) { p.holds(p.h.sim.Exit, 31*time.Second, 2*time.Minute) }},
	{2, func(p *person) { p.tampers(true); p.waits(p.between(time.Second, time.Hour)); p.tampers(false) }},
	{2, func(p *person) { p.again(70, 100, func() { p.commands("LOCK", 0) }) }},
	{2, func(p *person) { p.failed("reload", p.h.apply(p.cfg)) }},
	{2, func(p *person) { p.publish("homeassistant/status", "online", false) }},
}

// weather comes over the networks.
var weather = []habit{
	{70, func(p *person) { p.parts(0, 2*time.Minute) }},
	{20, func(p *person) { p.parts(2*time.Minute, 3*time.Hour) }},
	{6, func(p *person) { p.parts(3*time.Hour, 24*time.Hour) }},
	{20, func(p *person) { p.twilio(standin.Behaviour{Status: 503}) }},
	{20, func(p *person) { p.twilio(standin.Behaviour{Status: 429, Code: 20429, RetryAfter: "2"}) }},
	{10, func(p *person) { p.twilio(standin.Behaviour{Status: 401, Code: 20003}) }},
	{10, func(p *person) { p.twilio(standin.Behaviour{On: standin.Create, Status: 400, Code: 21610}) }},
	{10, func(p *person) { p.twilio(standin.Behaviour{Outcome: "undelivered", OutcomeCode: 30005}) }},
	{10, func(p *person) { p.twilio(standin.Behaviour{Delay: time.Minute}) }},
	{10, func(p *person) { p.twilio(standin.Behaviour{Drop: true}) }},
	{10, func(p *person) { // nobody there
		p.phone.fail()
		p.waits(p.between(time.Minute, 20*time.Minute))
		p.phone.back()
	}},
	{10, func(p *person) { // contacts bounce for a while
		p.h.sim.Bounce(8*time.Millisecond, p.rng.Uint64())
		p.waits(p.between(time.Minute, 20*time.Minute))
		p.h.sim.Bounce(0, 0)
	}},
}
