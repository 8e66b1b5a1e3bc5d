package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"latchd/configs"
	"latchd/signin"
)

// words completes to one of these. A description stands behind a tab.
func words(list ...string) cobra.CompletionFunc {
	return cobra.FixedCompletions(list, cobra.ShellCompDirectiveNoFileComp)
}

// complete says what a shell completes the commands' words and flags to. What is not said here completes to files for a flag,
// and to nothing for a word: no command takes a file there.
func complete(root *cobra.Command) {
	flags := map[string]map[string]cobra.CompletionFunc{
		"check": {"text": owners},
		"demo":  {"listen": words("127.0.0.1:8080", "127.0.0.1:0")},
		"log": {"type": types, "since": words("today", "yesterday", "1h\tan hour ago", "24h\ta day ago", "7d\ta week ago",
			"30d\ta month ago")},
		"setup": setupAnswers(),
	}
	for name, of := range flags {
		cmd, _, err := root.Find([]string{name})
		for flag, f := range of {
			if err == nil {
				err = cmd.RegisterFlagCompletionFunc(flag, f)
			}
		}
		if err != nil {
			panic(fmt.Sprintf("completion of %s: %v", name, err)) // a flag that has been renamed
		}
	}
	args := map[string]cobra.CompletionFunc{"latchd sim": simWords, "latchd client revoke": clients}
	var each func(*cobra.Command)
	each = func(cmd *cobra.Command) {
		if cmd.ValidArgsFunction = args[cmd.CommandPath()]; cmd.ValidArgsFunction == nil {
			cmd.ValidArgsFunction = cobra.NoFileCompletions
		}
		for _, c := range cmd.Commands() {
			each(c)
		}
	}
	each(root)
}

// unquote takes the quotes out of what is said of flags: in them the help finds a value's name, and a completion shows them.
func unquote(cmd *cobra.Command) {
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) { _, f.Usage = pflag.UnquoteUsage(f) })
	for _, c := range cmd.Commands() {
		unquote(c)
	}
}

// setupAnswers completes the answers that are one of a few, and keeps files from being offered for the rest.
func setupAnswers() map[string]cobra.CompletionFunc {
	inputs, lamps := []string{"none"}, []string{"none"}
	for _, line := range headerLines() {
		inputs, lamps = append(inputs, line, line+":high"), append(lamps, line)
	}
	answers := map[string]cobra.CompletionFunc{
		"driver":      words("linux\tthe kernel's GPIO lines", "sim\ta simulated board"),
		"listen":      words("none", "127.0.0.1:8080\tfor a screen at the door", "0.0.0.0:8443\tfor other machines, too"),
		"strike-line": words(headerLines()...), "strike-active": words("high", "low"),
		"rows": words("none", "GPIO5,GPIO6,GPIO13,GPIO19"), "cols": words("none", "GPIO16,GPIO20,GPIO21", "GPIO16,GPIO20,GPIO21,GPIO12"),
		"keys":        words("123,456,789,*0#", "123A,456B,789C,*0#D"),
		"api-key-sid": words("none"), "mqtt-user": words("none"), "broker": words("tcp://127.0.0.1:1883"),
	}
	for _, flag := range []string{"bell", "exit", "contact", "tamper"} {
		answers[flag] = words(inputs...)
	}
	for _, flag := range []string{"green", "red", "buzzer"} {
		answers[flag] = words(lamps...)
	}
	for _, flag := range []string{"name", "id", "chip", "account-sid", "from", "owner"} {
		answers[flag] = cobra.NoFileCompletions
	}
	return answers
}

// headerLines are the lines that are free for a door's parts.
func headerLines() (lines []string) {
	for n := 2; n <= 27; n++ {
		lines = append(lines, fmt.Sprintf("GPIO%d", n))
	}
	return lines
}

// types completes the last of several patterns.
func types(_ *cobra.Command, _ []string, typed string) (list []string, _ cobra.ShellCompDirective) {
	before := typed[:strings.LastIndex(typed, ",")+1]
	for _, group := range typeGroups() {
		list = append(list, before+group)
	}
	for _, t := range eventTypes() {
		list = append(list, before+t)
	}
	return list, cobra.ShellCompDirectiveNoFileComp
}

func owners(cmd *cobra.Command, _ []string, _ string) (list []string, _ cobra.ShellCompDirective) {
	if cfg, _, err := configs.LoadWhatReads(cmd.Flag("config").Value.String()); err == nil {
		for _, o := range cfg.Owner {
			list = append(list, o.Name)
		}
	}
	return list, cobra.ShellCompDirectiveNoFileComp
}

func clients(cmd *cobra.Command, args []string, _ string) (list []string, _ cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	if cfg, _, err := configs.LoadWhatReads(cmd.Flag("config").Value.String()); err == nil {
		all, _ := signin.ListClients(cfg.Journal.Path) // what cannot be read completes to nothing
		for _, c := range all {
			list = append(list, c.Name)
		}
	}
	return list, cobra.ShellCompDirectiveNoFileComp
}

// simWords completes an action and what stands behind it. None has a description: the man pages take a word that has one for a command.
func simWords(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	spans := []string{"200ms", "1s", "5s", "12s", "35s"}
	var list []string
	switch {
	case len(args) == 0:
		list = []string{"press", "hold", "bell", "exit", "door", "tamper", "line", "watch"}
	case len(args) == 1:
		list = map[string][]string{"bell": spans, "exit": spans, "door": {"open", "closed"}, "tamper": {"on", "off"},
			"hold": strings.Split("1234567890*#", ""), "line": headerLines()}[args[0]]
	case len(args) == 2 && args[0] == "hold":
		list = spans
	}
	return list, cobra.ShellCompDirectiveNoFileComp
}
