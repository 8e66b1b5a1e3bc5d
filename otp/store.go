package otp

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"time"
)

// Verdict is what an entry turned out to be.
type Verdict int

// The verdicts.
const (
	NoCode  Verdict = iota // no code is live, and the entry is none of the last ones
	Wrong                  // a code is live, and this is not it
	Right                  // the live code; it is spent by the asking
	Expired                // a code whose life is over, or that a newer one replaced
	Used                   // a code that has opened before
)

// remembered is how many dead codes can still be told from wrong ones.
const remembered = 16

// Store holds the live code and the last dead ones, in memory only, as HMAC-SHA256 under a key that is made with the store
// and never leaves it (RFC 2104): a look at the memory gives no digits without the key beside it, and no comparison leaks
// how much of an entry was right. Its clock is monotonic time since an arbitrary start. Make one with NewStore.
type Store struct {
	key   [sha256.Size]byte
	live  bool
	until time.Duration
	codes [remembered]entry // codes[0] is the newest
}

type entry struct {
	mac  [sha256.Size]byte
	fate Verdict // NoCode: an empty place
}

// NewStore makes an empty store with a key of its own.
func NewStore() *Store {
	s := &Store{}
	rand.Read(s.key[:]) // never fails (Go 1.24)
	return s
}

func (s *Store) mac(digits string) (m [sha256.Size]byte) {
	h := hmac.New(sha256.New, s.key[:])
	h.Write([]byte(digits))
	h.Sum(m[:0])
	return m
}

// Put makes c the live code for ttl from now. The one before it is dead from this moment, whatever it had left.
func (s *Store) Put(now time.Duration, c Code, ttl time.Duration) {
	copy(s.codes[1:], s.codes[:])
	s.codes[0] = entry{s.mac(c.Reveal()), Expired}
	s.live, s.until = true, now+ttl
}

// Spend remembers digits that were right otherwise than as the live code, so that they are told as used.
func (s *Store) Spend(digits string) {
	copy(s.codes[2:], s.codes[1:]) // codes[0] is the live one's place
	s.codes[1] = entry{s.mac(digits), Used}
}

// Left returns how long the live code still lives, 0 when there is none.
func (s *Store) Left(now time.Duration) time.Duration {
	if !s.live || now >= s.until {
		return 0
	}
	return s.until - now
}

// Try compares an entry with every remembered code, always all of them, and spends the live one when it is right.
func (s *Store) Try(now time.Duration, digits string) Verdict {
	live := s.Left(now) > 0
	mac := s.mac(digits)
	match := -1
	for i := len(s.codes) - 1; i >= 0; i-- { // the newest match wins: codes may repeat
		same := subtle.ConstantTimeCompare(mac[:], s.codes[i].mac[:])
		match = subtle.ConstantTimeSelect(same, i, match)
	}
	switch {
	case match == 0 && live:
		s.live = false
		s.codes[0].fate = Used
		return Right
	case match >= 0:
		return s.codes[match].fate
	case live:
		return Wrong
	}
	return NoCode
}
