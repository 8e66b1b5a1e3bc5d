package signin

import (
	"crypto/subtle"
	"slices"
	"strings"
	"time"

	"latchd/lock"
	"latchd/otp"
)

// parsePhone reads a number as people write it: see bare for what is dropped; "00" and nothing are as "+".
// What is left must be a number in E.164 form (ITU-T E.164): 7 to 15 digits, of which the first is not 0.
func parsePhone(s string) (lock.Phone, error) {
	n := bare(s)
	if rest, ok := strings.CutPrefix(n, "+"); ok {
		n = rest
	} else {
		n = strings.TrimPrefix(n, "00")
	}
	if len(n) < 7 || len(n) > 15 || n[0] == '0' || strings.Trim(n, "0123456789") != "" {
		return "", ErrPhone
	}
	return lock.Phone("+" + n), nil
}

// account is what is counted for one owner.
type account struct {
	Owner
	codes *otp.Store
	tries otp.Counter
	texts []time.Duration // when the last day's went out, oldest first
	asked bool            // a code is to be texted
}

// kept is an account at rest. Durations are as served: the wall clock has no part in them.
type kept struct {
	Failures  int             `json:"failures"`
	Level     int             `json:"level"`
	Remaining time.Duration   `json:"remaining"` // of the lockout
	Decay     time.Duration   `json:"decay"`     // until the level falls
	Texts     []time.Duration `json:"texts"`     // ages
}

func newAccount(o Owner) *account { return &account{Owner: o, codes: otp.NewStore()} }

// settle makes the accounts of these owners; those that were there before go on counting.
func (d *Desk) settle(owners []Owner, rules Rules, was map[string]kept) {
	now := d.now()
	rules.Digits = min(max(rules.Digits, 6), otp.MaxDigits)
	d.rules = rules
	var accounts []*account
	for _, o := range owners {
		a := newAccount(o)
		if old := d.account(o.Name); old != nil {
			a.tries, a.texts = old.tries, old.texts
			if old.Phone == o.Phone {
				a.codes, a.asked = old.codes, old.asked
			}
		}
		a.tries.Rules = otp.Rules{Attempts: rules.Attempts, Lockout: rules.Lockout, Max: rules.LockoutMax}
		if k, ok := was[o.Name]; ok {
			a.tries.Restore(now, k.Failures, k.Level, k.Remaining, k.Decay)
			for _, age := range k.Texts {
				a.texts = append(a.texts, now-max(0, age))
			}
			slices.Sort(a.texts)
		} else if d.strict() && d.account(o.Name) == nil {
			a.tries.Restore(now, 0, strictLevel, 0, 0) // what was counted is not known
		}
		accounts = append(accounts, a)
	}
	d.owners = accounts
	d.secrets = slices.DeleteFunc(d.secrets, func(p pending) bool { return d.byPhone(p.phone).Name != p.owner })
	d.stale[sessionsFile] = true
}

// strictLevel is above any level that doubling reaches.
const strictLevel = 1 << 10

// strict says whether counts cannot be kept, or were lost of late.
func (d *Desk) strict() bool { return d.broken != nil || d.now() < d.damaged }

func (d *Desk) account(owner string) *account {
	i := slices.IndexFunc(d.owners, func(a *account) bool { return a.Name == owner })
	if i < 0 {
		return nil
	}
	return d.owners[i]
}

// byPhone always looks at all owners.
func (d *Desk) byPhone(p lock.Phone) *account {
	found := d.nobody
	for _, a := range d.owners {
		if subtle.ConstantTimeCompare([]byte(a.Phone), []byte(p)) == 1 {
			found = a
		}
	}
	return found
}

// Ask has a code texted to the number if it is an owner's and the rules allow it. The answer tells neither; it comes at once,
// in the same way for everyone. ErrPhone: this cannot be anyone's number.
func (d *Desk) Ask(phone string) error {
	p, err := parsePhone(phone)
	if err != nil {
		return err
	}
	d.mu.Lock()
	d.byPhone(p).asked = true
	d.mu.Unlock()
	d.nudge()
	return nil
}

type text struct {
	owner string
	code  otp.Code
}

// due makes the codes that were asked for. One that is made replaces the one before it, and leaves the count of failures alone.
func (d *Desk) due() (texts []text) {
	now := d.now()
	d.nobody.asked = false
	for _, a := range d.owners {
		if !a.asked {
			continue
		}
		a.asked = false
		if !a.mayText(now, d.rules) {
			d.opt.Log.Debug("no sign-in code is texted: locked out, or the budget is spent", "owner", a.Name)
			continue
		}
		a.texts = append(a.texts, now)
		code := otp.NewCode(d.rules.Digits)
		a.codes.Put(now, code, d.rules.TTL)
		texts = append(texts, text{a.Name, code})
		d.stale[sessionsFile] = true
	}
	return texts
}

func (a *account) mayText(now time.Duration, r Rules) bool {
	within := func(span time.Duration) (n int) {
		for _, at := range a.texts {
			if now-at < span {
				n++
			}
		}
		return n
	}
	a.texts = slices.DeleteFunc(a.texts, func(at time.Duration) bool { return now-at >= 24*time.Hour })
	a.tries.Advance(now)
	return !a.tries.Out() && within(r.MinGap) == 0 && within(time.Hour) < r.PerHour && len(a.texts) < r.PerDay
}

// Verify exchanges a code for a secret identifier, which lives for five minutes. Whatever is wrong, the error is ErrCode: an
// unknown number, a wrong, expired or used code, a lockout. An owner who is locked out is treated as a stranger.
func (d *Desk) Verify(phone, code string) (secret string, err error) {
	p, err := parsePhone(phone)
	if err != nil {
		p = "" // nobody's
	}
	now := d.now()
	d.mu.Lock()
	defer d.unlock()
	a := d.byPhone(p)
	a.tries.Advance(now)
	if a.tries.Out() {
		a = d.nobody
	}
	code = strings.TrimSpace(code)
	verdict, counts := a.codes.Try(now, code), d.isCode(code)
	if a != d.nobody && counts && verdict != otp.Used && verdict != otp.Expired { // as at the keypad, these cost nothing
		d.stale[sessionsFile] = true
		if verdict == otp.Right {
			a.tries.Right()
		} else {
			a.tries.Fail(now, d.strict())
		}
	}
	d.nudge() // to write, and for strangers likewise: the answer does not wait for the disk
	if verdict != otp.Right {
		return "", ErrCode
	}
	return d.newSecret(a), nil
}

// isCode says whether an entry could be a code at all.
func (d *Desk) isCode(entry string) bool {
	return len(entry) == d.rules.Digits && strings.Trim(entry, "0123456789") == ""
}

// advance lets time pass for the lockouts, and keeps what they have served.
func (d *Desk) advance() {
	now := d.now()
	for _, a := range d.owners {
		ended, fell := a.tries.Advance(now)
		if ended || fell || a.tries.Out() && now-d.kept >= keepEvery {
			d.stale[sessionsFile] = true
		}
	}
}
