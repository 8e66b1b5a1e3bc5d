package signin

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/mail"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"latchd/lock"
)

// User is what an owner tells of himself. Account is a free JSON object of at most 2 KiB.
type User struct {
	Username, FirstName, LastName, Email string
	Account                              map[string]any
}

const (
	maxWord    = 64
	maxEmail   = 254 // RFC 5321, section 4.5.3.1.3, without the brackets
	maxAccount = 2048
)

var userName = regexp.MustCompile(`^[a-z0-9._-]{1,64}$`)

// User returns what is known of whoever has an owner's number; the zero User where nothing is. Its account is not to be changed.
func (d *Desk) User(owner string) User {
	d.mu.Lock()
	defer d.mu.Unlock()
	if a := d.account(owner); a != nil {
		return d.users[userKey(a.Phone)]
	}
	return User{}
}

// Complete makes or completes the user of a secret identifier's owner, which is not spent by it. Empty fields leave what was
// there; where there is no user name, named makes one. ErrSecret, or an ErrUser that names the field.
func (d *Desk) Complete(secret string, u User, named bool) (User, error) {
	u, err := d.complete(secret, u, named)
	if err == nil {
		d.save()
	}
	return u, err
}

func (d *Desk) complete(secret string, u User, named bool) (User, error) {
	d.mu.Lock()
	defer d.unlock()
	i := d.pending(secret)
	if i < 0 {
		return User{}, ErrSecret
	}
	p := d.secrets[i]
	account, err := ownAccount(u.Account, p.phone)
	if err := cmp.Or(err, u.check(), numberIn(account, "account")); err != nil {
		return User{}, err
	}
	u.Account = account
	key := userKey(p.phone)
	old := d.users[key]
	u.FirstName, u.LastName = cmp.Or(u.FirstName, old.FirstName), cmp.Or(u.LastName, old.LastName)
	u.Email, u.Username = cmp.Or(u.Email, old.Email), cmp.Or(u.Username, old.Username)
	if u.Account == nil {
		u.Account = old.Account
	}
	switch {
	case u.Username == "" && named:
		u.Username = d.freeName(key, p.owner, u)
	case u.Username == "":
		return User{}, fmt.Errorf("%w: username is missing: give one, or auto_username: true", ErrUser)
	case d.nameTaken(u.Username, key):
		return User{}, fmt.Errorf("%w: username is taken", ErrUser)
	}
	d.users[key] = u
	d.stale[usersFile] = true
	return u, nil
}

// ownAccount checks an account, and takes the number out of it: users.json holds none.
func ownAccount(account map[string]any, phone lock.Phone) (map[string]any, error) {
	if account == nil {
		return nil, nil
	}
	if given, ok := account["phone"]; ok {
		s, _ := given.(string)
		if p, err := parsePhone(s); err != nil || p != phone {
			return nil, fmt.Errorf("%w: account.phone is not the number that signed in", ErrUser)
		}
	}
	body, err := json.Marshal(account)
	if err != nil || len(body) > maxAccount {
		return nil, fmt.Errorf("%w: account is more than %d bytes of JSON", ErrUser, maxAccount)
	}
	var own map[string]any // a copy through and through
	if err := json.Unmarshal(body, &own); err != nil {
		return nil, fmt.Errorf("%w: account is no JSON object", ErrUser)
	}
	delete(own, "phone")
	return own, nil
}

func (u User) check() error {
	for field, s := range map[string]string{"username": u.Username, "first_name": u.FirstName, "last_name": u.LastName, "email": u.Email} {
		if err := numberIn(s, field); err != nil {
			return err
		}
	}
	for field, s := range map[string]string{"first_name": u.FirstName, "last_name": u.LastName} {
		if !utf8.ValidString(s) || utf8.RuneCountInString(s) > maxWord || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
			return fmt.Errorf("%w: %s is more than %d characters, or holds some that cannot be shown", ErrUser, field, maxWord)
		}
	}
	if u.Email != "" {
		if a, err := mail.ParseAddress(u.Email); err != nil || a.Address != u.Email || len(u.Email) > maxEmail {
			return fmt.Errorf("%w: email is no address", ErrUser)
		}
	}
	if u.Username != "" && !userName.MatchString(u.Username) {
		return fmt.Errorf("%w: username has 1 to 64 of a-z, 0-9, dots, dashes and underscores", ErrUser)
	}
	return nil
}

func (d *Desk) nameTaken(name string, but hash) bool {
	for _, a := range d.owners { // a number that is no owner's any more takes no name
		if key := userKey(a.Phone); key != but && d.users[key].Username == name {
			return true
		}
	}
	return false
}

// freeName makes a user name of the names, else of the owner's, with a number behind it where it is taken.
func (d *Desk) freeName(key hash, owner string, u User) string {
	stem := "owner"
	for _, s := range []string{owner, strings.TrimSpace(u.FirstName + " " + u.LastName)} {
		if name := nameOf(s); name != "" && numberIn(name, "") == nil {
			stem = name
		}
	}
	for n, name := 2, stem; ; n++ {
		if !d.nameTaken(name, key) {
			return name
		}
		name = stem + strconv.Itoa(n)
	}
}

func nameOf(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '.'
		case 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || strings.ContainsRune("._-", r):
			return r
		}
		return -1
	}, strings.ToLower(s))
	s = strings.Trim(s, "._-")
	return s[:min(len(s), maxWord-4)]
}
