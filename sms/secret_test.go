package sms

import (
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"latchd/otp"
)

func mustParse(s string) *url.URL {
	u, err := url.Parse(s)
	if err != nil {
		panic(err)
	}
	return u
}

func TestWordsFromOutsideAreScrubbed(t *testing.T) {
	c, err := New(options())
	if err != nil {
		t.Fatal(err)
	}
	basic := base64.StdEncoding.EncodeToString([]byte(accountSID + ":" + secret))
	for in, want := range map[string]string{
		"The 'To' number +15557654321 is bad": "The 'To' number … is bad",
		"+1 (555) 765-4321!":                  "…!",
		"555.765.4321":                        "…",
		"00123":                               "…",
		"0\u200b1\u200b2\u200b3":              "…",
		"12\x003456":                          "…",
		"1 of 3 in 24 h":                      "1 of 3 in 24 h",
		"two\nlines\tand a \x1b[31mcolour":    "two lines and a [31mcolour",
		"bad \xff\xfe bytes":                  "bad bytes",
		"Basic " + basic:                      "Basic …",
		"token " + secret:                     "token …",
		strings.Repeat("x", 300):              strings.Repeat("x", 200) + "…",
	} {
		if got := c.scrub(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

func TestErrorCodesThatHoldTheDoorsCodeAreDropped(t *testing.T) {
	for _, tc := range []struct {
		code   int
		hidden string
		want   int
	}{
		{123456, "123456", 0}, {91234569, "123456", 0}, {-5, "123456", 0}, {29999, "123456", 29999}, {29999, "", 29999},
		{20003, "0003", 20003}, // Twilio's own: it has to act as what it is
	} {
		if got := known(tc.code, tc.hidden); got != tc.want {
			t.Errorf("%d beside %s becomes %d, want %d", tc.code, tc.hidden, got, tc.want)
		}
	}
}

func FuzzScrubLeavesNoNumber(f *testing.F) {
	f.Add("call +15557654321 or 0044 7700 900 123")
	f.Add("1\u200b2\u200b3\u200b4 \x00 5\x006\x007\x008")
	c, err := New(options())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, s string) {
		run := 0
		for _, r := range c.scrub(s) {
			if r < '0' || r > '9' {
				run = 0
			} else if run++; run == otp.MinDigits {
				t.Fatalf("%q becomes %q", s, c.scrub(s))
			}
		}
	})
}

// canned answers every request alike.
type canned func(*http.Request) *http.Response

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) { return c(r), nil }

// Whatever the API answers: no news, fault, error or line of the log shows the code, a number or the secret. In the
// answer, {code}, {to}, {from} and {secret} stand for them.
func FuzzNothingHiddenComesOut(f *testing.F) {
	const message = `{"sid":"SM0123456789abcdef0123456789abcdef","status":"failed",`
	f.Add(400, "", `{"code":21211,"message":"The 'To' number {to} is not a valid phone number.","status":400}`)
	f.Add(400, "", `{"code":29999,"message":"{code} opens Front door: from {from} to {to} by {secret}","status":400}`)
	f.Add(400, "", `{"code":{code},"message":"x{code}y1{code}2","status":{code}}`)
	f.Add(401, "{code}", `{"code":20003,"message":"{secret}","more_info":"{to}"}`)
	f.Add(429, "{code}", `{"code":1{code}9}`)
	f.Add(503, "", `{code} {to}`)
	f.Add(307, "", `{code}`)
	f.Add(201, "", message+`"error_code":{code},"error_message":"{code} to {to}"}`)
	f.Add(201, "", message+`"error_code":30007,"error_message":"{code}"}`)
	f.Add(200, "", `{"sid":"{code}","incoming_phone_numbers":[{"phone_number":"{to}"}]}`)
	f.Fuzz(func(t *testing.T, status int, retryAfter, body string) {
		if status < 200 || status > 999 || strings.ContainsAny(retryAfter, "\r\n") {
			return
		}
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, options())
			code := otp.NewCode(6)
			r.hidden = append(r.hidden, code.Reveal())
			fill := strings.NewReplacer("{code}", code.Reveal(), "{to}", ada.Reveal(), "{from}", sender, "{secret}", secret)
			r.transport.RegisterProtocol("http", canned(func(req *http.Request) *http.Response {
				return &http.Response{StatusCode: status, Header: http.Header{"Retry-After": {fill.Replace(retryAfter)},
					"Location": {"http://" + code.Reveal()}}, Body: io.NopCloser(strings.NewReader(fill.Replace(body))), Request: req}
			}))
			r.start()
			r.send(code, 20*time.Second, "Ada")
			r.news()
			r.wait(time.Minute)
			if err := r.Check(t.Context()); err != nil {
				r.errs.WriteString(err.Error())
			}
			r.finish()
		})
	})
}
