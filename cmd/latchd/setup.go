package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"latchd/board/sim"
	"latchd/configs"
)

func newSetup() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "setup",
		Short: "Ask what a new door needs to know, and write it",
		Long: `Asks for what the configuration needs, finds the keypad's rows and columns, the bell and the contacts by what you press and
open, and which level opens the strike by a click that you hear. It shows what it will write, and writes only at the end,
when you agree; broken off before, it leaves nothing. A file that is there, finished or not, gives the defaults and is
kept with .old behind its name, or .old.2 and so on: what was there first stays. It ends with latchd check, and says what
comes next.

Each answer has a flag, and what has one is not asked. With --yes nothing is asked: what has no flag has its default. A
line is given as GPIO26; that of a button or contact as GPIO26:high where it is active high; of what is not fitted as none.
Secrets are typed unseen, or read from files; systemd-creds seals them where it works, otherwise they are in files that root alone reads.`,
		Example: `  sudo latchd setup
  sudo latchd setup --yes --account-sid AC... --from +15551234567 \
    --owner Ada=+15557654321 --twilio-secret-file token.txt
  pass twilio | sudo latchd setup --yes --account-sid AC... --from MG... \
    --owner Ada=+15557654321 --twilio-secret-file -`,
		Args: usage(cobra.NoArgs),
	}
	path := configFlag(cmd)
	answerFlags(cmd.Flags())
	f := cmd.Flags()
	yes := f.Bool("yes", false, "ask nothing, take the defaults, and write")
	plain := f.Bool("plain-secrets", false, "do not seal the secrets with systemd-creds")
	secrets := f.String("secrets", configs.SecretPath(""), "the `FOLDER` of the secrets")
	dropIn := f.String("drop-in", "/etc/systemd/system/latchd.service.d/secrets.conf", "the `FILE` that tells systemd of sealed secrets")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		// A terminal that goes away must not end this in the middle of a pulse, nor Ctrl-Z stop it there.
		ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGHUP, syscall.SIGQUIT)
		defer stop()
		signal.Ignore(syscall.SIGTSTP)
		s := &installer{in: cmd.InOrStdin(), lines: readLines(ctx, cmd.InOrStdin()), out: cmd.OutOrStdout(), flags: f, yes: *yes,
			path: filepath.Clean(*path), store: store{dir: filepath.Clean(*secrets), dropIn: *dropIn, seal: !*plain}}
		return s.run(ctx)
	}
	return cmd
}

// answerFlags adds a flag for each answer.
func answerFlags(f *pflag.FlagSet) {
	for _, a := range [][2]string{
		{"name", "the door's `NAME`, in texts"}, {"id", "the door's `ID`, in topics"},
		{"driver", "linux or sim: `WHICH` board"}, {"chip", "the GPIO chip's `LABEL`, name or path"},
		{"socket", "where latchd sim reaches a simulated board: a `PATH`"},
		{"listen", "the pages' `ADDRESS`, such as 127.0.0.1:8080, or none"},
		{"strike-line", "the strike's `LINE`"}, {"strike-active", "high or low: the `LEVEL` that opens"},
		{"rows", "the keypad's row `LINES`, top first, or none"}, {"cols", "the keypad's column `LINES`, left first"},
		{"keys", "the keypad's `ROWS` of keys: 123,456,789,*0#"},
		{"bell", "the bell's `LINE`"}, {"exit", "the exit button's `LINE`"},
		{"contact", "the door contact's `LINE`"}, {"tamper", "the tamper switch's `LINE`"},
		{"green", "the green lamp's `LINE`"}, {"red", "the red lamp's `LINE`"}, {"buzzer", "the buzzer's `LINE`"},
		{"account-sid", "Twilio's Account `SID`, AC..."}, {"api-key-sid", "an API key's `SID`, SK..., or none"},
		{"twilio-secret-file", "a `FILE` with the auth token or the key's secret; - for a line of standard input"},
		{"from", "the sender: a `NUMBER`, or a messaging service, MG..."},
		{"mqtt-user", "the `USER` at the broker, or none"},
		{"mqtt-password-file", "a `FILE` with the password; - for a line of standard input"},
	} {
		f.String(a[0], "", a[1])
	}
	f.StringArray("owner", nil, "who gets the codes, as `NAME=NUMBER`; once for each")
	f.StringArray("broker", nil, "a broker's `ADDRESS`; once for each")
}

// installer asks for what a door's configuration needs, and writes it in the end.
type installer struct {
	in    io.Reader
	lines <-chan string // as they are typed
	out   io.Writer
	flags *pflag.FlagSet
	yes   bool
	path  string
	store store

	was  configs.Config // the defaults
	cfg  configs.Config // the answers so far
	sim  *sim.Board     // nil on a real board
	open func() (header, error)
	jobs sync.WaitGroup
}

func (s *installer) run(ctx context.Context) error {
	if err := s.begin(); err != nil {
		return err
	}
	defer s.jobs.Wait()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	for _, step := range []func(context.Context) error{
		s.door, s.board, s.strike, s.keypad, s.switches, s.lamps, s.twilio, s.owners, s.mqtt, s.finish,
	} {
		if ctx.Err() != nil { // a step that asks nothing does not look
			return errBrokenOff
		}
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// begin takes the file that is there for defaults, and says early why it could not be replaced.
func (s *installer) begin() error {
	if err := s.store.room(s.path); err != nil {
		return err
	}
	s.cfg = configs.Default()
	old, faults, err := configs.LoadWhatReads(s.path)
	switch {
	case err == nil:
		s.cfg = *old
		s.say("%s gives the defaults; what is not asked for stays as it is there.", s.path)
		if len(faults) > 0 {
			s.say("It is not finished, or at fault: what is wrong there is asked for, or has to be mended by hand.\n%s", faults)
		}
	case !errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("set up the door: %w", err)
	}
	s.was = s.cfg
	return nil
}

// width is how many columns a text may take.
func (s *installer) width() int {
	if width := columns(s.out); width > 0 {
		return min(width, usualWidth)
	}
	return usualWidth
}

// say prints a text, wrapped where the terminal ends.
func (s *installer) say(format string, args ...any) {
	fmt.Fprintln(s.out, wrapped(fmt.Sprintf(format, args...), s.width()))
}

func wrapped(text string, width int) string {
	var b strings.Builder
	column := 0
	for i, word := range strings.Split(text, " ") {
		first, _, broken := strings.Cut(word, "\n")
		switch n := utf8.RuneCountInString(first); {
		case i == 0:
		case column+1+n < width:
			b.WriteByte(' ')
			column++
		default:
			b.WriteString("\n  ")
			column = 2
		}
		b.WriteString(word)
		if broken {
			column = utf8.RuneCountInString(word[strings.LastIndexByte(word, '\n')+1:])
		} else {
			column += utf8.RuneCountInString(word)
		}
	}
	return b.String()
}

// tell says what only a person who is asked needs to know.
func (s *installer) tell(format string, args ...any) {
	if !s.yes {
		s.say(format, args...)
	}
}

func (s *installer) door(ctx context.Context) error {
	s.tell("\nThe door. Enter takes what is in brackets; Ctrl-C breaks off and leaves nothing.")
	d := &s.cfg.Door
	for _, q := range []question{
		{flag: "name", text: "  Its name, in texts", usual: cmp.Or(d.Name, "Front door"), keys: []string{"door.name"},
			set: func(a string) { d.Name = a }},
		{flag: "id", text: "  Its id, in MQTT topics", usual: cmp.Or(d.ID, "front"), keys: []string{"door.id"},
			set: func(a string) { d.ID = a }},
		{flag: "listen", text: "  Pages for a screen at the door, as 127.0.0.1:8080, or none", usual: s.cfg.Web.Listen, optional: true,
			keys: []string{"web.listen"}, set: func(a string) { s.cfg.Web.Listen = a }},
	} {
		if err := s.ask(ctx, q); err != nil {
			return err
		}
	}
	return nil
}
