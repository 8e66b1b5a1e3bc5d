package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"latchd/board"
	"latchd/setup"
)

var errBrokenOff = errors.New("set up the door: broken off: nothing has been written")

// An end of the input ends a question; endless empty lines, as of a script that runs out of answers, would not.
const (
	maxSame   = 3  // times the same answer to one question, none of use
	maxRounds = 10 // of answers that differ, or of trying the same thing on the board
)

// tries counts the answers to one question that cannot stand.
type tries struct {
	last      string
	same, all int
}

// over takes one more, and says whether it was the last. People who correct themselves are given time: much is answered by then.
func (t *tries) over(answer string) bool {
	if answer != t.last {
		t.same = 0
	}
	t.last = answer
	t.same++
	t.all++
	return t.same == maxSame || t.all == maxRounds
}

// giveUp is the error after too many tries. flags are those that answer the question.
func giveUp(tries int, problem, flags string) error {
	return fmt.Errorf("set up the door: given up after %d tries: %s: start again, or answer with %s; nothing has been written",
		tries, strings.TrimSpace(problem), flags)
}

// question asks for one value of the configuration.
type question struct {
	flag, text string
	usual      string   // the default; "" where there is none
	optional   bool     // "none" is an answer
	keys       []string // that the answer must be right for
	set        func(answer string)
	lines      func(answer string) []string // the names of lines in it; nil where it holds none
}

// ask takes the answer from the flag, or with --yes the default, or from the terminal until the configuration's checks have
// nothing against it.
func (s *installer) ask(ctx context.Context, q question) error {
	if given, ok := s.given(q.flag); ok || s.yes {
		if !ok {
			given = q.usual
		}
		if problem := s.try(q, given); problem != "" {
			return fmt.Errorf("%w: --%s: %s", errUsage, q.flag, problem)
		}
		return nil
	}
	for bad := (tries{}); ; {
		answer, err := s.prompt(ctx, q.text, q.usual, q.optional)
		if err != nil {
			return err
		}
		problem := s.try(q, answer)
		switch {
		case problem == "":
			return nil
		case bad.over(answer):
			return giveUp(bad.all, q.text+": "+problem, "--"+q.flag)
		}
		s.say("  This %s.", problem)
	}
}

// try puts an answer into the configuration and returns what is wrong with it.
func (s *installer) try(q question, answer string) string {
	if q.optional && answer == "none" {
		answer = ""
	}
	if q.lines != nil {
		answer = lineWords(answer)
	}
	q.set(answer)
	problem := setup.Problem(s.cfg, q.keys...)
	if q.lines == nil || problem != "" || answer == "" {
		return problem
	}
	for _, line := range q.lines(answer) {
		if may := bare(line); may != "" {
			return may
		}
		if problem := setup.Line(line, s.onChip); problem != "" {
			return problem
		}
	}
	return ""
}

func oneLine(answer string) []string { return []string{answer} }

// onChip says whether the chip has a line of that name, as far as it can be opened.
func (s *installer) onChip(name string) bool {
	if s.cfg.Board.Driver == "sim" {
		return false
	}
	l, err := board.OpenLinux(s.cfg.Board.Chip)
	if err != nil {
		return false
	}
	defer l.Close()
	return l.Has(name)
}

func (s *installer) given(flag string) (string, bool) {
	f := s.flags.Lookup(flag)
	if f == nil || !f.Changed {
		return "", false
	}
	return f.Value.String(), true
}

// prompt asks on the terminal. An empty line is the default.
func (s *installer) prompt(ctx context.Context, text, usual string, optional bool) (string, error) {
	if optional && usual == "" {
		usual = "none"
	}
	if usual != "" {
		text += " [" + usual + "]"
	}
	s.put(text)
	line, err := s.line(ctx)
	if line == "" {
		line = usual
	}
	return line, err
}

// room is in columns: of a word, a line's name or "clicked", that answers a question.
const room = 8

// put prints a question, wrapped so that the answer has room behind it.
func (s *installer) put(text string) {
	fmt.Fprint(s.out, wrapped(text+":", s.width()-room)+" ")
}

func (s *installer) line(ctx context.Context) (string, error) {
	select {
	case <-ctx.Done():
	case line, ok := <-s.lines:
		if ok {
			return strings.TrimSpace(line), nil
		}
	}
	fmt.Fprintln(s.out)
	return "", errBrokenOff
}

// choose asks until one of the words is answered, or its first letter. flags are those that spare the question.
func (s *installer) choose(ctx context.Context, flags, text, usual string, words ...string) (string, error) {
	for bad := (tries{}); ; {
		answer, err := s.prompt(ctx, text+" ("+strings.Join(words, ", ")+")", usual, false)
		if err != nil {
			return "", err
		}
		i := slices.IndexFunc(words, func(w string) bool { return answer != "" && strings.HasPrefix(w, strings.ToLower(answer)) })
		if i >= 0 {
			return words[i], nil
		}
		allowed := strings.Join(words, ", ")
		if bad.over(answer) {
			return "", giveUp(bad.all, text+": allowed: "+allowed, flags)
		}
		s.say("  Allowed: %s.", allowed)
	}
}

// unseen asks for a line that the terminal does not show.
func (s *installer) unseen(ctx context.Context, text string) (string, error) {
	if f, ok := s.in.(*os.File); ok && isTerminal(f) {
		fd := int(f.Fd())
		before, err := unix.IoctlGetTermios(fd, unix.TCGETS)
		if err != nil {
			return "", fmt.Errorf("hide what is typed: %w", err)
		}
		hidden := *before
		hidden.Lflag &^= unix.ECHO
		if err := unix.IoctlSetTermios(fd, unix.TCSETS, &hidden); err != nil {
			return "", fmt.Errorf("hide what is typed: %w", err)
		}
		defer func() { _ = unix.IoctlSetTermios(fd, unix.TCSETS, before) }() // nothing can be done about it
	}
	s.put(text)
	line, err := s.line(ctx)
	fmt.Fprintln(s.out)
	return line, err
}
