// Package otp makes one-time codes, holds them in memory and tells what an entry is worth; it counts wrong entries and keeps
// the lockouts that come of them. It reads no clock and writes nothing: time is an argument, and what must survive a restart
// is handed out and put back by its owner.
package otp

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"math/big"
)

// MinDigits and MaxDigits bound a code's length.
const (
	MinDigits = 4
	MaxDigits = 10
)

// Code is a one-time code in clear: decimal digits, leading zeros kept. It exists between its making and the text that
// carries it. Every way of printing it (fmt, slog, JSON) shows "[code]"; only Reveal gives the digits.
type Code struct{ digits string }

// NewCode makes a code of n digits, each of the 10^n equally likely, from crypto/rand. It panics when n is outside
// MinDigits to MaxDigits, which the configuration has refused long before.
func NewCode(n int) Code {
	if n < MinDigits || n > MaxDigits {
		panic(fmt.Sprintf("otp: a code of %d digits", n))
	}
	max := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
	v, _ := rand.Int(rand.Reader, max) // rand.Reader never fails (Go 1.24)
	return Code{fmt.Sprintf("%0*d", n, v)}
}

// Reveal returns the digits. The body of a text is the one place for them.
func (c Code) Reveal() string { return c.digits }

// IsZero says whether c is no code at all.
func (c Code) IsZero() bool { return c.digits == "" }

// Format implements fmt.Formatter: every verb prints "[code]".
func (c Code) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[code]") }

// LogValue implements slog.LogValuer.
func (c Code) LogValue() slog.Value { return slog.StringValue("[code]") }

// MarshalText implements encoding.TextMarshaler.
func (c Code) MarshalText() ([]byte, error) { return []byte("[code]"), nil }
