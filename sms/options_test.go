package sms

import (
	"strings"
	"testing"

	"latchd/lock"
)

func TestOptionsThatAreRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*Options)
		want   string
	}{
		"an account SID of another kind":     {func(o *Options) { o.AccountSID = keySID }, "account_sid: want"},
		"a shortened account SID":            {func(o *Options) { o.AccountSID = "AC..." }, "account_sid: want"},
		"a key SID that is an account's":     {func(o *Options) { o.APIKeySID = accountSID }, "api_key_sid: want"},
		"no secret":                          {func(o *Options) { o.Secret = "" }, "secret: want letters and digits"},
		"a secret with its line end":         {func(o *Options) { o.Secret += "\n" }, "secret: want letters and digits"},
		"no sender":                          {func(o *Options) { o.From = "" }, "either from or messaging_service_sid"},
		"two senders":                        {func(o *Options) { o.MessagingServiceSID = serviceSID }, "either from or messaging_service_sid"},
		"a sender that is no number":         {func(o *Options) { o.From = "15551234567" }, "from: want"},
		"a service SID of another kind":      {func(o *Options) { o.From, o.MessagingServiceSID = "", keySID }, "messaging_service_sid: want"},
		"an owner's number with spaces":      {func(o *Options) { o.Owners = map[string]lock.Phone{"Eve": "+1 555 765 4321"} }, "phone of Eve (…21): want"},
		"a country code with a plus":         {func(o *Options) { o.CountryCodes = []string{"+44"} }, `country_codes: "+44"`},
		"clear text to another machine":      {func(o *Options) { o.API = "http://192.168.0.2" }, "want https"},
		"clear text to a name like loopback": {func(o *Options) { o.API = "http://127.0.0.1.example.com" }, "want https"},
		"another scheme":                     {func(o *Options) { o.API = "ftp://127.0.0.1" }, "want https"},
		"an address with a path":             {func(o *Options) { o.API = "https://example.com/2010" }, "nothing behind it"},
		"an address with a password":         {func(o *Options) { o.API = "https://me:" + secret + "@example.com" }, "nothing behind it"},
		"no address":                         {func(o *Options) { o.API = "api.twilio.com" }, "nothing behind it"},
		"a body that does not parse":         {func(o *Options) { o.Body = "{{.Code}} and\n{{if}}" }, "body:2: missing value for if"},
		"a body with an unknown field":       {func(o *Options) { o.Body = "{{.Code}}\n{{.Cod}}" }, "{{.Cod}}: it may use"},
		"a body without the code":            {func(o *Options) { o.Body = "{{.Door}}" }, "write {{.Code}}"},
		"a body with half the code":          {func(o *Options) { o.Body = `{{slice .Code 0 3}}` }, "function \"slice\" not defined"},
		"a body without the code at times":   {func(o *Options) { o.Body = `{{if .Minutes}}{{.Code}}{{end}}` }, "it may use"},
		"a body that Twilio would refuse":    {func(o *Options) { o.Body = "{{.Code}}" + strings.Repeat("é", 1591) }, "longer than the 1600"},
	} {
		t.Run(name, func(t *testing.T) {
			o := options()
			tc.change(&o)
			_, err := New(o)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("error %v, want %q", err, tc.want)
			}
			if strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "765 4321") {
				t.Errorf("the error shows what must stay hidden: %v", err)
			}
		})
	}
}

func TestEveryFaultOfTheOptionsIsNamedAtOnce(t *testing.T) {
	_, err := New(Options{})
	for _, want := range []string{"account_sid", "secret", "sender"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s in it", err, want)
		}
	}
}

func TestOptionsThatAreTaken(t *testing.T) {
	for name, change := range map[string]func(*Options){
		"Twilio's own address":       func(o *Options) { o.API = "" },
		"another region's":           func(o *Options) { o.API = "https://api.dublin.ie1.twilio.com/" },
		"clear text to this machine": func(o *Options) { o.API = "http://[::1]:8080" },
		"and by its name":            func(o *Options) { o.API = "http://localhost:8080" },
		"a body of the longest kind": func(o *Options) { o.Body = "{{.Code}}" + strings.Repeat("é", 1590) },
	} {
		o := options()
		change(&o)
		if _, err := New(o); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRequestsGoToTheConfiguredAPI(t *testing.T) {
	for _, tc := range []struct{ api, asked, want string }{
		{"https://api.twilio.com", "https://api.twilio.com/x", "api.twilio.com"},
		{"https://api.twilio.com", "https://messaging.twilio.com/x", "messaging.twilio.com"},
		{"https://api.dublin.ie1.twilio.com", "https://messaging.twilio.com/x", "messaging.dublin.ie1.twilio.com"},
		{"https://api.dublin.ie1.twilio.com", "https://api.ashburn.us1.twilio.com/x", "api.dublin.ie1.twilio.com"},
		{"http://127.0.0.1:8080", "https://messaging.twilio.com/x", "127.0.0.1:8080"},
		{"https://api.example.com", "https://messaging.twilio.com/x", "api.example.com"},
	} {
		api, err := base(tc.api)
		if err != nil {
			t.Fatal(err)
		}
		asked := mustParse(tc.asked)
		if got := hostFor(api, asked); got != tc.want {
			t.Errorf("%s asked at %s goes to %s, want %s", tc.asked, tc.api, got, tc.want)
		}
	}
}
