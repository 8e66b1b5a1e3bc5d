package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
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
		Example: `  latchd log --since today --type 'access.*'
  latchd log --since 2h --follow
  latchd log --json | jq .`,
		Args: usage(cobra.NoArgs),
	}
	config := configFlag(cmd)
	follow := cmd.Flags().BoolP("follow", "f", false, "go on with the events to come")
	asJSON := cmd.Flags().Bool("json", false, "print a line of JSON an event, as published")
	since := cmd.Flags().String("since", "", "from `T` on: 2h, 7d, today, yesterday, 2026-11-20, 2026-11-20T18:00:00Z")
	types := cmd.Flags().String("type", "", "only types that match `GLOB`, such as 'access.*'")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		from, err := parseSince(*since, time.Now())
		if err != nil {
			return err
		}
		if _, err := path.Match(*types, ""); err != nil {
			return fmt.Errorf("%w: --type %q is not a pattern: * stands for anything, for example 'access.*'", errUsage, *types)
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
		err = read(cmd.Context(), cfg.Journal.Path, journal.Query{Since: from, Types: *types}, func(e lock.Event) error {
			if err := printEvent(out, e, *asJSON); err != nil || !*follow {
				return err
			}
			return out.Flush()
		})
		return errors.Join(err, out.Flush())
	}
	return cmd
}

func printEvent(w io.Writer, e lock.Event, asJSON bool) error {
	if asJSON {
		line, err := json.Marshal(e)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(w, "%s\n", line)
		return err
	}
	var words []string
	for _, s := range []string{string(e.Method), string(e.Action), e.Part, string(e.Reason), e.Owner, e.Phone} {
		if s != "" {
			words = append(words, s)
		}
	}
	if e.Code != 0 {
		words = append(words, fmt.Sprintf("(Twilio %d)", e.Code))
	}
	if e.Wait != 0 {
		words = append(words, "for "+e.Wait.String())
	}
	if e.Count != 0 {
		words = append(words, fmt.Sprintf("(%d more)", e.Count))
	}
	for _, s := range []string{e.Detail, e.Hint} {
		if s != "" {
			words = append(words, "- "+s)
		}
	}
	unsure := ""
	if e.Clock != "synced" {
		unsure = "?"
	}
	_, err := fmt.Fprintf(w, "%s%-1s %-16s %s\n", e.At.Local().Format("2006-01-02 15:04:05"), unsure, e.Type, strings.Join(words, " "))
	return err
}

// parseSince reads a moment: a span before now ("90m", "7d"), a day, or a time.
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
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, s, now.Location()); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%w: --since %q is not a time: allowed are 90m, 2h, 7d, today, yesterday, 2026-11-20 or "+
		"2026-11-20T18:00:00Z", errUsage, s)
}
