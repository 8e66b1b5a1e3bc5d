package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"
)

func TestEveryHelpFitsAUsualTerminal(t *testing.T) {
	var look func(cmd *cobra.Command)
	look = func(cmd *cobra.Command) {
		if cmd.Hidden {
			return
		}
		var out bytes.Buffer
		if status := Main(append(strings.Fields(cmd.CommandPath())[1:], "--help"), &out, io.Discard); status != exitDone {
			t.Errorf("%s: status %d", cmd.CommandPath(), status)
		}
		if !strings.Contains(out.String(), "Usage:") {
			t.Errorf("%s: %q", cmd.CommandPath(), &out)
		}
		for line := range strings.Lines(out.String()) {
			if utf8.RuneCountInString(strings.TrimRight(line, "\n")) > usualWidth {
				t.Errorf("%s: too wide: %s", cmd.CommandPath(), line)
			}
		}
		for _, c := range cmd.Commands() {
			look(c)
		}
	}
	look(newRoot())
}

func TestAHelpIsFilledAndItsFlagsGoOnBelowThemselves(t *testing.T) {
	text := `One two three four five six seven eight
nine.

  a table    stays
  latchd example --that-is-long --stays-as-it-is

Flags:
      --file F   one two three four (default "/a/path/to/it.conf")
  -y, --yes      short
`
	want := `One two three four five six seven
eight nine.

  a table    stays
  latchd example --that-is-long --stays-as-it-is

Flags:
      --file F   one two three four
                 (default
                "/a/path/to/it.conf")
  -y, --yes      short
`
	if got := fit(text, 37); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

// screenOf is a terminal of so many columns, and what is written to it.
func screenOf(t *testing.T, width uint16) (screen *os.File, written func() string) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no terminal can be made here: %v", err)
	}
	t.Cleanup(func() { master.Close() })
	fd := int(master.Fd())
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: width})
	}
	if err == nil {
		screen, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	}
	if err != nil {
		t.Skipf("no terminal can be made here: %v", err)
	}
	return screen, func() string {
		screen.Close()
		text, _ := io.ReadAll(master) // ends with an error once nobody has the terminal open
		return strings.ReplaceAll(string(text), "\r\n", "\n")
	}
}

func TestAFindingIsOneLineInAPipeAndFoldedOnATerminal(t *testing.T) {
	const finding = "journal: /j cannot be written by this user: run as the daemon's user"
	var pipe strings.Builder
	(&report{out: &pipe}).fail(finding)
	if want := "fail  " + finding + "\n"; pipe.String() != want {
		t.Errorf("%q, want %q", &pipe, want)
	}
	screen, written := screenOf(t, 40)
	(&report{out: screen}).fail(finding)
	want := "fail  journal: /j cannot be written by\n      this user: run as the daemon's\n      user\n"
	if got := written(); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestSetupWrapsWhereItsTerminalEnds(t *testing.T) {
	screen, written := screenOf(t, 40)
	(&installer{out: screen}).say("The strike. Nothing drives its line yet: plug its relay in now.")
	want := "The strike. Nothing drives its line\n  yet: plug its relay in now.\n"
	if got := written(); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestAHelpIsAsWideAsItsTerminal(t *testing.T) {
	for width, want := range map[uint16]string{
		50: "Drives the strike's line to locked and ends. It\nneeds [board]", 100: "It needs [board] and [strike] of the configuration and\nnothing",
		0: "It needs [board] and [strike] of\nthe configuration", // a serial line that does not say
	} {
		screen, written := screenOf(t, width)
		Main([]string{"secure", "--help"}, screen, io.Discard)
		if got := written(); !strings.Contains(got, want) {
			t.Errorf("%d columns: %q, want %q", width, got, want)
		}
	}
}
