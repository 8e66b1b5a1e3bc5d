package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"latchd/board/sim"
)

func newSim() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "sim --socket PATH ACTION",
		Short: "Work a simulated board as fingers would",
		Long: `Works the simulated board of a running daemon ([board] driver = "sim", socket = PATH):

  press KEYS         tap the keys one after the other, 80 ms down, 80 ms up
  hold KEY DUR       keep one key down, for example: hold 5 12s
  bell [DUR]         press the bell, 200 ms unless told
  exit [DUR]         press the request-to-exit button, 200 ms unless told
  door open|closed   move the door
  tamper on|off      open or close the case
  line NAME          print a line's level, 0 or 1
  watch              print each change of a line from now on, as JSON`,
		Example: "  latchd sim --socket /tmp/board.sock press 123456#",
		Args:    usage(cobra.MinimumNArgs(1)),
	}
	socket := cmd.Flags().String("socket", "", "the board's socket: `PATH` of [board] socket")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if *socket == "" {
			return fmt.Errorf("%w: --socket is missing: the path in [board] socket", errUsage)
		}
		return sim.Do(cmd.Context(), *socket, args, cmd.OutOrStdout())
	}
	return cmd
}
