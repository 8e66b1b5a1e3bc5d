package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"latchd/configs"
	"latchd/daemon"
	"latchd/mqtt"
	"latchd/sms"
)

func newCheck() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Check the configuration, the secrets and the lines",
		Long: `Checks what can be wrong before a start, in the order in which it would bite: the file, the board's lines, the journal's
folder, the clock, the broker, the texts, the pages. It takes no line. Prints a line a finding: ok, warn or fail, and what to do.

Run as root for the installed door, it looks with the service's eyes: what its user may read, and what its unit hides from it; whether it is at work and starts at boot, and what has changed since it started.

With a folder in --config it checks every door's file below it, and whether two say what no two may: files alone, no line,
secret or journal, so that it runs anywhere.

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
		if isFolder(*path) {
			if *live || *text != "" {
				return fmt.Errorf("%w: --live and --text are for one door's file, and %s is a folder", errUsage, *path)
			}
			return checkFolder(cmd.OutOrStdout(), *path)
		}
		r, secrets := &report{out: cmd.OutOrStdout()}, readable(configs.SecretPath(""))
		r.check(*path, secrets)
		r.daemon(cmd.Context(), *path)
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
	out     io.Writer
	service *service        // nil: with the eyes of who runs this
	cfg     *configs.Config // nil when it is at fault
	texts   *sms.Client     // nil when there is nothing to sign in with
	failed  bool
	err     error // of the writing
}

func (r *report) ok(format string, args ...any)   { r.line("ok", format, args...) }
func (r *report) warn(format string, args ...any) { r.line("warn", format, args...) }
func (r *report) fail(format string, args ...any) {
	r.failed = true
	r.line("fail", format, args...)
}

func (r *report) line(verdict, format string, args ...any) {
	name, said := fmt.Sprintf("%-4s  ", verdict), strings.ReplaceAll(fmt.Sprintf(format, args...), "\n", "; ")
	finding := name + said + "\n"
	if width := columns(r.out); width > 0 {
		finding = hang(name, said, width)
	}
	_, err := io.WriteString(r.out, finding)
	r.err = errors.Join(r.err, err)
}

func (r *report) check(path string, secrets configs.Secrets) {
	if r.service == nil {
		r.service = serviceOf(path)
	}
	r.reads("configuration", path)
	cfg, err := configs.Load(path)
	var faults configs.Faults
	if errors.As(err, &faults) {
		cfg, faults, err = configs.LoadWhatReads(path)
	}
	if err != nil {
		r.fail("%v", err)
		return
	}
	for _, f := range faults {
		r.fail("%s", f)
	}
	sound := len(faults) == 0
	if cfg.Include != "" {
		r.reads("configuration", beside(path, cfg.Include))
	}
	if sound {
		r.cfg = cfg
		r.ok("configuration: %s", path)
		for _, w := range warnings(cfg) {
			r.warn("%s", w)
		}
	}
	d := doubts(faults)
	d.look("the lines", func() { r.lines(cfg) }, wiredTables...)
	d.look("the journal", func() { r.folder(cfg.Journal.Path) }, "journal")
	now, set := daemon.WallClock()
	r.clock(cfg, now, set, clockSynced())
	d.look("the broker", func() { r.broker(cfg, secrets) }, "mqtt")
	if sound {
		r.estimate()
	}
	if secret, ok := r.secret(secrets, configs.TwilioAuthToken, "Twilio"); ok && sound {
		if r.texts, err = sms.New(textOptions(cfg, cfg, secret, nil)); err != nil {
			r.texts = nil
			r.fail("texts: %v", err)
		}
	}
	d.look("the offline code", func() { r.offline(cfg, secrets) }, "offline")
	d.look("the pages", func() { r.pages(cfg) }, "web", "journal")
	if !sound {
		r.line("", "%s: looked at once the file is right", strings.Join(append(d.left, "the texts"), ", "))
	}
}

// beside is a file's path, which may be told from the folder of another.
func beside(other, file string) string {
	if filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(filepath.Dir(other), file)
}

// broker looks at what the door signs in with at the broker.
func (r *report) broker(cfg *configs.Config, secrets configs.Secrets) {
	m := cfg.MQTT
	if m.CA+m.Cert+m.Key != "" {
		c, err := mqtt.TLSConfig(m.CA, m.Cert, m.Key)
		switch {
		case err != nil:
			r.fail("mqtt: %v", err)
		case len(c.Certificates) > 0:
			r.lasts("mqtt", "the client's certificate can be read", c.Certificates[0].Leaf)
		default:
			r.ok("mqtt: the authorities' certificates can be read")
		}
		r.authorities(m.CA)
		for _, file := range []string{m.CA, m.Cert, m.Key} {
			r.reads("mqtt", file)
		}
	}
	if m.Username != "" {
		r.secret(secrets, configs.MQTTPassword, "the broker")
	}
}

func (r *report) secret(secrets configs.Secrets, name, whose string) (secret configs.Secret, ok bool) {
	secret, source, err := secrets.Find(name)
	if err != nil {
		r.fail("secret of %s: %v", whose, err)
		return secret, false
	}
	r.ok("secret of %s: found in %s", whose, source)
	r.gets("secret of "+whose, name, source)
	return secret, true
}
