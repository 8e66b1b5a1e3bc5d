package page

import (
	"flag"
	"fmt"
	"log"
)

// Run is what a command does that measures a section of BENCHMARKS.md: it reads the flags, lets measure do its work, and prints
// what that returns, beside an error too; with -write, and without an error, it also writes it into the section. It is called from the top of the
// project, and sets the log's prefix.
func Run(section string, measure func() (body string, err error)) error {
	write := flag.Bool("write", false, "write the section of BENCHMARKS.md, too")
	log.SetFlags(0)
	log.SetPrefix(section + ": ")
	flag.Parse()
	body, err := measure()
	fmt.Print(body)
	if err != nil || !*write || body == "" {
		return err
	}
	return Write("BENCHMARKS.md", section, body)
}
