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
	"text/template"
	"time"
	"unicode/utf8"
)

var (
	sid     = regexp.MustCompile(`^(AC|SK|MG|SM|MM)[0-9a-fA-F]{32}$`)
	e164    = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`) // ITU-T E.164: 15 digits at the most
	country = regexp.MustCompile(`^[1-9][0-9]{0,2}$`)
	token   = regexp.MustCompile(`^[a-zA-Z0-9]+$`) // all that twilio-go sends as a password
)

func is(kind, s string) bool { return strings.HasPrefix(s, kind) && sid.MatchString(s) }

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
	bad(token.MatchString(o.Secret), "secret: want letters and digits only, and at least one (a stray line end or quote?)")
	bad((o.From == "") != (o.MessagingServiceSID == ""), "sender: want either from or messaging_service_sid")
	bad(o.From == "" || e164.MatchString(o.From), `from: want a number like "+15551234567"`)
	bad(o.MessagingServiceSID == "" || is("MG", o.MessagingServiceSID),
		`messaging_service_sid: want "MG" and 32 hex digits`)
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

// words is what a body's template is given.
type words struct {
	Code    string
	Door    string
	Minutes int // of life, rounded up
}

// longest is what Twilio takes in one body, in characters (https://www.twilio.com/docs/api/errors/21617).
const longest = 1600

// parse reads a body's template and tries it: a text without its code, or one that Twilio refuses, is found now.
func parse(body, door string) (*template.Template, error) {
	t, err := template.New("body").Parse(body)
	if err != nil {
		return nil, fmt.Errorf("body of the text: %w", err)
	}
	const sample = "8675309421"
	for _, minutes := range []int{1, 10} {
		s, err := render(t, words{sample, door, minutes})
		switch {
		case err != nil:
			return nil, fmt.Errorf("body of the text: %w: it may use {{.Code}}, {{.Door}} and {{.Minutes}}", err)
		case !strings.Contains(s, sample):
			return nil, errors.New("body of the text: the code is not in it: write {{.Code}} where it belongs")
		case utf8.RuneCountInString(s) > longest:
			return nil, fmt.Errorf("body of the text: longer than the %d characters that Twilio takes", longest)
		}
	}
	return t, nil
}

func render(t *template.Template, w words) (string, error) {
	var b strings.Builder
	err := t.Execute(&b, w)
	return b.String(), err
}

// Sample returns a text as it goes out, with a code of so many zeros that lives for ttl.
func (o Options) Sample(digits int, ttl time.Duration) (string, error) {
	t, err := parse(o.Body, o.Door)
	if err != nil {
		return "", err
	}
	return render(t, words{strings.Repeat("0", digits), o.Door, minutes(ttl)})
}

func minutes(ttl time.Duration) int { return int((ttl + time.Minute - 1) / time.Minute) }
