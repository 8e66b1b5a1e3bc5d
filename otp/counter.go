package otp

import "time"

// Day is how long the door must go without a lockout for the level to fall by one.
const Day = 24 * time.Hour

// Rules say when wrong entries lock out, and for how long.
type Rules struct {
	Attempts int           // wrong entries that make a lockout
	Lockout  time.Duration // the first; each further one doubles it
	Max      time.Duration // no lockout is longer
}

// wait returns the length of a lockout that begins at this level.
func (r Rules) wait(level int) time.Duration {
	d := r.Lockout
	for range level {
		if d >= r.Max/2 {
			return r.Max
		}
		d *= 2
	}
	return min(d, r.Max)
}

// top returns the highest level: one above the lowest at which a lockout has its full length, so that a day of rest after
// the longest lockout still leaves the longest one next.
func (r Rules) top() int {
	level := 1
	for r.wait(level-1) < r.Max {
		level++
	}
	return level
}

// Counter counts wrong entries and keeps the lockouts that come of them. It has no clock: now is monotonic time since an
// arbitrary start, and Advance must have been called for now before anything else is asked. The zero Counter has counted
// nothing.
type Counter struct {
	Rules    Rules
	failures int
	level    int
	until    time.Duration // the lockout's end, while out
	out      bool
	decay    time.Duration // when the level falls, while it is above 0 and there is no lockout
}

// Out says whether a lockout stands.
func (c *Counter) Out() bool { return c.out }

// Until returns the end of the lockout that stands.
func (c *Counter) Until() time.Duration { return c.until }

// Failures returns the wrong entries counted towards the next lockout.
func (c *Counter) Failures() int { return c.failures }

// Level returns how many lockouts stand against the door: what the next one's length is reckoned from.
func (c *Counter) Level() int { return c.level }

// Fail counts a wrong entry and says whether it began a lockout. Strict lockouts have the longest length at once: for a
// time when the count cannot be kept safe.
func (c *Counter) Fail(now time.Duration, strict bool) bool {
	c.failures++
	if c.failures < c.Rules.Attempts {
		return false
	}
	wait := c.Rules.wait(c.level)
	if strict {
		wait = max(wait, c.Rules.Max)
	}
	c.failures, c.out, c.until, c.decay = 0, true, now+wait, 0
	c.level = min(c.level+1, max(c.level, c.Rules.top()))
	return true
}

// Right forgets the wrong entries. The level stays.
func (c *Counter) Right() { c.failures = 0 }

// Pardon is an owner's order: the lockout ends, the count is forgotten, the level falls by one.
func (c *Counter) Pardon(now time.Duration) {
	c.failures, c.out, c.level = 0, false, max(0, c.level-1)
	c.rest(now)
}

// Advance lets time pass until now, and says whether a lockout ended or the level fell.
func (c *Counter) Advance(now time.Duration) (ended, fell bool) {
	if c.out && now >= c.until {
		c.out, ended = false, true
		c.rest(c.until)
	}
	for !c.out && c.level > 0 && now >= c.decay {
		c.level, fell = c.level-1, true
		c.rest(c.decay)
	}
	return ended, fell
}

// rest starts a day without a lockout.
func (c *Counter) rest(from time.Duration) {
	c.decay = 0
	if c.level > 0 {
		c.decay = from + Day
	}
}

// Next returns when Advance has something to do, and whether it ever will.
func (c *Counter) Next() (at time.Duration, ok bool) {
	if c.out {
		return c.until, true
	}
	return c.decay, c.level > 0
}

// Restore puts back what an earlier run counted: remaining is what was left of a lockout (0: none stood), decay what was
// left of the day after which the level falls.
func (c *Counter) Restore(now time.Duration, failures, level int, remaining, decay time.Duration) {
	c.failures, c.level = max(0, failures), max(0, min(level, c.Rules.top()))
	if remaining > 0 {
		c.out, c.until = true, now+min(remaining, c.Rules.Max)
		return
	}
	c.rest(now)
	if decay > 0 && c.level > 0 {
		c.decay = now + min(decay, Day)
	}
}

// Left returns what Restore will want to know: what is left of the lockout, and of the day before the level falls.
func (c *Counter) Left(now time.Duration) (remaining, decay time.Duration) {
	if c.out {
		return max(0, c.until-now), 0
	}
	if c.level > 0 {
		return 0, max(0, c.decay-now)
	}
	return 0, 0
}
