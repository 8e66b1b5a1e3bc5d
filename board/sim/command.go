package sim

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// ErrUsage is what errors.Is finds in an error that the caller's words caused, as opposed to a failure of the board.
var ErrUsage = errors.New("wrong usage")

// usageError is an ErrUsage with its own words.
type usageError string

func (e usageError) Error() string        { return string(e) }
func (e usageError) Is(target error) bool { return target == ErrUsage }

func usagef(format string, args ...any) error { return usageError(fmt.Sprintf(format, args...)) }

// command is one thing to be done with a board, as it travels over the socket.
type command struct {
	Verb string        `json:"verb"`
	Keys string        `json:"keys,omitempty"`
	For  time.Duration `json:"for_ns,omitempty"`
	On   bool          `json:"on,omitempty"` // the door open, tampered with
	Line string        `json:"line,omitempty"`
}

// forms are the commands' shapes, for the errors.
var forms = map[string]string{
	"press":  "press KEYS",
	"hold":   "hold KEY DUR",
	"bell":   "bell [DUR]",
	"exit":   "exit [DUR]",
	"door":   "door open|closed",
	"tamper": "tamper on|off",
	"line":   "line NAME",
	"watch":  "watch",
}

// parse reads a command as it is typed. Whether its keys and lines exist, the board knows.
func parse(args []string) (command, error) {
	if len(args) == 0 {
		return command{}, usagef("no command: press, hold, bell, exit, door, tamper, line or watch")
	}
	c, rest := command{Verb: args[0]}, args[1:]
	form, ok := forms[c.Verb]
	if !ok {
		return c, usagef("command %q: press, hold, bell, exit, door, tamper, line or watch", c.Verb)
	}
	words := strings.Fields(form)[1:]
	if len(rest) > len(words) || len(rest) < len(words) && !strings.HasPrefix(words[len(rest)], "[") {
		return c, usagef("%s: %d arguments: it is %q", c.Verb, len(rest), form)
	}
	return c, c.take(rest)
}

// take reads the arguments, whose number is right.
func (c *command) take(args []string) error {
	var err error
	switch c.Verb {
	case "press":
		if c.Keys = args[0]; utf8.RuneCountInString(c.Keys) > maxKeys {
			return usagef("press: more than %d keys", maxKeys)
		}
	case "hold":
		if c.Keys = args[0]; utf8.RuneCountInString(c.Keys) != 1 {
			return usagef("hold: %d keys: it is %q", utf8.RuneCountInString(c.Keys), forms[c.Verb])
		}
		c.For, err = span(c.Verb, args[1])
	case "bell", "exit":
		if len(args) == 1 {
			c.For, err = span(c.Verb, args[0])
		}
	case "door":
		c.On, err = oneOf(c.Verb, args[0], "open", "closed")
	case "tamper":
		c.On, err = oneOf(c.Verb, args[0], "on", "off")
	case "line":
		c.Line = args[0]
	}
	return err
}

func span(verb, word string) (time.Duration, error) {
	d, err := time.ParseDuration(word)
	if err != nil {
		return 0, usagef("%s: %q is not a duration: write 300ms or 2s", verb, word)
	}
	return d, checkSpan(verb, d)
}

func checkSpan(verb string, d time.Duration) error {
	if d <= 0 || d > maxHold {
		return usagef("%s: %v: more than 0 and at most %v", verb, d, maxHold)
	}
	return nil
}

func oneOf(verb, word, yes, no string) (bool, error) {
	if word != yes && word != no {
		return false, usagef("%s: %q: %s or %s", verb, word, yes, no)
	}
	return word == yes, nil
}

// obey does a command. What it has to say goes through say, as a value that JSON can carry.
func (b *Board) obey(ctx context.Context, c command, say func(any) error) error {
	switch c.Verb {
	case "press":
		return b.Press(ctx, c.Keys)
	case "hold":
		key, _ := utf8.DecodeRuneInString(c.Keys)
		return b.Hold(ctx, key, c.For)
	case "bell":
		return b.Bell(ctx, c.For)
	case "exit":
		return b.Exit(ctx, c.For)
	case "door":
		return b.Door(c.On)
	case "tamper":
		return b.Tamper(c.On)
	case "line":
		level, err := b.Line(c.Line)
		if err != nil {
			return err
		}
		return say(bit(level))
	case "watch":
		var failed error
		for change := range b.watch(ctx, true, nil) {
			if failed == nil { // a client that is gone ends ctx, and with it this
				failed = say(change)
			}
		}
		switch {
		case failed != nil:
			return failed
		case ctx.Err() != nil:
			return errors.New("watch: the board has ended")
		}
		return fmt.Errorf("watch: fell %d changes behind", maxUnread)
	default:
		return usagef("command %q: unknown to this board", c.Verb)
	}
}
