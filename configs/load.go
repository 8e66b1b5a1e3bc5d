package configs

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"syscall"
	"unicode/utf8"
)

// largest is the most that a configuration may weigh, in bytes. It is read no further.
const largest = 1 << 20

// Load reads the file at path over the one that it includes, that over the defaults, and checks it. When the file can be
// read but is at fault, or the included one is or cannot be read, the error is Faults.
func Load(path string) (*Config, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, err
	}
	return Parse(path, data)
}

// Parse is Load of a file that has been read; name is its path, beside which an included file lies.
func Parse(name string, data []byte) (*Config, error) {
	return parseWith(name, data, openRegular)
}

func parseWith(name string, data []byte, open func(path string) ([]byte, error)) (*Config, error) {
	r := readBoth(name, data, open)
	r.judge()
	if len(r.faults) > 0 {
		return nil, r.sorted()
	}
	r.warn()
	return r.cfg, nil
}

// LoadStrike reads [board] and [strike] of the door's own file alone, whatever else is wrong there or in the included one:
// locking the door must not wait for a comma in the texts. It gives no answer rather than a guess, for the wrong polarity
// would open the door: anything wrong with the board or with the strike's line or level is an error, and so is a file
// without a [strike] of which a part cannot be read, and one that includes another and lacks the line or the level.
func LoadStrike(path string) (Board, Strike, error) {
	data, err := readFile(path)
	if err != nil {
		return Board{}, Strike{}, err
	}
	return parseStrike(path, data)
}

func parseStrike(name string, data []byte) (Board, Strike, error) {
	r := read(name, data)
	r.withinBounds()
	r.strikeLine()
	full := r.full
	all := r.sorted()
	var own Faults
	for _, f := range all {
		if f.aboutStrike() {
			own = append(own, f)
		}
	}
	if len(own) == 0 && ((r.torn || full) && r.at["strike"] == 0 || full && !r.strikeGiven()) {
		own = append(all, Fault{File: name, Line: all[len(all)-1].Line, Key: "strike", Problem: "not found in a file that is partly unreadable",
			Remedy: "so its line and level are not known"})
	}
	if len(own) > 0 {
		return Board{}, Strike{}, own
	}
	return r.cfg.Board, r.cfg.Strike, nil
}

// aboutStrike says whether the fault leaves in doubt which line locks the door, or with which level.
func (f Fault) aboutStrike() bool {
	key := cmp.Or(f.about, f.Key)
	table := tableOf(key)
	return table == "board" || table == "strike" && key != "strike.pulse" && key != "strike.held_alarm"
}

func readFile(path string) ([]byte, error) {
	data, err := openFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the configuration: %w: `latchd setup` makes it; or write it by hand "+
			"from configs/minimal.toml (/usr/share/doc/latchd/examples/latchd.toml has every key); `latchd demo` needs none", err)
	}
	if err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	return data, nil
}

// openFile reads no more of a file than shows that it is too large.
func openFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readAll(f)
}

func readAll(f *os.File) ([]byte, error) { return io.ReadAll(io.LimitReader(f, largest+1)) }

// openRegular is openFile of a file that another names: of a pipe nobody would know why the door waits.
func openRegular(path string) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("open %s: is no regular file", path)
	}
	return readAll(f)
}

// judge checks what was read. Where the included file could not be, or not all of it, only what stands here is.
func (r *reading) judge() {
	if r.lacking {
		r.withinBounds()
		r.strikeLine()
		return
	}
	r.check()
}

// read takes in all that can be understood of a file, over the defaults, and puts what cannot into the faults.
func read(name string, data []byte) *reading {
	cfg := Default()
	r := &reading{file: name, cfg: &cfg, at: map[string]int{}, inline: map[string]bool{}, broken: map[string]bool{},
		meant: map[string]bool{}, garbled: map[int]bool{}, reported: map[int]bool{}}
	switch {
	case len(data) > largest:
		r.unreadable("larger than 1 MiB", "a configuration needs a few KiB: is this the right file?")
	case bytes.HasPrefix(data, []byte{0xff, 0xfe}) || bytes.HasPrefix(data, []byte{0xfe, 0xff}):
		r.unreadable("written in UTF-16", "save it as UTF-8")
	default:
		r.take(bytes.TrimPrefix(data, []byte("\ufeff")))
	}
	return r
}

// unreadable reports a file of which nothing can be understood. No key of it is then reported missing.
func (r *reading) unreadable(problem, remedy string) {
	r.fault(1, "", problem, remedy)
	r.torn = true
	for _, table := range tables() {
		r.broken[table] = true
	}
}

// take reads the text. Bytes that are not UTF-8 are replaced, so that the rest is read as well; their lines are
// remembered.
func (r *reading) take(data []byte) {
	r.lines = []int{0}
	for i, c := range data {
		if c == '\n' {
			r.lines = append(r.lines, i+1)
		}
	}
	if !utf8.Valid(data) {
		r.torn = true
		var clean strings.Builder
		line := 1
		for len(data) > 0 {
			c, n := utf8.DecodeRune(data)
			if c == utf8.RuneError && n == 1 {
				r.garbled[line] = true
				clean.WriteByte('?') // one byte for one byte: offsets stay
			} else {
				clean.Write(data[:n])
			}
			if c == '\n' {
				line++
			}
			data = data[n:]
		}
		data = []byte(clean.String())
	}
	r.data = data
	r.expressions()
	for _, line := range slices.Sorted(maps.Keys(r.garbled)) {
		r.fault(line, "", "", "")
	}
}
