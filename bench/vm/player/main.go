// Command player works a door on a real kernel's GPIO lines as people do, watches the strike's line through the kernel's
// own trace, and says of each scenario whether the door kept its rules. It runs inside the machine that bench/vm/run
// boots, or, on a host that has gpio-sim itself, beside the daemon.
//
// It makes the header's lines with gpio-sim, and plays the keypad's copper: it follows which rows the daemon drives and
// pulls the columns down accordingly, on a thread that goes before all others, so that a column has settled before the
// daemon's next instruction.
package main

import (
	"fmt"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "player:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("want one of: header, work, here, report")
	}
	switch args[0] {
	case "header": // before the daemon starts, as a board has its lines from the start
		return makeHeader()
	case "work": // in the machine: what /bench/todo says
		return work()
	case "here":
		return here(args[1], args[2:])
	case "report":
		return report(args[1:])
	default:
		return fmt.Errorf("unknown command %q", args[0])
	}
}
