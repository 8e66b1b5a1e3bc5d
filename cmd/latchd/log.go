package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"latchd/configs"
	"latchd/journal"
	"latchd/lock"
)

func newLog() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "log",
		Short: "Read the journal of events",
		Long: `Prints what has happened at the door, oldest first, by this machine's clock: when, what, and in words who, how and why. A
time with a question mark was told by a clock that was not known to be right. On a terminal the days have headings, and
colours unless NO_COLOR is set; elsewhere each line has its date.

The types for --type, several with commas between them, and * for any letters:

` + typeTable(),
		Example: `  latchd log --since today --type 'access.*'
  latchd log --since 2h --follow
  latchd log --json | jq .`,
		Args: usage(cobra.NoArgs),
	}
	config := configFlag(cmd)
	follow := cmd.Flags().BoolP("follow", "f", false, "go on with the events to come")
	asJSON := cmd.Flags().Bool("json", false, "print a line of JSON an event, as published")
	since := cmd.Flags().String("since", "", "from `T` on: 2h, 7d, 18:00, today, yesterday, 2026-11-20, 2026-11-20T18:00:00Z")
	types := cmd.Flags().String("type", "", "only types that match `GLOB`, such as 'access.*'")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		now := time.Now()
		from, err := parseSince(*since, now)
		if err != nil {
			return err
		}
		if err := checkTypes(*types); err != nil {
			return err
		}
		cfg, err := configs.Load(*config)
		if err != nil {
			return err
		}
		read := journal.Read
		if *follow {
			read = journal.Follow
		}
		out := bufio.NewWriter(cmd.OutOrStdout())
		lines := newLogLines(out, cmd.OutOrStdout())
		print := lines.print
		if *asJSON {
			print = func(e lock.Event) error { return printJSON(out, e) }
		}
		if from.After(now) {
			fmt.Fprintf(cmd.ErrOrStderr(), "latchd: %s is yet to come\n", from.Local().Format(minutes))
		}
		none := true
		err = read(cmd.Context(), cfg.Journal.Path, journal.Query{Since: from, Types: *types}, func(e lock.Event) error {
			none = false
			if err := print(e); err != nil || !*follow {
				return err
			}
			return out.Flush()
		})
		if err == nil && none && !*asJSON && !*follow && !from.After(now) {
			fmt.Fprintln(cmd.ErrOrStderr(), "latchd:", noEvents(*types, from))
		}
		return errors.Join(err, out.Flush())
	}
	return cmd
}

const minutes = "2006-01-02 15:04"

// noEvents says of what, and since when, there is none. A script that reads JSON needs no such words.
func noEvents(types string, from time.Time) string {
	said := "no events"
	if types != "" {
		said += " of type " + types
	}
	if !from.IsZero() {
		said += " since " + from.Local().Format(minutes)
	}
	return said
}

// logLines prints events for people: on a terminal under the day's heading, elsewhere with the date on each line.
type logLines struct {
	out           io.Writer
	days, colours bool
	width         int // of the terminal; 0: lines are not broken
	day           string
	explained     bool // what the question mark means
}

func newLogLines(out, terminal io.Writer) *logLines {
	l := &logLines{out: out}
	if f, ok := terminal.(*os.File); ok && isTerminal(f) {
		l.days, l.colours = true, os.Getenv("NO_COLOR") == ""
		l.width = columns(f)
	}
	return l
}

func (l *logLines) print(e lock.Event) error {
	at := e.At.Local()
	stamp := at.Format("2006-01-02 15:04:05")
	if l.days {
		stamp = at.Format("15:04:05")
		if day := at.Format("Monday, 2 January 2006"); day != l.day {
			l.day = day
			if _, err := fmt.Fprintln(l.out, l.colour("\x1b[1m", day)); err != nil {
				return err
			}
		}
	}
	unsure := " "
	if e.Clock != "synced" {
		unsure = "?"
		if l.days && !l.explained {
			l.explained = true
			if _, err := fmt.Fprintln(l.out, l.colour(faint, "?: by a clock that was not known to be right")); err != nil {
				return err
			}
		}
	}
	words := []string{inWords(e)}
	indent := len(stamp) + 19
	if l.width > indent+20 {
		words = fold(words[0], l.width-indent)
	}
	_, err := fmt.Fprintf(l.out, "%s%s %s %s\n", stamp, unsure, l.colour(tone(e.Type), fmt.Sprintf("%-16s", e.Type)),
		strings.Join(words, "\n"+strings.Repeat(" ", indent)))
	return err
}

func (l *logLines) colour(c, s string) string {
	if !l.colours {
		return s
	}
	return c + s + plainText
}

func printJSON(w io.Writer, e lock.Event) error {
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\n", line)
	return err
}

// parseSince reads a moment: a span before now ("90m", "7d"), a day, a time, or a time of today ("18:00").
func parseSince(s string, now time.Time) (time.Time, error) {
	midnight := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
	switch s {
	case "":
		return time.Time{}, nil
	case "today":
		return midnight, nil
	case "yesterday":
		return midnight.AddDate(0, 0, -1), nil
	}
	var span configs.Duration
	if err := span.UnmarshalText([]byte(s)); err == nil && span >= 0 {
		return now.Add(-time.Duration(span)), nil
	}
	if t, err := time.Parse("15:04", s); err == nil {
		return time.Date(now.Year(), now.Month(), now.Day(), t.Hour(), t.Minute(), 0, 0, now.Location()), nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", minutes, time.DateOnly} {
		if t, err := time.ParseInLocation(layout, s, now.Location()); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%w: --since %q is not a time: allowed are 90m, 2h, 7d, 18:00, today, yesterday, 2026-11-20 "+
		"or 2026-11-20T18:00:00Z", errUsage, s)
}
