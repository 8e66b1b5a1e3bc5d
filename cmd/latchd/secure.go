package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"latchd/board"
	"latchd/configs"
)

func newSecure() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "secure",
		Short: "Drive the strike to locked",
		Long: `Drives the strike's line to locked and ends. It needs [board] and [strike] of the configuration and nothing else: no
network, no secret, no valid rest of the file. systemd runs it before every start and after every end of the daemon.`,
		Args: usage(cobra.NoArgs),
	}
	path := configFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		b, s, err := configs.LoadStrike(*path)
		if err != nil {
			return err
		}
		if b.Driver == "sim" {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "the board is simulated: it is locked whenever nothing runs it")
			return err
		}
		return board.Secure(b.Chip, s.Line, s.Active == "low")
	}
	return cmd
}
