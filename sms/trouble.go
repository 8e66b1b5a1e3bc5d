package sms

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/twilio/twilio-go/client"

	"latchd/lock"
)

// Trouble is what Twilio, or the way to it, has against a request, in words for people. It carries no secret, code or
// whole phone number.
type Trouble struct {
	Code   int    // Twilio's error code, 0 when there is none
	Detail string // what is wrong
	Hint   string // what to do about it

	kind kind
}

// Error gives the detail and the hint.
func (t *Trouble) Error() string {
	if t.Hint == "" {
		return t.Detail
	}
	return t.Detail + ": " + t.Hint
}

// kind says how to go on after a trouble.
type kind int

const (
	refusal   kind = iota // Twilio took no text, and would not take it next time
	unheard               // Twilio never got the request
	doubtful              // whether Twilio took the text is not known
	missing               // Twilio's answer was lost, and its list does not hold the text
	givenUp               // Twilio took the text, and could not deliver it
	signedOut             // Twilio refuses the credentials
	hurried               // Twilio took nothing, and asks to wait
)

var (
	errFull     = &Trouble{Detail: "too many texts are on their way", Hint: "wait, then ring again"}
	errDead     = &Trouble{Detail: "the code died before its text could be sent", Hint: "ring again"}
	errVoid     = &Trouble{Detail: "the code is used, or a newer one has voided it"}
	errSlow     = &Trouble{Detail: "Twilio asks to wait longer than the code lives", Hint: "ring again later", Code: 20429}
	errStranger = &Trouble{Detail: "no such owner", Hint: "check the owners in the configuration"}
	errAbroad   = &Trouble{Detail: "the number's country is not among the country codes", Hint: "add it to country_codes"}

	errRedirect = errors.New("it redirects, which is refused")
	errStrange  = errors.New("the answer is none of Twilio's")
)

// judge says what the answer to a request means: err is what twilio-go made of it. It returns nil for success. hidden is
// a code that may not come back as a number either.
func (x *exchange) judge(err error, hidden string) *Trouble {
	if err == nil {
		return nil
	}
	var rest *client.TwilioRestError
	errors.As(err, &rest)
	if rest == nil {
		rest = &client.TwilioRestError{}
	}
	t := &Trouble{Code: known(rest.Code, hidden)}
	switch {
	case x.status < 400:
		return x.c.unanswered(x, err)
	case x.status == http.StatusTooManyRequests || t.Code == 20429 || t.Code == 14107:
		t.kind = hurried
	case x.status == http.StatusUnauthorized || t.Code == 20003:
		t.kind = signedOut
	case x.status >= 500:
		t.kind = doubtful
	}
	t.Detail, t.Hint = x.c.explain(t, x.status, rest.Message)
	return t
}

// explain puts an answer of Twilio's into words: its code's own where it has any, else what the answer says.
func (c *Client) explain(t *Trouble, status int, said string) (detail, hint string) {
	a, ok := codes[t.Code]
	switch {
	case ok:
	case t.kind == hurried:
		a = codes[20429]
	case t.kind == signedOut:
		a = codes[20003]
	case t.kind == doubtful:
		return fmt.Sprintf("%s answers HTTP %d", c.api.Host, status), "see https://status.twilio.com"
	default:
		a.meaning = "Twilio refuses"
		if t.kind == givenUp {
			a.meaning = "Twilio could not deliver the text"
		}
		if said = c.scrub(said); said != "" {
			a.meaning += ": " + said
		}
		if t.Code != 0 {
			a.hint = "look the code up at https://www.twilio.com/docs/api/errors"
		}
	}
	return a.meaning, a.hint
}

// known returns an error code of Twilio's, or 0 when one that is not in our list holds what is hidden: an answer may send
// the door's code back in the place of an error code.
func known(code int, hidden string) int {
	if _, ok := codes[code]; ok {
		return code
	}
	if code < 0 || hidden != "" && strings.Contains(strconv.Itoa(code), hidden) {
		return 0
	}
	return code
}

// unanswered puts into words that no answer of Twilio's came back.
func (c *Client) unanswered(x *exchange, err error) *Trouble {
	t := &Trouble{kind: doubtful}
	if x.status == 0 && !x.wrote.Load() {
		t.kind = unheard
	}
	if u := (*url.Error)(nil); errors.As(err, &u) {
		err = u.Err // the URL in front of it may hold a phone number
	}
	var (
		name    *net.DNSError
		trust   *tls.CertificateVerificationError
		timeout net.Error
	)
	cannot := "cannot reach " + c.api.Host
	switch {
	case x.status != 0 && !errors.Is(err, errRedirect):
		t.Detail, t.Hint = c.api.Host+" gives an answer that is none of Twilio's", "check the api address and any proxy"
	case errors.As(err, &name):
		t.Detail, t.Hint = cannot+": its name cannot be looked up", "check the network and its DNS"
	case errors.As(err, &trust):
		t.Detail, t.Hint = cannot+": its certificate is not trusted: "+c.scrub(trust.Err.Error()), "check this machine's clock"
	case errors.Is(err, syscall.ECONNREFUSED):
		t.Detail, t.Hint = cannot+": connection refused", "check the network, the api address and any proxy"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		t.Detail, t.Hint = cannot+": no answer in time", "check the network"
	default:
		t.Detail, t.Hint = cannot+": "+c.scrub(err.Error()), "check the network"
	}
	return t
}

// news tells what became of a text.
func (c *Client) news(j job, state lock.TextState, t *Trouble) lock.TextNews {
	n := lock.TextNews{Ring: j.text.Ring, Owner: j.owner, Phone: j.to.owners[j.owner].String(), State: state}
	if t == nil {
		return n
	}
	n.Code, n.Detail, n.Hint = t.Code, t.Detail, t.Hint
	switch t.kind {
	case doubtful:
		n.Detail += "; whether the text went out is not known"
	case missing:
		n.Detail += "; Twilio does not list the text, so most likely it did not go out"
	case givenUp:
	default:
		n.Unsent = true
	}
	return n
}

// after parses Retry-After in its delta-seconds form (RFC 9110, 10.2.3), which is the one Twilio uses; the other, a
// date, would trust the wall clock. 0 when there is none; 18 h, longer than any code lives, is the most.
func after(h http.Header) time.Duration {
	s, err := strconv.ParseUint(h.Get("Retry-After"), 10, 16)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0
	}
	return time.Duration(s) * time.Second
}
