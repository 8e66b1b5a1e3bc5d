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

// secret finds a live secret identifier.
func (d *Desk) secret(secret string) (i int, err error) {
	now, h := d.now(), hashOf(secret)
	d.secrets = slices.DeleteFunc(d.secrets, func(p pending) bool { return now >= p.until })
	i = slices.IndexFunc(d.secrets, func(p pending) bool { return p.hash.equal(h) })
	if i < 0 {
		return i, ErrSecret
	}
	return i, nil
}

// spend takes a secret identifier that belongs to this number.
func (d *Desk) spend(phone, secret string) (pending, error) {
	p, err := parsePhone(phone)
	if err != nil {
		return pending{}, ErrSecret
	}
	i, err := d.secret(secret)
	if err != nil || d.secrets[i].phone != p {
		return pending{}, ErrSecret
	}
	spent := d.secrets[i]
	d.secrets = slices.Delete(d.secrets, i, i+1)
	return spent, nil
}
