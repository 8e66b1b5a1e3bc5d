package signin

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"latchd/lock"
)

func TestParsePhone(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"as it is kept", "+15557654321", "+15557654321"},
		{"as people write it", " +1 (555) 765-43.21 ", "+15557654321"},
		{"with other spaces and dashes", "+1\u00a0555\u2013765\u20114321", "+15557654321"},
		{"with 00", "0015557654321", "+15557654321"},
		{"a form's plus, which is a space", " 15557654321", "+15557654321"},
		{"seven digits", "1234567", "+1234567"},
		{"fifteen digits", "123456789012345", "+123456789012345"},
		{"six digits", "123456", ""},
		{"sixteen digits", "1234567890123456", ""},
		{"a national number", "0555 7654321", ""},
		{"nothing", "", ""},
		{"letters", "+1555LATCHD0", ""},
		{"two plus signs", "++15557654321", ""},
		{"other scripts' digits", "+١٥٥٥٧٦٥٤٣٢١", ""},
		{"as it is copied out of a phone", "\u202a+1 555 765\u20114321\u202c", "+15557654321"},
		{"a line break in between", "+1555\n7654321", "+15557654321"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := parsePhone(tt.in)
			if p.Reveal() != tt.want || (err == nil) != (tt.want != "") {
				t.Errorf("%v, %v", p, err)
			}
		})
	}
}

func TestSignInCodes(t *testing.T) {
	for _, tt := range []struct {
		name string
		want error
		try  func(r *rig) (string, error)
	}{
		{"the texted code signs in", nil, func(r *rig) (string, error) { return r.Verify(ada, r.code("Ada", ada)) }},
		{"with spaces around it, too", nil, func(r *rig) (string, error) { return r.Verify("+1 555 7654321", " "+r.code("Ada", ada)+"\n") }},
		{"a wrong code does not", ErrCode, func(r *rig) (string, error) { return r.Verify(ada, wrong(r.code("Ada", ada))) }},
		{"nor the right one after its life", ErrCode, func(r *rig) (string, error) {
			code := r.code("Ada", ada)
			<-time.After(rules.TTL)
			return r.Verify(ada, code)
		}},
		{"nor a second time", ErrCode, func(r *rig) (string, error) {
			code := r.code("Ada", ada)
			r.Verify(ada, code)
			return r.Verify(ada, code)
		}},
		{"nor one that a newer one replaced", ErrCode, func(r *rig) (string, error) {
			code := r.code("Ada", ada)
			<-time.After(rules.MinGap)
			r.code("Ada", ada)
			return r.Verify(ada, code)
		}},
		{"nor another owner's", ErrCode, func(r *rig) (string, error) { return r.Verify(grace, r.code("Ada", ada)) }},
		{"nor where none was asked for", ErrCode, func(r *rig) (string, error) { return r.Verify(ada, "123456") }},
		{"nor nothing", ErrCode, func(r *rig) (string, error) { r.code("Ada", ada); return r.Verify(ada, "") }},
		{"nor a stranger", ErrCode, func(r *rig) (string, error) { return r.Verify(stranger, r.code("Ada", ada)) }},
		{"nor who names no number", ErrCode, func(r *rig) (string, error) { return r.Verify("Ada", r.code("Ada", ada)) }},
		{"nor after the number has changed", ErrCode, func(r *rig) (string, error) {
			code := r.code("Ada", ada)
			r.Change([]Owner{{"Ada", stranger}}, rules)
			return r.Verify(stranger, code)
		}},
		{"nor does the right one in a lockout", ErrCode, func(r *rig) (string, error) {
			code := r.code("Ada", ada)
			for range rules.Attempts {
				r.Verify(ada, wrong(code))
			}
			return r.Verify(ada, code)
		}},
		{"it does once the lockout is over", nil, func(r *rig) (string, error) {
			code := r.code("Ada", ada)
			for range rules.Attempts {
				r.Verify(ada, wrong(code))
			}
			<-time.After(rules.Lockout)
			return r.Verify(ada, code)
		}},
		{"and for Grace while Ada is locked out", nil, func(r *rig) (string, error) {
			for range rules.Attempts {
				r.Verify(ada, "000000")
			}
			return r.Verify(grace, r.code("Grace", grace))
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				secret, err := tt.try(newRig(t))
				if err != tt.want || (secret != "") != (err == nil) {
					t.Errorf("%v", err)
				}
			})
		})
	}
}

// TestStrangers: FAULTS "unknown phone: same answer, no text".
func TestStrangers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		synctest.Wait()
		before, err := os.Stat(r.path(sessionsFile))
		if err != nil {
			t.Fatal(err)
		}
		for range 100 {
			if err := r.Ask(stranger); err != nil {
				t.Fatalf("a stranger hears %v", err)
			}
			if _, err := r.Verify(stranger, "123456"); err != ErrCode {
				t.Fatalf("a stranger hears %v", err)
			}
			synctest.Wait()
		}
		if len(r.codes) != 0 {
			t.Error("a stranger got a text")
		}
		if after, err := os.Stat(r.path(sessionsFile)); err != nil || !after.ModTime().Equal(before.ModTime()) {
			t.Error("strangers wear the disk out")
		}
		if err := r.Ask("Ada"); err != ErrPhone {
			t.Errorf("no number: %v", err)
		}
		if r.standing(Lockout) {
			t.Error("strangers lock somebody out")
		}
	})
}

func TestBudgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		texts := func(tries int, every time.Duration) (n int) {
			for range tries {
				if r.code("Ada", ada) != "" {
					n++
				}
				<-time.After(every)
			}
			return n
		}
		if n := texts(3, rules.MinGap/2); n != 2 {
			t.Errorf("%d texts in 45 s, want 2: the gap", n)
		}
		if n := texts(10, time.Minute); n != 3 {
			t.Errorf("%d more in the hour, want 3", n)
		}
		if r.code("Grace", grace) == "" {
			t.Error("Grace pays for Ada")
		}
		r.restart()
		if r.code("Ada", ada) != "" {
			t.Error("a restart refills the budget")
		}
		<-time.After(time.Hour)
		if n := texts(10, time.Minute); n != 3 {
			t.Errorf("%d more in the day, want 3", n)
		}
		<-time.After(24 * time.Hour)
		if r.code("Ada", ada) == "" {
			t.Error("no text on the next day")
		}
	})
}

func TestCodesHaveSixDigitsAtLeast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		short := rules
		short.Digits = 4
		r.Change(owners, short)
		if n := len(r.code("Ada", ada)); n != 6 {
			t.Errorf("%d digits", n)
		}
	})
}

// TestLockout: FAULTS "sign-in guessed: own lockout"; it is served in full through restarts.
func TestLockout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		guess := func(n int) {
			for range n {
				r.Verify(ada, "000000")
			}
		}
		out := func() bool { r.Desk.mu.Lock(); defer r.Desk.mu.Unlock(); return r.account("Ada").tries.Out() }
		guess(1)
		r.code("Ada", ada)
		guess(1)
		r.restart()
		guess(1)
		if !out() || !r.standing(Lockout) {
			t.Fatal("a new code or a restart forgets the wrong ones")
		}
		<-time.After(40 * time.Second)
		if r.code("Ada", ada) != "" {
			t.Error("a code is texted in a lockout")
		}
		guess(50) // change nothing
		r.restart()
		<-time.After(19 * time.Second)
		if !out() {
			t.Error("the lockout is over too early")
		}
		<-time.After(time.Second)
		r.Verify(grace, "000000") // time passes at each look
		<-time.After(lookEvery)
		if out() || r.standing(Lockout) {
			t.Error("the lockout is not over in time")
		}
		guess(3)
		<-time.After(2*rules.Lockout - time.Second)
		if !out() {
			t.Error("the second lockout is no longer than the first")
		}
	})
}

func TestALockoutIsServedOnThroughAPowerCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		long := rules
		long.Lockout = 10 * time.Minute
		r.Change(owners, long)
		for range rules.Attempts {
			r.Verify(ada, "000000")
		}
		<-time.After(5 * time.Minute)
		synctest.Wait()
		r.cut()
		if !r.standing(Lockout) {
			t.Error("a power cut ends the lockout")
		}
		<-time.After(4 * time.Minute)
		if !r.standing(Lockout) {
			t.Error("a power cut shortens the lockout")
		}
		<-time.After(2*time.Minute + lookEvery)
		if r.standing(Lockout) {
			t.Error("a power cut prolongs the lockout by more than a minute")
		}
	})
}

func TestARightCodeForgetsTheWrongOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		for range 4 {
			code := r.code("Ada", ada)
			r.Verify(ada, wrong(code))
			r.Verify(ada, wrong(code))
			if _, err := r.Verify(ada, code); err != nil {
				t.Fatal(err)
			}
			<-time.After(rules.MinGap)
		}
	})
}

func TestDamagedFiles(t *testing.T) {
	for _, tt := range []struct{ name, file, text string }{
		{"sessions are torn", sessionsFile, `{"Version":1,"Owners":{"Ada":{"failures":`},
		{"sessions are empty", sessionsFile, ``},
		{"sessions are another program's", sessionsFile, `{"Version":2}`},
		{"sessions are of another shape", sessionsFile, `{"Version":1,"Sessions":[{"Token":"abc"}]}`},
		{"clients are torn", clientsFile, `{"Version":1,"Clients":[`},
		{"users are null", usersFile, `null`},
		{"users are huge", usersFile, `{"Version":1,"Users":{"` + strings.Repeat("x", 2<<20) + `":{}}}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				r.stop()
				if err := os.WriteFile(r.path(tt.file), []byte(tt.text), 0o600); err != nil {
					t.Fatal(err)
				}
				r.open()
				if !r.standing(Damaged) {
					t.Error("nobody is told")
				}
				if tt.file == sessionsFile {
					r.cut() // the next run knows of nothing but the level
				}
				if aside, _ := filepath.Glob(r.path(tt.file) + ".damaged-*"); len(aside) != 1 {
					t.Errorf("set aside: %v", aside)
				}
				for range rules.Attempts {
					r.Verify(ada, "000000")
				}
				<-time.After(rules.LockoutMax - lookEvery)
				if !r.standing(Lockout) {
					t.Error("the lockout is not the longest")
				}
				<-time.After(24 * time.Hour)
				if r.standing(Damaged) || r.standing(Lockout) {
					t.Error("a fault stands for ever")
				}
				r.secret()
			})
		})
	}
}

func TestADiskThatCannotBeWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		_, s := r.enter()
		synctest.Wait()
		gone := r.dir + ".gone"
		if err := os.Rename(r.dir, gone); err != nil {
			t.Fatal(err)
		}
		if found, err := r.Revoke(s.ID); !found || err != ErrNotKept || !r.standing(Unwritable) {
			t.Fatalf("told: %v", r.faults)
		}
		token, _, err := r.Enter(ada, r.secret(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Browser(token); err != nil {
			t.Error("nobody can sign in without a disk")
		}
		for range rules.Attempts {
			r.Verify(ada, "000000")
		}
		<-time.After(rules.LockoutMax - lookEvery)
		if !r.standing(Lockout) {
			t.Error("the lockout is not the longest")
		}
		if err := os.Rename(gone, r.dir); err != nil {
			t.Fatal(err)
		}
		<-time.After(lookEvery)
		if r.standing(Unwritable) {
			t.Error("the fault stands for ever")
		}
		r.restart()
		if _, err := r.Browser(token); err != nil {
			t.Error("what could not be written is not written later")
		}
	})
}

// TestNothingSecretIsKeptInClear works everything once, and looks at the log and the files.
func TestNothingSecretIsKeptInClear(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		long := rules
		long.Digits = 10 // six may stand in a time by chance
		r.Change(owners, long)
		code := r.code("Ada", ada)
		secret, err := r.Verify(ada, code)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Complete(secret, User{FirstName: "Ada", Account: map[string]any{"phone": ada, "floor": 2.0}}, true); err != nil {
			t.Fatal(err)
		}
		cookie, s, err := r.Enter(ada, secret, "127.0.0.1", "a browser")
		if err != nil {
			t.Fatal(err)
		}
		c := r.client("one")
		first := c.signIn()
		second := c.refresh(first.Refresh)
		c.refresh(first.Refresh)
		c.ask("grant_type", "otp", "phone", ada, "secret_identifier", secret)
		for range rules.Attempts {
			r.Verify(ada, wrong(code))
		}
		var faults []lock.Fault
		r.standing(Lockout)
		r.stop()
		for _, f := range r.faults {
			faults = append(faults, f)
		}
		text := r.log.String()
		for _, f := range faults {
			text += f.Detail + f.Hint
		}
		files, _ := os.ReadDir(r.dir)
		for _, f := range files {
			info, err := f.Info()
			if err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s: mode %v, %v", f.Name(), info.Mode(), err)
			}
			body, _ := os.ReadFile(r.path(f.Name()))
			text += string(body)
		}
		if len(files) != 3 || !strings.Contains(text, s.ID) || !strings.Contains(text, "Ada") {
			t.Errorf("%d files; is this the right text?", len(files))
		}
		for i, hidden := range []string{code, wrong(code), secret, cookie, c.secret, first.Access, first.Refresh, second.Access, second.Refresh,
			second.Refresh[:half], second.Refresh[half:], ada[1:], grace[1:]} {
			if len(hidden) < 10 || strings.Contains(text, hidden) {
				t.Errorf("secret %d stands in clear", i)
			}
		}
		for _, err := range []error{ErrPhone, ErrCode, ErrSecret, ErrToken} {
			if errors.Unwrap(err) != nil {
				t.Errorf("%v says more than it should", err)
			}
		}
		if slices.ContainsFunc(files, func(f os.DirEntry) bool { return strings.HasPrefix(f.Name(), ".") }) {
			t.Error("a temporary file is left")
		}
	})
}
