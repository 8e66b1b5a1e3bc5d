package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"latchd/configs"
	"latchd/setup"
)

// finish shows what will be written, writes it when that is agreed to, and checks it.
func (s *installer) finish(ctx context.Context) error {
	text := setup.Text(s.cfg)
	if _, err := configs.Parse(s.path, []byte(text)); err != nil {
		return fmt.Errorf("set up the door: nothing has been written: %w", err)
	}
	s.store.seal = s.store.seal && len(s.store.names) > 0 && canSeal(ctx)
	changed, err := s.show(text)
	if err != nil {
		return err
	}
	if !s.yes {
		write, err := s.choose(ctx, "--yes", "Write this", "no", "yes", "no")
		if err != nil {
			return err
		}
		if write == "no" {
			return errBrokenOff
		}
	}
	if !changed {
		text = ""
	}
	if err := s.store.write(ctx, s.path, text); err != nil {
		if errors.Is(err, errBrokenOff) {
			return err
		}
		return fmt.Errorf("set up the door: %w", err)
	}
	if err := s.store.dropOld(); err != nil {
		return fmt.Errorf("set up the door: %w", err)
	}
	s.reload()
	s.say("\nWritten. latchd check:")
	r := &report{out: s.out}
	r.check(s.path, readable(s.store.dir))
	if r.err != nil {
		return r.err
	}
	if r.failed {
		s.say("\nMend what failed, and then:")
	} else {
		s.say("\nNext:")
	}
	fmt.Fprint(s.out, s.next(r.failed, os.Geteuid() == 0))
	if r.failed {
		return errTold
	}
	return nil
}

// show prints the files that will be written, and of one that is there what changes.
func (s *installer) show(text string) (changed bool, err error) {
	old, err := os.ReadFile(s.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		fmt.Fprintf(s.out, "\nThis will be written to %s:\n\n%s\n", s.path, text)
		changed = true
	case err != nil:
		return false, fmt.Errorf("set up the door: %w", err)
	default:
		diff := setup.Diff(string(old), text)
		changed = len(diff) > 0
		s.say("\n%s will be replaced, and kept as %s. What changes:", s.path, kept(s.path))
		if !changed {
			s.say("  nothing: it is left as it is")
		}
		for _, line := range diff {
			fmt.Fprintln(s.out, " ", line)
		}
	}
	for _, line := range s.store.plan() {
		s.say("%s", line)
	}
	s.say("")
	return changed, nil
}
