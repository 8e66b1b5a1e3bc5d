package signin

import (
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestPardon(t *testing.T) {
	for _, tt := range []struct {
		name   string
		pardon func(r *rig)
	}{
		{"by an owner who is signed in", func(r *rig) { r.Pardon() }},
		{"by a file, for who has nobody to ask", func(r *rig) {
			if err := os.WriteFile(r.path(PardonFile), nil, 0o600); err != nil {
				r.t.Fatal(err)
			}
			<-time.After(lookEvery)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				guess := func(phone string) {
					for range rules.Attempts {
						r.Verify(phone, "000000")
					}
				}
				level := func(owner string) int {
					r.Desk.mu.Lock()
					defer r.Desk.mu.Unlock()
					return r.account(owner).tries.Level()
				}
				guess(ada)
				<-time.After(rules.Lockout)
				guess(ada)
				guess(grace)
				r.Verify(grace, "000000")
				if !r.standing(Lockout) || level("Ada") != 2 {
					t.Fatalf("level %d", level("Ada"))
				}
				tt.pardon(r)
				if r.standing(Lockout) || level("Ada") != 1 || level("Grace") != 0 {
					t.Errorf("levels %d and %d", level("Ada"), level("Grace"))
				}
				if _, err := r.Verify(ada, r.code("Ada", ada)); err != nil {
					t.Error(err)
				}
				r.cut()
				if r.standing(Lockout) {
					t.Error("a restart takes the pardon back")
				}
				if _, err := os.Stat(r.path(PardonFile)); err == nil {
					t.Error("the file is left for the next lockout")
				}
				r.Pardon()
				if level("Ada") != 1 {
					t.Error("a pardon without a lockout lowers the level")
				}
			})
		})
	}
}

// TestTheFaultNamesNobody: whoever sees the panel must not learn whose number was tried.
func TestTheFaultNamesNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		for range rules.Attempts {
			r.Verify(ada, "000000")
		}
		if !r.standing(Lockout) {
			t.Fatal("no fault")
		}
		r.stop()
		f := r.faults[Lockout]
		if text := f.Detail + f.Hint; f.Part != Part || f.Detail == "" || strings.Contains(text, "Ada") || strings.Contains(text, "5555") {
			t.Errorf("%+v", f)
		}
		if n := strings.Count(r.log.String(), "owner=Ada"); n != 1 {
			t.Errorf("the log names the owner %d times", n)
		}
	})
}
