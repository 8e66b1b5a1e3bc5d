package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"latchd/configs"
	"latchd/lock"
	"latchd/sms"
)

// segments returns in how many segments a text of this door goes out, and the character that makes it more, if one does.
func segments(cfg *configs.Config) (n int, forcing rune, err error) {
	body, err := textOptions(cfg, cfg, configs.Secret{}, nil).Sample(cfg.Code.Digits, time.Duration(cfg.Code.TTL))
	if err != nil {
		return 0, 0, err
	}
	n, forcing = sms.Segments(body)
	return n, forcing, nil
}

// textWarning warns of texts that are billed more than once; "" when they are not.
func textWarning(cfg *configs.Config) string {
	n, forcing, err := segments(cfg)
	switch {
	case err != nil || n == 1: // what is wrong with the body is told elsewhere
		return ""
	case forcing != 0:
		return fmt.Sprintf("texts.body: a text takes %d segments, each billed by Twilio: with %q (%U) in it one holds 70 characters, without 160",
			n, forcing, forcing)
	}
	return fmt.Sprintf("texts.body: a text takes %d segments, each billed by Twilio: one holds 160 characters, of which ^{}\\[~]|€ count two", n)
}

// estimate says how many texts the door may send. Their price is Twilio's, and changes with country and time.
func (r *report) estimate() {
	n, _, err := segments(r.cfg)
	if err != nil {
		return
	}
	t := r.cfg.Texts
	day := min(t.PerDay, 24*t.PerHour)
	ring := min(len(r.cfg.Owner), day, t.PerHour)
	calls := ""
	if r.cfg.Twilio.VoiceFallback {
		calls = "; and a call for each text that does not arrive, billed too"
	}
	if r.cfg.Web.Console && r.cfg.Web.Listen != "" {
		calls += "; and up to " + count(day*len(r.cfg.Owner), "text") + " a day for signing in at the console"
	}
	r.ok("texts: a ring sends up to %s of %s; the budget allows %s a day, %d in 31 days, each billed by Twilio%s",
		count(ring, "text"), count(n, "segment"), count(day*n, "segment"), 31*day*n, calls)
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// text sends one owner a test text, if that is agreed to, and tells what became of it.
func (r *report) text(ctx context.Context, name string, agreed func(question string) bool) {
	i := slices.IndexFunc(r.cfg.Owner, func(o configs.Owner) bool { return o.Name == name })
	switch {
	case i < 0:
		var names []string
		for _, o := range r.cfg.Owner {
			names = append(names, o.Name)
		}
		r.fail("text: no owner is called %q: there are %s", name, strings.Join(names, ", "))
		return
	case r.failed:
		r.fail("text: not sent: mend what failed first")
		return
	}
	whom := fmt.Sprintf("%s (%s)", name, r.cfg.Owner[i].Phone)
	if !agreed("Send a test text to " + whom + "? Twilio bills it as any other; what becomes of it is known within a minute.") {
		r.ok("text to %s: not sent", whom)
		return
	}
	news := r.texts.TestText(ctx, name)
	var why strings.Builder
	why.WriteString(news.Detail)
	if news.Code != 0 {
		fmt.Fprintf(&why, " (Twilio's code %d)", news.Code)
	}
	if news.Hint != "" {
		why.WriteString(": " + news.Hint)
	}
	switch {
	case news.State == lock.Delivered:
		r.ok("text to %s: delivered", whom)
	case news.State == lock.Failed:
		r.fail("text to %s: %s", whom, &why)
	case news.Detail != "":
		r.warn("text to %s: Twilio took it; %s", whom, &why)
	default:
		r.warn("text to %s: Twilio took it, and within a minute did not hear that it arrived: look at the phone, and ask the carrier", whom)
	}
}

func isTerminal(in any) bool {
	f, ok := in.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// ask puts a question on the terminal. Only y and yes agree.
func ask(cmd *cobra.Command, question string) bool {
	fmt.Fprint(cmd.ErrOrStderr(), question+" [y/N] ")
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(cmd.InOrStdin()).ReadString('\n')
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case a := <-answer:
		return a == "y" || a == "yes"
	case <-cmd.Context().Done():
		return false
	}
}
