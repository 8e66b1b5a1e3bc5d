package sms

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

var (
	sid     = regexp.MustCompile(`^(AC|SK|MG|SM|MM|CA)[0-9a-fA-F]{32}$`)
	e164    = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`) // ITU-T E.164: 15 digits at the most
	country = regexp.MustCompile(`^[1-9][0-9]{0,2}$`)
	token   = regexp.MustCompile(`^[a-zA-Z0-9]+$`) // all that twilio-go sends as a password
)

func is(kind, s string) bool { return strings.HasPrefix(s, kind) && sid.MatchString(s) }

// IsSecret says whether this can be an auth token, or the secret of an API key.
func IsSecret(s string) bool { return token.MatchString(s) }

// check reports every fault of the options at once.
func (o Options) check() (*url.URL, error) {
	var faults []error
	bad := func(ok bool, format string, a ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf(format, a...))
		}
	}
	bad(is("AC", o.AccountSID), `account_sid: want "AC" and 32 hex digits, as the Twilio console shows it`)
	bad(o.APIKeySID == "" || is("SK", o.APIKeySID), `api_key_sid: want "SK" and 32 hex digits, or nothing`)
	bad(IsSecret(o.Secret), "secret: want letters and digits only, and at least one (a stray line end or quote?)")
	bad((o.From == "") != (o.MessagingServiceSID == ""), "sender: want either from or messaging_service_sid")
	bad(o.From == "" || e164.MatchString(o.From), `from: want a number like "+15551234567"`)
	bad(o.MessagingServiceSID == "" || is("MG", o.MessagingServiceSID),
		`messaging_service_sid: want "MG" and 32 hex digits`)
	bad(!o.Voice || o.From != "", "voice: a call needs from, a number")
	for _, name := range slices.Sorted(maps.Keys(o.Owners)) {
		phone := o.Owners[name]
		bad(e164.MatchString(phone.Reveal()), "phone of %s (%s): want a number like \"+15557654321\"", name, phone)
	}
	for _, cc := range o.CountryCodes {
		bad(country.MatchString(cc), `country_codes: %q: want digits without a plus, like "44"`, cc)
	}
	api, err := base(o.API)
	bad(err == nil, "api: %w", err)
	return api, errors.Join(faults...)
}

// base reads the API's address. Requests carry the credentials and the code, so clear text is for this machine only.
func base(s string) (*url.URL, error) {
	if s == "" {
		s = DefaultAPI
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/")+u.RawQuery+u.Fragment != "" {
		return nil, errors.New(`want "https://host" and nothing behind it`) // not what was given: it may hold a password
	}
	addr, err := netip.ParseAddr(u.Hostname())
	loopback := u.Hostname() == "localhost" || err == nil && addr.IsLoopback()
	if u.Scheme != "https" && !(u.Scheme == "http" && loopback) {
		return nil, fmt.Errorf("%s://%s: want https; http is for a loopback address only", u.Scheme, u.Host)
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host}, nil
}

// Sample returns a text as it goes out, with a code of so many zeros that lives for ttl.
func (o Options) Sample(digits int, ttl time.Duration) (string, error) {
	w := o.names()
	b, err := parseBody(o.Body, w)
	if err != nil {
		return "", err
	}
	w.Code, w.Minutes = strings.Repeat("0", digits), minutes(ttl)
	return b.render(w), nil
}

func (o Options) names() words { return words{Door: o.Door, Site: o.Site} }
