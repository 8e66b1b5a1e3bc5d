package otp

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// rfcKey is the secret of the test vectors of both RFCs.
func rfcKey() TOTP {
	key := []byte("12345678901234567890")
	return TOTP{func() []byte { return key }}
}

// TestVectorsOfRFC4226 are those of its appendix D.
func TestVectorsOfRFC4226(t *testing.T) {
	for count, want := range []string{"755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"} {
		if got := rfcKey().Code(int64(count), 6).Reveal(); got != want {
			t.Errorf("count %d: %s, want %s", count, got, want)
		}
	}
}

// TestVectorsOfRFC6238 are those of its appendix B for SHA-1.
func TestVectorsOfRFC6238(t *testing.T) {
	for at, want := range map[int64]string{59: "94287082", 1111111109: "07081804", 1111111111: "14050471", 1234567890: "89005924",
		2000000000: "69279037", 20000000000: "65353130"} {
		if got := rfcKey().Code(Step(time.Unix(at, 0)), 8).Reveal(); got != want {
			t.Errorf("at %d: %s, want %s", at, got, want)
		}
		if step, ok := rfcKey().Match(time.Unix(at, 0), want, 0); !ok || step != at/30 {
			t.Errorf("at %d: matched as step %d, %v", at, step, ok)
		}
	}
}

func TestAPasswordMatchesInItsPeriodAndTheTwoBesideIt(t *testing.T) {
	key, at := NewTOTP(), time.Unix(1_800_000_010, 0) // ten seconds into a period
	for _, n := range []int{6, 7, 8} {
		code := key.Code(Step(at), n).Reveal()
		for off, want := range map[time.Duration]bool{-41 * time.Second: false, -40 * time.Second: true, 0: true, 49 * time.Second: true,
			50 * time.Second: false} {
			// A period further away shows the same digits once in a million; of eight digits, all is told apart.
			if _, ok := key.Match(at.Add(off), code, 0); ok != want && (want || n == 8) {
				t.Errorf("%d digits, %v away: %v, want %v", n, off, ok, want)
			}
		}
	}
	for _, entry := range []string{"", "abcdef"} {
		if _, ok := key.Match(at, entry, 0); ok {
			t.Errorf("%q matched", entry)
		}
	}
	if _, ok := (TOTP{}).Match(at, "123456", 0); ok {
		t.Error("no secret at all matched")
	}
}

// TestNoStepMatchesTwice walks through time, forward and back, with two digits, of which many repeat.
func TestNoStepMatchesTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key, last, used := rfcKey(), int64(0), map[int64]bool{}
		for range 200 {
			at := time.Unix(rapid.Int64Range(3000, 6000).Draw(t, "at"), 0)
			entry := key.Code(Step(at)+rapid.Int64Range(-2, 2).Draw(t, "off"), 2).Reveal()
			step, ok := key.Match(at, entry, last)
			if !ok {
				continue
			}
			if step <= last || used[step] || step < Step(at)-1 || step > Step(at)+1 || key.Code(step, 2).Reveal() != entry {
				t.Fatalf("at step %d, after %d: matched as %d", Step(at), last, step)
			}
			if again, ok := key.Match(at, entry, step); ok {
				t.Fatalf("matched as %d, and again as %d", step, again)
			}
			last, used[step] = step, true
		}
	})
}

func TestASecretIsReadBackAndBadOnesAreRefused(t *testing.T) {
	key := NewTOTP()
	if s := key.Reveal(); len(s) != 32 {
		t.Errorf("160 bits in %d letters", len(s))
	}
	same, err := ParseTOTP(key.Reveal())
	if err != nil || same.Reveal() != key.Reveal() {
		t.Errorf("read back as another one, %v", err)
	}
	if rfc, err := ParseTOTP("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"); err != nil || rfc.Reveal() != rfcKey().Reveal() {
		t.Errorf("the RFC's: %v", err)
	}
	for s, want := range map[string]string{
		"":                                 "0 bits are too few: at least 128",
		"GEZDGNBVGY3TQOJQGEZDGNBV":         "120 bits are too few: at least 128",
		"GEZDGNBVGY3TQOJQGEZDGNBVG0":       "not base32",
		"gezdgnbvgy3tqojqgezdgnbvgy":       "not base32",
		"GEZDGNBVGY3TQOJQGEZDGNBVGY======": "not base32",
	} {
		if _, err := ParseTOTP(s); err == nil || !strings.Contains(err.Error(), want) || s != "" && strings.Contains(err.Error(), s) {
			t.Errorf("%d letters: %v, want %q", len(s), err, want)
		}
	}
}

func TestATOTPDoesNotPrint(t *testing.T) {
	key := NewTOTP()
	inside := struct{ key TOTP }{key} // where fmt finds no method
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "key", key, "in", struct{ K TOTP }{key})
	j, err := json.Marshal(map[string]any{"k": key})
	if err != nil {
		t.Fatal(err)
	}
	all := fmt.Sprintf("%v %+v %#v %s %q %d %x %v", key, key, key, key, key, key, key, &key) +
		fmt.Sprintf("%v %+v %#v %s %d %x", inside, inside, inside, inside, inside, inside) + log.String() + string(j)
	for _, secret := range []string{key.Reveal(), fmt.Sprintf("%x", key.key()), strings.Trim(fmt.Sprint(key.key()), "[]"), string(key.key())} {
		if strings.Contains(all, secret) {
			t.Error("the secret is printed")
		}
	}
}

func TestASpentPasswordIsToldAsUsed(t *testing.T) {
	s := NewStore()
	s.Spend("111111")
	if got := s.Try(0, "111111"); got != Used {
		t.Errorf("before any code: verdict %d", got)
	}
	s.Put(0, Code{"222222"}, time.Minute)
	s.Spend("333333")
	for digits, want := range map[string]Verdict{"111111": Used, "333333": Used, "222222": Right} {
		if got := s.Try(1, digits); got != want {
			t.Errorf("%s: verdict %d, want %d", digits, got, want)
		}
	}
}
