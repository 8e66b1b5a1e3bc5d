package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"latchd/board"
	"latchd/configs"
	"latchd/mqtt"
	"latchd/sms"
)

func newCheck() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Check the configuration, the secrets and the lines",
		Long: `Checks what can be wrong before a start, in the order in which it would bite: the file, the secrets, the pages'
certificate, the board's lines, the journal's folder. It takes no line. Prints a line a finding: ok, warn or fail, and what to do.

With --live it also signs in to Twilio and at each broker, and looks whether the sender is yours and can reach the owners.
It sends no text, publishes nothing, and leaves a door at work alone.

With --text it sends a test text to an owner, which Twilio bills, and tells what became of it. It asks first.`,
		Args: usage(cobra.NoArgs),
	}
	path := configFlag(cmd)
	live := cmd.Flags().Bool("live", false, "sign in to Twilio and the broker; sends no text")
	text := cmd.Flags().String("text", "", "send one test text to the owner of that `NAME`")
	yes := cmd.Flags().Bool("yes", false, "send it without asking")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if *text != "" && !*yes && !isTerminal(cmd.InOrStdin()) {
			return fmt.Errorf("%w: --text asks before it sends, and there is no terminal to ask on: add --yes", errUsage)
		}
		r, secrets := &report{out: cmd.OutOrStdout()}, readable(configs.SecretPath(""))
		r.check(*path, secrets)
		if *live && r.cfg != nil {
			r.live(cmd.Context(), secrets)
		}
		if *text != "" && r.cfg != nil {
			agreed := func(question string) bool { return *yes || ask(cmd, question) }
			r.text(cmd.Context(), *text, agreed)
		}
		if r.err == nil && r.failed {
			return errTold
		}
		return r.err
	}
	return cmd
}

// report prints findings and remembers whether any was a failure.
type report struct {
	out    io.Writer
	cfg    *configs.Config // nil when it is at fault
	texts  *sms.Client     // nil when there is nothing to sign in with
	failed bool
	err    error // of the writing
}

func (r *report) ok(format string, args ...any)   { r.line("ok", format, args...) }
func (r *report) warn(format string, args ...any) { r.line("warn", format, args...) }
func (r *report) fail(format string, args ...any) {
	r.failed = true
	r.line("fail", format, args...)
}

func (r *report) line(verdict, format string, args ...any) {
	_, err := fmt.Fprintf(r.out, "%-4s  %s\n", verdict, strings.ReplaceAll(fmt.Sprintf(format, args...), "\n", "; "))
	r.err = errors.Join(r.err, err)
}

func (r *report) check(path string, secrets configs.Secrets) {
	cfg, err := configs.Load(path)
	var faults configs.Faults
	switch {
	case errors.As(err, &faults):
		for _, f := range faults {
			r.fail("%s", f)
		}
		return
	case err != nil:
		r.fail("%v", err)
		return
	}
	r.cfg = cfg
	r.ok("configuration: %s", path)
	for _, w := range warnings(cfg) {
		r.warn("%s", w)
	}
	r.estimate()
	if secret, ok := r.secret(secrets, configs.TwilioAuthToken, "Twilio"); ok {
		if r.texts, err = sms.New(textOptions(cfg, cfg, secret, nil)); err != nil {
			r.texts = nil
			r.fail("texts: %v", err)
		}
	}
	if cfg.MQTT.Username != "" {
		r.secret(secrets, configs.MQTTPassword, "the broker")
	}
	r.offline(cfg, secrets)
	if cfg.MQTT.CA+cfg.MQTT.Cert+cfg.MQTT.Key != "" {
		if _, err := mqtt.TLSConfig(cfg.MQTT.CA, cfg.MQTT.Cert, cfg.MQTT.Key); err != nil {
			r.fail("mqtt: %v", err)
		} else {
			r.ok("mqtt: certificates can be read")
		}
	}
	r.pages(cfg)
	r.lines(cfg)
	r.folder(cfg.Journal.Path)
}

func (r *report) secret(secrets configs.Secrets, name, whose string) (secret configs.Secret, ok bool) {
	secret, source, err := secrets.Find(name)
	if err != nil {
		r.fail("secret of %s: %v", whose, err)
		return secret, false
	}
	r.ok("secret of %s: found in %s", whose, source)
	return secret, true
}

func (r *report) lines(cfg *configs.Config) {
	if cfg.Board.Driver == "sim" {
		r.ok("board: simulated, every line is there")
		return
	}
	names := slices.Concat([]string{cfg.Strike.Line}, cfg.Keypad.Rows, cfg.Keypad.Cols)
	for _, name := range []string{cfg.Bell.Line, cfg.Exit.Line, cfg.Contact.Line, cfg.Tamper.Line, cfg.Feedback.Green,
		cfg.Feedback.Red, cfg.Feedback.Buzzer} {
		if name != "" {
			names = append(names, name)
		}
	}
	chip, faults, err := board.Survey(cfg.Board.Chip, names)
	if err != nil {
		r.fail("board: %v", err)
		return
	}
	own, bad := 0, 0
	for _, fault := range faults {
		switch {
		case fault == nil:
		case errors.Is(fault, board.ErrBusy) && strings.Contains(fault.Error(), `held by "latchd`):
			own++
		default:
			bad++
			r.fail("board: %v", fault)
		}
	}
	switch {
	case own > 0:
		r.warn("board: a running latchd holds %d of the %d lines on %s: stop it to see whether others want them", own, len(names), chip)
	case bad == 0:
		r.ok("board: all %d lines are on %s and free", len(names), chip)
	}
}

// folder looks whether the journal's folder is there and can be written, or could be made.
func (r *report) folder(dir string) {
	at := dir
	info, err := os.Stat(at)
	for (errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ENOTDIR)) && at != filepath.Dir(at) {
		at = filepath.Dir(at)
		info, err = os.Stat(at)
	}
	switch {
	case err != nil:
		r.fail("journal: %v", err)
	case !info.IsDir():
		r.fail("journal: %s is not a folder: set journal.path to one", at)
	case unix.Access(at, unix.W_OK|unix.X_OK) != nil:
		r.fail("journal: %s cannot be written by this user: run as the daemon's user, or give it the folder", at)
	default:
		r.ok("journal: %s", dir)
	}
}
