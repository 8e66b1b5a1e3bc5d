// Command packaging writes what the Debian package holds beside the program: man pages, completions, changelog,
// copyright, and the documentation with the links as they are there. All of it is made from what is there, so that it cannot say otherwise: from the program's own help, from the
// configuration's types and its commented example, from the unit, from CHANGELOG.md and from the modules' licences.
//
//	go run ./packaging PROGRAM FOLDER
//	go run ./packaging -weigh PAGE PACKAGE...
//
// The first runs from the top of the repository, and reads VERSION and SOURCE_DATE_EPOCH; the same input gives the same
// bytes. The second writes the packages' sizes into the page of figures.
package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "packaging:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) > 2 && args[0] == "-weigh" {
		return weigh(args[1], args[2:])
	}
	if len(args) != 2 {
		return fmt.Errorf("want: packaging PROGRAM FOLDER, or packaging -weigh PAGE PACKAGES")
	}
	epoch, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64)
	if err != nil {
		return fmt.Errorf("read SOURCE_DATE_EPOCH: %w: set it to the time of the commit in Unix seconds", err)
	}
	s := source{top: ".", program: args[0], version: os.Getenv("VERSION"), at: time.Unix(epoch, 0).UTC()}
	files, err := s.files()
	if err != nil {
		return err
	}
	for name, content := range files {
		path := filepath.Join(args[1], name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// source is what everything is made from.
type source struct {
	top     string // the repository's top folder
	program string // latchd, for this machine
	version string
	at      time.Time // of the version
}

// files returns the content of each file by its name.
func (s source) files() (map[string][]byte, error) {
	files := map[string][]byte{}
	for name, make := range map[string]func() ([]byte, error){
		"latchd.1.gz":         zipped(s.commandPage),
		"latchd.toml.5.gz":    zipped(s.configPage),
		"latchd.service.8.gz": zipped(s.unitPage),
		"changelog.gz":        zipped(s.changelog),
		"copyright":           s.copyright,
		"completion.bash":     s.completion("bash"),
		"completion.zsh":      s.completion("zsh"),
		"completion.fish":     s.completion("fish"),
	} {
		content, err := make()
		if err != nil {
			return nil, fmt.Errorf("make %s: %w", name, err)
		}
		files[name] = content
	}
	pages, err := s.docs()
	if err != nil {
		return nil, err
	}
	for name, text := range pages {
		files[name] = []byte(text)
	}
	return files, nil
}

func (s source) completion(shell string) func() ([]byte, error) {
	return func() ([]byte, error) { return output(s.program, "completion", shell) }
}

func (s source) read(name string) (string, error) {
	b, err := os.ReadFile(filepath.Join(s.top, name))
	return string(b), err
}

// zipped is compressed as Debian wants it: as small as it gets, and without a time of its own.
func zipped(make func() ([]byte, error)) func() ([]byte, error) {
	return func() ([]byte, error) {
		content, err := make()
		if err != nil {
			return nil, err
		}
		var b bytes.Buffer
		w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // fails only for a level that there is none of
		w.Write(content)
		w.Close()
		return b.Bytes(), nil
	}
}

func output(program string, args ...string) ([]byte, error) {
	out, err := exec.Command(program, args...).Output()
	if err != nil {
		return nil, fmt.Errorf("run %s %q: %w", program, args, err)
	}
	return out, nil
}
