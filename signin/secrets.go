package signin

import (
	"crypto/rand"
	"encoding/base64"
	"slices"
	"time"

	"latchd/lock"
)

// pending is a secret identifier that has bought nothing yet.
type pending struct {
	hash  hash
	owner string
	phone lock.Phone
	until time.Duration
}

// random returns n random bytes as base64url (RFC 4648, section 5) without padding.
func random(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails (Go 1.24)
	return base64.RawURLEncoding.EncodeToString(b)
}

// newSecret makes a secret identifier for an owner. When there are too many, the oldest makes way.
func (d *Desk) newSecret(a *account) string {
	if len(d.secrets) >= maxSecrets {
		d.secrets = slices.Delete(d.secrets, 0, 1)
	}
	secret := random(32)
	d.secrets = append(d.secrets, pending{hashOf(secret), a.Name, a.Phone, d.now() + secretLife})
	return secret
}

// pending finds a live secret identifier, or returns -1.
func (d *Desk) pending(secret string) int {
	now, h := d.now(), hashOf(secret)
	d.secrets = slices.DeleteFunc(d.secrets, func(p pending) bool { return now >= p.until })
	return slices.IndexFunc(d.secrets, func(p pending) bool { return p.hash.equal(h) })
}

// spend takes a secret identifier that belongs to this number.
func (d *Desk) spend(phone, secret string) (spent pending, err error) {
	p, err := parsePhone(phone)
	i := d.pending(secret)
	if err != nil || i < 0 || d.secrets[i].phone != p {
		return pending{}, ErrSecret
	}
	spent = d.secrets[i]
	d.secrets = slices.Delete(d.secrets, i, i+1)
	return spent, nil
}
