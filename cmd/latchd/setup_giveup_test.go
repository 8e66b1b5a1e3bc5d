package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// endless reads as the same text for ever.
type endless string

func (e endless) Read(p []byte) (int, error) { return copy(p, e), nil }

func TestAQuestionWithoutAUsableAnswerIsGivenUpAndNothingIsWritten(t *testing.T) {
	t.Parallel()
	const (
		door   = "--driver sim --socket none --name Side --id side --strike-line GPIO17 "
		strike = door + "--strike-active high "
		pad    = strike + "--listen none --rows GPIO5,GPIO6,GPIO13,GPIO19 --cols GPIO16,GPIO20,GPIO21 --keys 123,456,789,*0# "
		fitted = strike + "--listen 127.0.0.1:8080 --rows none --bell none --exit none --contact none --tamper none " +
			"--green none --red none --buzzer none "
		account = fitted + "--account-sid AC0123456789abcdef0123456789abcdef --api-key-sid none --from +15005550006 "
		secret  = account + "--twilio-secret-file token "
		all     = secret + "--owner Ada=+15557654321 --broker tcp://127.0.0.1:1883 --mqtt-user none "
	)
	for _, c := range []struct {
		name, types, args, want string
	}{
		{"a choice without a default", "\n", door + "--listen none",
			"3 tries: Is the strike locked now: allowed: yes, no, skip: start again, or answer with --strike-line and --strike-active"},
		{"answers that differ", "GPIO90\nGPIO91\n", strings.Replace(door, "--strike-line GPIO17", "--listen none", 1), "10 tries: The line of its relay: "},
		{"keys that are never pressed", "\n", strike + "--listen none", "10 tries: the keypad: nothing is seen of the row 1 2 3"},
		{"a bell that there must be", "none\n", pad, "3 tries: Press the bell: "},
		{"an account", "\n", fitted, "3 tries: Account SID, AC...: "},
		{"a secret", "\n", account, "3 tries: the auth token: allowed: one line that is neither empty nor too long: start again, or answer with --twilio-secret-file"},
		{"an owner's name", "\n", secret, "3 tries: Name: "},
		{"an owner's number", "Ada\n", secret, "3 tries: Number of the phone, as +15557654321: "},
		{"the last word", "maybe\n", all, "3 tries: Write this: allowed: yes, no: start again, or answer with --yes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			token := filepath.Join(dir, "token")
			if err := os.WriteFile(token, []byte("sesame0secret0token"), 0o600); err != nil {
				t.Fatal(err)
			}
			args := append(strings.Fields(c.args), "--config", filepath.Join(dir, "latchd.toml"), "--secrets", dir, "--drop-in", filepath.Join(dir, "drop.conf"))
			if i := slices.Index(args, "token"); i >= 0 {
				args[i] = token
			}
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			cmd := newSetup()
			cmd.SetIn(endless(c.types))
			cmd.SetOut(io.Discard)
			cmd.SilenceErrors, cmd.SilenceUsage = true, true
			cmd.SetArgs(args)
			err := cmd.ExecuteContext(ctx)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasSuffix(err.Error(), "nothing has been written") {
				t.Errorf("it ended with %v,\nwant %s", err, c.want)
			}
			if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
				t.Errorf("%v, %v: want the token alone", files, err)
			}
		})
	}
}
