package otp

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// Period is how long an authenticator app shows one password (RFC 6238, section 5.2).
const Period = 30 * time.Second

// A shared secret has at least 128 bits; 160 are recommended (RFC 4226, section 4, R6).
const (
	leastKey = 16
	newKey   = 20
)

// TOTP is the secret that the door shares with an authenticator app, and makes its time-based passwords: RFC 6238 with
// HMAC-SHA-1, the one hash that every app knows. It is held in memory only. Every way of printing it shows "[totp]"; only
// Reveal gives it away. The zero TOTP is no secret and matches nothing.
type TOTP struct{ key func() []byte } // a function: fmt would print bytes, even behind a pointer, where it cannot see Format

var noPadding = base32.StdEncoding.WithPadding(base32.NoPadding)

// NewTOTP makes a secret of 160 bits from crypto/rand.
func NewTOTP() TOTP {
	key := make([]byte, newKey)
	rand.Read(key) // never fails (Go 1.24)
	return TOTP{func() []byte { return key }}
}

// ParseTOTP reads what Reveal gave: base32 (RFC 4648) without padding, at least 128 bits. No error holds the secret.
func ParseTOTP(s string) (TOTP, error) {
	key, err := noPadding.DecodeString(s)
	if err != nil {
		return TOTP{}, errors.New("not base32: allowed are A to Z and 2 to 7, without padding or spaces")
	}
	if len(key) < leastKey {
		return TOTP{}, fmt.Errorf("%d bits are too few: at least %d", 8*len(key), 8*leastKey)
	}
	return TOTP{func() []byte { return key }}, nil
}

// Reveal returns the secret in base32. The secret's file and the enrolment are the places for it.
func (t TOTP) Reveal() string { return noPadding.EncodeToString(t.key()) }

// IsZero says whether t is no secret at all.
func (t TOTP) IsZero() bool { return t.key == nil }

// Step returns the number of the period that a moment of the wall clock lies in.
func Step(at time.Time) int64 { return at.Unix() / int64(Period/time.Second) }

// Code returns the password of n digits for a step: HOTP of RFC 4226, section 5.3, with the step as its counter.
func (t TOTP) Code(step int64, n int) Code {
	h := hmac.New(sha1.New, t.key())
	binary.Write(h, binary.BigEndian, step) // a hash takes everything
	sum := h.Sum(nil)
	part := sum[sum[len(sum)-1]&0xf:]
	v := uint64(binary.BigEndian.Uint32(part) & 0x7fffffff)
	digits := fmt.Sprintf("%0*d", n, v)
	return Code{digits[len(digits)-n:]}
}

// Match compares an entry with the password of the moment and those of the periods before and after it, for clocks that
// differ by a little (RFC 6238, section 6), always all three. Of the steps after the one given it returns the last that
// matches; that one must then be given at every later call, and so opens once.
func (t TOTP) Match(at time.Time, entry string, after int64) (step int64, ok bool) {
	if t.IsZero() || entry == "" {
		return 0, false
	}
	for s := Step(at) - 1; s <= Step(at)+1; s++ {
		same := subtle.ConstantTimeCompare([]byte(entry), []byte(t.Code(s, len(entry)).Reveal()))
		if same == 1 && s > after {
			step, ok = s, true
		}
	}
	return step, ok
}

// Format implements fmt.Formatter: every verb prints "[totp]".
func (t TOTP) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[totp]") }

// LogValue implements slog.LogValuer.
func (t TOTP) LogValue() slog.Value { return slog.StringValue("[totp]") }

// MarshalText implements encoding.TextMarshaler.
func (t TOTP) MarshalText() ([]byte, error) { return []byte("[totp]"), nil }
