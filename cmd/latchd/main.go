// Command latchd is a door-lock daemon: a bell, a texted one-time code, a keypad, a strike, and MQTT for the house.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"latchd/board/sim"
	"latchd/configs"
)

// The exit statuses.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

func main() { os.Exit(Main(os.Args[1:], os.Stdout, os.Stderr)) }

// Main runs the program with these arguments and returns its exit status. SIGINT and SIGTERM end it in good order.
func Main(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second one ends it at once
	if len(args) > 0 && args[0] == "help" {
		args = append(slices.Clone(args[1:]), "--help")
	}
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	if len(args) > 0 && args[0] == cobra.ShellCompRequestCmd {
		unquote(root)
	}
	cmd, err := root, known(root, args)
	if err == nil {
		cmd, err = root.ExecuteContextC(ctx)
	}
	var faults configs.Faults
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &faults):
		fmt.Fprintln(stderr, faults) // each line begins with the file's name, for editors and scripts
		return exitFailed
	case errors.Is(err, errTold):
		return exitFailed
	case errors.Is(err, errUsage), errors.Is(err, sim.ErrUsage):
		fmt.Fprintf(stderr, "latchd: %v\nSee '%s --help'.\n", err, cmd.CommandPath())
		return exitUsage
	}
	fmt.Fprintf(stderr, "latchd: %v\n", err)
	return exitFailed
}

var (
	errUsage = errors.New("wrong usage")
	errTold  = errors.New("failed") // the command has said why
)

const defaultConfig = "/etc/latchd/latchd.toml"

func newRoot() *cobra.Command {
	var version *bool
	root := &cobra.Command{
		Use:   "latchd",
		Short: "A door-lock daemon: bell, texted one-time code, keypad, strike, MQTT",
		Long: `latchd opens a door to people who type a one-time code, which the owner gets by
text, and tells home automation over MQTT. To see it work: latchd demo`,
		SilenceErrors:              true,
		SilenceUsage:               true,
		SuggestionsMinimumDistance: 2,
		Args:                       usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if *version {
				_, err := fmt.Fprint(cmd.OutOrStdout(), versions())
				return err
			}
			return cmd.Help()
		},
	}
	// Not cobra's own: its template would keep two megabytes of methods in the program that nothing calls.
	version = root.Flags().Bool("version", false, "print version, commit and Go version")
	usual := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		if cmd != root {
			helpOn(cmd, args, usual)
			return
		}
		overview(root)
	})
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return fmt.Errorf("%w: %w", errUsage, err) })
	root.AddCommand(newRun(), newDemo(), newSetup(), newCheck(), newSecure(), newOffline(), newClient(), newLog(), newSim(), newWiring(), newKeys(), newVersion())
	complete(root)
	return root
}

// overview is the whole program on one screen.
func overview(root *cobra.Command) {
	out := root.OutOrStdout()
	fmt.Fprintf(out, "%s\n\nUsage: latchd COMMAND [FLAGS]\n\n", root.Long)
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() {
			fmt.Fprintf(out, "  %-11s %s\n", c.Name(), c.Short)
		}
	}
	fmt.Fprintln(out, "\nlatchd COMMAND --help says more.")
}

// known refuses a command that there is none of, which cobra would answer with the whole help where --help stands behind it.
func known(root *cobra.Command, args []string) error {
	if cmd, rest, err := root.Find(args); err == nil && cmd == root && len(rest) > 0 && !strings.HasPrefix(rest[0], "-") {
		switch rest[0] {
		case "completion", cobra.ShellCompRequestCmd, cobra.ShellCompNoDescRequestCmd: // cobra adds these when it runs
		default:
			hint := ""
			if near := root.SuggestionsFor(rest[0]); len(near) > 0 {
				hint = ": is it " + strings.Join(near, " or ") + "?"
			}
			return fmt.Errorf("%w: unknown command %q%s", errUsage, rest[0], hint)
		}
	}
	return nil
}

// usage marks what a check of arguments refuses as wrong usage.
func usage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		err := check(cmd, args)
		switch {
		case err != nil && len(args) > 0 && !cmd.HasSubCommands() && cobra.NoArgs(cmd, args).Error() == err.Error():
			return fmt.Errorf("%w: %s takes flags only, not %q", errUsage, cmd.CommandPath(), args[0])
		case err != nil:
			return fmt.Errorf("%w: %w", errUsage, err)
		}
		return nil
	}
}

// configFlag adds --config.
func configFlag(cmd *cobra.Command) *string {
	path := cmd.Flags().String("config", defaultConfig, "the configuration `FILE`")
	_ = cmd.MarkFlagFilename("config", "toml")
	return path
}
