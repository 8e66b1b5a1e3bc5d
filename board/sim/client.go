package sim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
)

// Do works the board that serves at a unix socket: press KEYS, hold KEY DUR, bell [DUR], exit [DUR], door open|closed,
// tamper on|off, line NAME (prints 0 or 1), watch (prints each change as a line of JSON until ctx ends, which is its
// good end). It returns when the board has done it. errors.Is(err, ErrUsage) when args are at fault.
func Do(ctx context.Context, socketPath string, args []string, out io.Writer) error {
	c, err := parse(args)
	if err != nil {
		return err
	}
	err = c.send(ctx, socketPath, out)
	if ctx.Err() != nil {
		if c.Verb == "watch" {
			return nil
		}
		return fmt.Errorf("%s: %w", c.Verb, ctx.Err())
	}
	return err
}

// send carries the command to the board and its answers to out.
func (c command) send(ctx context.Context, path string, out io.Writer) error {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", path)
	if err != nil {
		return fmt.Errorf("%w (is latchd running there, with driver = \"sim\" and this socket?)", err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	if err := json.NewEncoder(conn).Encode(c); err != nil {
		return fmt.Errorf("%s: ask the board at %s: %w", c.Verb, path, err)
	}
	for answers := json.NewDecoder(conn); ; {
		var r reply
		if err := answers.Decode(&r); err != nil {
			return fmt.Errorf("%s: the board at %s went away: %w", c.Verb, path, err)
		}
		switch {
		case r.Error != "" && r.Usage:
			return usageError(r.Error)
		case r.Error != "":
			return errors.New(r.Error)
		case r.Done:
			return nil
		}
		if _, err := fmt.Fprintf(out, "%s\n", r.Out); err != nil {
			return fmt.Errorf("%s: print: %w", c.Verb, err)
		}
	}
}
