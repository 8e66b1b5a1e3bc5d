package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"latchd/configs"
	"latchd/otp"
)

func newOffline() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "offline",
		Short: "Set up codes for when no text arrives",
		Args:  usage(cobra.NoArgs),
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newEnroll())
	return cmd
}

func newEnroll() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "enroll",
		Short: "Share a new secret with an authenticator app",
		Long: `Makes a secret and shows it as a QR code for an authenticator app, asks for a code of the app to prove that it
works, and writes the secret's file, readable by its owner alone. Broken off before that, it leaves nothing. Codes of the
app then open the door when [offline] says so, after a restart.`,
		Example: "  sudo latchd offline enroll",
		Args:    usage(cobra.NoArgs),
	}
	config := configFlag(cmd)
	secret := cmd.Flags().String("secret", configs.SecretPath(configs.OfflineCode), "the secret's `FILE`")
	replace := cmd.Flags().Bool("replace", false, "make a new secret in the place of the old one, which then opens nothing more")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cfg, err := configs.Load(*config)
		if err != nil {
			return err
		}
		if !cfg.Code.FitsApps() {
			return fmt.Errorf("enroll an app: code.digits in %s is %d, and apps show 6 to 8: set it to 6", *config, cfg.Code.Digits)
		}
		e := enrolment{lines: readLines(cmd.Context(), cmd.InOrStdin()), out: cmd.OutOrStdout(), door: cfg.Title(),
			digits: cfg.Code.Digits, path: *secret, replace: *replace}
		if err := e.run(cmd.Context()); err != nil {
			return fmt.Errorf("enroll an app: %w", err)
		}
		if !cfg.Offline.On() {
			fmt.Fprintf(e.out, "Next: under [offline] in %s, set code = \"failing\" (or \"always\"), and\n", *config)
		} else {
			fmt.Fprint(e.out, "Next: ")
		}
		_, err = fmt.Fprintln(e.out, "restart the door: sudo systemctl restart latchd")
		return err
	}
	return cmd
}

// enrolment shares a secret with an app, and writes its file in the end.
type enrolment struct {
	lines   <-chan string // as the owner types them
	out     io.Writer
	door    string
	digits  int
	path    string
	replace bool
}

func (e enrolment) run(ctx context.Context) error {
	if err := e.room(); err != nil {
		return err
	}
	key := otp.NewTOTP()
	if err := e.show(key); err != nil {
		return err
	}
	if err := e.prove(ctx, key); err != nil {
		return fmt.Errorf("%w: nothing has been written", err)
	}
	if err := writeSecret(e.path, key.Reveal()+"\n", e.replace); err != nil {
		return err
	}
	_, err := fmt.Fprintf(e.out, "It works. The secret is in %s; clear this terminal.\n", e.path)
	return err
}

// room says early why the file could not be written.
func (e enrolment) room() error {
	if _, err := os.Lstat(e.path); err == nil && !e.replace {
		return fmt.Errorf("%s is there: an app has this secret already; --replace makes a new one, and the old one opens nothing more", e.path)
	}
	if err := unix.Access(filepath.Dir(e.path), unix.W_OK|unix.X_OK); err != nil {
		return fmt.Errorf("write %s: %w: run this with sudo", e.path, err)
	}
	return nil
}

// show prints the secret for the app, the picture last, so that it is in sight.
func (e enrolment) show(key otp.TOTP) error {
	picture, err := drawQR(keyURI(key, e.door, e.digits))
	if err != nil {
		return err
	}
	secret := key.Reveal()
	var groups []string
	for ; len(secret) > 4; secret = secret[4:] {
		groups = append(groups, secret[:4])
	}
	fmt.Fprintf(e.out, "Scan the picture with an authenticator app, or type this key into it\n(time-based, SHA-1, %d digits, 30 s):\n\n    %s\n\n",
		e.digits, strings.Join(append(groups, secret), " "))
	fmt.Fprint(e.out, "Whoever sees it can open the door whenever offline codes are taken.\n")
	if !clockSynced() {
		fmt.Fprint(e.out, "The clock of this machine is not known to be right (see timedatectl); no code opens until it is.\n")
	}
	_, err = fmt.Fprint(e.out, "\n", picture)
	return err
}

// keyURI returns what an app reads: the key URI format of Google Authenticator, with only what differs from its defaults
// (SHA-1, 6 digits, 30 s), so that the picture stays small.
func keyURI(key otp.TOTP, door string, digits int) string {
	uri := "otpauth://totp/latchd:" + strings.ReplaceAll(url.QueryEscape(door), "+", "%20") + "?secret=" + key.Reveal() + "&issuer=latchd"
	if digits != 6 {
		uri += fmt.Sprintf("&digits=%d", digits)
	}
	return uri
}

// prove asks for codes until one is right.
func (e enrolment) prove(ctx context.Context, key otp.TOTP) error {
	for tries := 1; ; tries++ {
		fmt.Fprint(e.out, "The code that the app shows: ")
		select {
		case <-ctx.Done():
			fmt.Fprintln(e.out)
			return errors.New("broken off")
		case line, ok := <-e.lines:
			if !ok {
				fmt.Fprintln(e.out)
				return errors.New("the input has ended")
			}
			now, code := time.Now(), strings.ReplaceAll(line, " ", "")
			if _, ok := key.Match(now, code, 0); ok && len(code) == e.digits {
				return nil
			}
			fmt.Fprintln(e.out, e.wrong(key, now, code))
			if tries == maxRounds {
				return fmt.Errorf("none of %d codes was right", tries)
			}
		}
	}
}

// wrong says what may be wrong with a code.
func (e enrolment) wrong(key otp.TOTP, now time.Time, code string) string {
	if len(code) != e.digits {
		return fmt.Sprintf("A code has %d digits.", e.digits)
	}
	const span = 24 * time.Hour
	for off := -span; off <= span; off += otp.Period {
		if key.Code(otp.Step(now.Add(off)), e.digits).Reveal() == code {
			way := "ahead of"
			if off < 0 {
				way = "behind"
			}
			return fmt.Sprintf("The app's clock is about %v %s this machine's, which says %s: set the one that is wrong.",
				off.Abs().Round(time.Minute), way, now.Format("15:04:05 MST"))
		}
	}
	return "This is not the app's code for this door. Try the one that it shows now."
}

// readLines hands on what is typed, line by line, until ctx or the input ends.
func readLines(ctx context.Context, in io.Reader) <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(in); s.Scan(); {
			select {
			case lines <- s.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	return lines
}
