package main

import (
	"time"

	"latchd/board"
	"latchd/board/sim"
	"latchd/configs"
	"latchd/keypad"
	"latchd/lock"
)

// rules are the door's rules as the configuration has them.
func rules(c *configs.Config) lock.Config {
	owners := make([]lock.Owner, len(c.Owner))
	for i, o := range c.Owner {
		owners[i] = lock.Owner{Name: o.Name, Quiet: o.Hours()}
	}
	return lock.Config{
		Digits: c.Code.Digits, TTL: time.Duration(c.Code.TTL),
		Attempts: c.Code.Attempts, Lockout: time.Duration(c.Code.Lockout), LockoutMax: time.Duration(c.Code.LockoutMax),
		Pulse: time.Duration(c.Strike.Pulse), HeldAlarm: time.Duration(c.Strike.HeldAlarm),
		IdleClear: time.Duration(c.Keypad.IdleClear), Enter: first(c.Keypad.Enter), Clear: first(c.Keypad.Clear),
		MinGap: time.Duration(c.Texts.MinGap), PerHour: c.Texts.PerHour, PerDay: c.Texts.PerDay, InTurn: c.Texts.To == "in_turn",
		Owners: owners, Commands: c.MQTT.Commands,
	}
}

func first(s string) rune { return []rune(s)[0] }

func boardWiring(c *configs.Config) board.Wiring {
	in := func(i configs.Input) board.Input {
		return board.Input{Line: i.Line, ActiveLow: i.Active == "low", Debounce: time.Duration(i.Debounce)}
	}
	return board.Wiring{
		Rows: c.Keypad.Rows, Cols: c.Keypad.Cols, Settle: time.Duration(c.Keypad.Settle),
		Bell: in(c.Bell), Exit: in(c.Exit), Contact: in(c.Contact), Tamper: in(c.Tamper),
		Strike: board.Output{Line: c.Strike.Line, ActiveLow: c.Strike.Active == "low"},
		Green:  c.Feedback.Green, Red: c.Feedback.Red, Buzzer: c.Feedback.Buzzer,
	}
}

// simWiring is a simulated board wired as the configuration says.
func simWiring(c *configs.Config) sim.Wiring {
	in := func(i configs.Input) sim.Input { return sim.Input{Line: i.Line, ActiveLow: i.Active == "low"} }
	w := sim.Wiring{
		Rows: c.Keypad.Rows, Cols: c.Keypad.Cols, Keys: c.Keypad.Keys,
		Bell: in(c.Bell), Exit: in(c.Exit), Contact: in(c.Contact), Tamper: in(c.Tamper),
		Strike: c.Strike.Line, StrikeActiveLow: c.Strike.Active == "low",
	}
	for _, line := range []string{c.Feedback.Green, c.Feedback.Red, c.Feedback.Buzzer} {
		if line != "" {
			w.Others = append(w.Others, line)
		}
	}
	return w
}

func padOptions(c *configs.Config) keypad.Options {
	return keypad.Options{Keys: c.Keypad.Keys, Rows: c.Keypad.Rows, Cols: c.Keypad.Cols, Debounce: time.Duration(c.Keypad.Debounce)}
}
