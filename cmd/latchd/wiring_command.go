package main

import (
	"bytes"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"latchd/configs"
	"latchd/wiring"
)

func newWiring() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "wiring",
		Short: "Draw how the parts are wired to the header",
		Long: `Draws the 40-pin header with the wires of a configuration: in the terminal, or with --svg as a picture that prints on a
page. What to mind about a line is marked at its pin, and said below. It touches none of them.`,
		Example: "  sudo latchd wiring\n  sudo latchd wiring --svg door.svg",
		Args:    usage(cobra.NoArgs),
	}
	path := configFlag(cmd)
	svg := cmd.Flags().String("svg", "", "write a picture to `FILE`; - for standard output")
	_ = cmd.MarkFlagFilename("svg", "svg")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cfg, err := configs.LoadBoard(*path) // before there is an account, too
		if err != nil {
			return err
		}
		p := plan(cfg)
		if *svg == "" {
			width, coloured := 0, false
			if f, ok := cmd.OutOrStdout().(*os.File); ok && isTerminal(f) {
				width, _, _ = term.GetSize(int(f.Fd())) // unknown: the usual
				coloured = os.Getenv("NO_COLOR") == ""
			}
			return p.Text(cmd.OutOrStdout(), width, coloured)
		}
		var picture bytes.Buffer
		if err := p.SVG(&picture); err != nil {
			return err
		}
		if *svg == "-" {
			_, err = picture.WriteTo(cmd.OutOrStdout())
			return err
		}
		if err := os.WriteFile(*svg, picture.Bytes(), 0o644); err != nil {
			return fmt.Errorf("write the picture: %w", err)
		}
		return nil
	}
	return cmd
}

// plan is a configuration's wiring.
func plan(c *configs.Config) wiring.Plan {
	in := func(i configs.Input) wiring.Input { return wiring.Input{Line: i.Line, ActiveLow: i.Active == "low"} }
	return wiring.Plan{Door: c.Door.Name, Keys: c.Keypad.Keys, Rows: c.Keypad.Rows, Cols: c.Keypad.Cols,
		Bell: in(c.Bell), Exit: in(c.Exit), Contact: in(c.Contact), Tamper: in(c.Tamper),
		Strike: wiring.Output{Line: c.Strike.Line, ActiveLow: c.Strike.Active == "low"},
		Green:  c.Feedback.Green, Red: c.Feedback.Red, Buzzer: c.Feedback.Buzzer}
}
