package page

import (
	"flag"
	"fmt"
	"log"
	"os"
)

// Run is what a command does that measures a section of BENCHMARKS.md, called from the top of the project: it reads the flags,
// lets measure do its work, with a folder that is removed afterwards, and prints what that returns, beside an error too. With
// -write, and without an error, it also writes it into the section. It sets the log's prefix.
func Run(section string, measure func(dir string) (body string, err error)) error {
	write := flag.Bool("write", false, "write the section of BENCHMARKS.md, too")
	log.SetFlags(0)
	log.SetPrefix(section + ": ")
	flag.Parse()
	dir, err := os.MkdirTemp("", "latchd-"+section+"-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	body, err := measure(dir)
	fmt.Print(body)
	if err != nil || !*write {
		return err
	}
	return Write("BENCHMARKS.md", section, body)
}
