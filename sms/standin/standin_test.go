package standin

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const (
	account = "AC0123456789abcdef0123456789abcdef"
	key     = "SK0123456789abcdef0123456789abcdef"
	service = "MG0123456789abcdef0123456789abcdef"
	number  = "+15551234567"
	owner   = "+15557654321"
)

func ask(t *testing.T, h http.Handler, method, path string, form url.Values) (int, map[string]any) {
	t.Helper()
	if strings.HasPrefix(path, "/A/") {
		path = "/2010-04-01/Accounts/" + account + path[2:]
	}
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(key, "secret")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	var got map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatalf("%s %s: %v in %q", method, path, err, w.Body)
	}
	return w.Code, got
}

func text(change ...string) url.Values {
	form := url.Values{"To": {owner}, "From": {number}, "Body": {"hello"}, "ValidityPeriod": {"30"}}
	for i := 0; i < len(change); i += 2 {
		form.Set(change[i], change[i+1])
	}
	return form
}

func newTwilio(o Options) *Twilio {
	o.AccountSID, o.APIKeySID, o.Secret = account, key, "secret"
	o.Numbers, o.Services = []string{number}, []string{service}
	return New(o)
}

func TestRefusalsAreTwilios(t *testing.T) {
	const messages = "/A/Messages.json"
	for name, tc := range map[string]struct {
		method, path string
		form         url.Values
		status, code int
	}{
		"nobody to text":           {"POST", messages, text("To", ""), 400, 21604},
		"a bad number":             {"POST", messages, text("To", "+1"), 400, 21211},
		"no sender":                {"POST", messages, text("From", ""), 400, 21603},
		"somebody else's number":   {"POST", messages, text("From", owner), 400, 21606},
		"somebody else's service":  {"POST", messages, text("From", "", "MessagingServiceSid", "MG0"), 400, 21701},
		"nothing to say":           {"POST", messages, text("Body", ""), 400, 21602},
		"too much to say":          {"POST", messages, text("Body", strings.Repeat("é", 1601)), 400, 21617},
		"no validity":              {"POST", messages, text("ValidityPeriod", "0"), 400, 90007},
		"too long a validity":      {"POST", messages, text("ValidityPeriod", "36001"), 400, 90007},
		"a validity of words":      {"POST", messages, text("ValidityPeriod", "long"), 400, 90007},
		"no such message":          {"GET", "/A/Messages/SM0.json", nil, 404, 20404},
		"no such call":             {"POST", "/A/Calls/CA0.json", url.Values{"Status": {"canceled"}}, 404, 20404},
		"no such service":          {"GET", "/v1/Services/MG0", nil, 404, 20404},
		"somebody else's account":  {"GET", "/2010-04-01/Accounts/AC0/Messages.json", nil, 404, 20404},
		"a method that is not had": {"DELETE", messages, nil, 404, 20404},
		"the root":                 {"GET", "/", nil, 404, 20404},
	} {
		tw := newTwilio(Options{})
		status, got := ask(t, tw, tc.method, tc.path, tc.form)
		if status != tc.status || got["code"] != float64(tc.code) || got["status"] != float64(tc.status) ||
			got["message"] == "" || !strings.HasPrefix(got["more_info"].(string), "https://www.twilio.com/docs/errors/") {
			t.Errorf("%s: %d %v", name, status, got)
		}
		if n := len(tw.Messages()); n != 0 {
			t.Errorf("%s: %d texts taken", name, n)
		}
	}
}

func TestATrialAccountReachesVerifiedNumbersOnly(t *testing.T) {
	for _, kind := range []string{"Full", "Trial", ""} {
		for _, to := range []string{owner, "+15557650000"} {
			a := &Account{Twilio: newTwilio(Options{}), Type: kind, Verified: []string{owner}}
			for path, tc := range map[string]struct {
				form url.Values
				code float64
			}{
				"/A/Messages.json": {text("To", to), 21608},
				"/A/Calls.json":    {url.Values{"To": {to}, "From": {number}, "Twiml": {"<Response/>"}}, 21219},
			} {
				status, got := ask(t, a, "POST", path, tc.form)
				refused := status == 400 && got["code"] == tc.code
				if refused != (kind == "Trial" && to != owner) || !refused && status != 201 {
					t.Errorf("%s account, %s to %s: %d %v", kind, path, to, status, got)
				}
			}
		}
	}
}

func TestStrangersAreTurnedAway(t *testing.T) {
	for name, sign := range map[string]func(*http.Request){
		"no credentials":               func(*http.Request) {},
		"a wrong password":             func(r *http.Request) { r.SetBasicAuth(key, "guess") },
		"the account in a key's place": func(r *http.Request) { r.SetBasicAuth(account, "secret") },
	} {
		r := httptest.NewRequest("GET", "/", nil)
		sign(r)
		w := httptest.NewRecorder()
		newTwilio(Options{}).ServeHTTP(w, r)
		if w.Code != 401 || !strings.Contains(w.Body.String(), `"code":20003`) {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}

func TestATextGoesItsWay(t *testing.T) {
	for name, tc := range map[string]struct {
		b    Behaviour
		want []any // status and error code after 0, 1, 2 and 30 s
	}{
		"to its phone": {Behaviour{}, []any{"queued", nil, "sent", nil, "delivered", nil, "delivered", nil}},
		"into a filter": {Behaviour{Outcome: "undelivered", OutcomeCode: 30007},
			[]any{"queued", nil, "sent", nil, "undelivered", 30007., "undelivered", 30007.}},
		"to a silent carrier": {Behaviour{Outcome: "sent"}, []any{"queued", nil, "sent", nil, "sent", nil, "sent", nil}},
		"nowhere while it is valid": {Behaviour{Outcome: "queued"},
			[]any{"queued", nil, "queued", nil, "queued", nil, "failed", 30036.}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var taken []Message
				tw := newTwilio(Options{OnText: func(m Message) { taken = append(taken, m) }})
				tw.Behave(tc.b)
				status, got := ask(t, tw, "POST", "/A/Messages.json", text())
				if status != 201 || len(taken) != 1 || taken[0].Body != "hello" || taken[0].Validity != 30*time.Second {
					t.Fatalf("%d %v, taken %v", status, got, taken)
				}
				start := time.Now()
				for i, after := range []time.Duration{0, 1, 2, 30} {
					<-time.After(time.Until(start.Add(after * time.Second)))
					_, m := ask(t, tw, "GET", "/A/Messages/"+got["sid"].(string)+".json", nil)
					if m["status"] != tc.want[2*i] || m["error_code"] != tc.want[2*i+1] {
						t.Errorf("after %d s: %v %v", after, m["status"], m["error_code"])
					}
				}
			})
		})
	}
}

func TestACallGoesItsWay(t *testing.T) {
	for name, tc := range map[string]struct {
		b    Behaviour
		want []string // status after 0, 1, 2 and 3 s
	}{
		"to its phone":  {Behaviour{}, []string{"queued", "ringing", "in-progress", "completed"}},
		"unanswered":    {Behaviour{CallOutcome: "no-answer"}, []string{"queued", "ringing", "no-answer", "no-answer"}},
		"after a while": {Behaviour{Rings: time.Second}, []string{"queued", "ringing", "ringing", "in-progress"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tw := newTwilio(Options{})
				tw.Behave(tc.b)
				_, got := ask(t, tw, "POST", "/A/Calls.json", url.Values{"To": {owner}, "From": {number}, "Twiml": {"<Response/>"}})
				for i, want := range tc.want {
					if _, c := ask(t, tw, "GET", "/A/Calls/"+got["sid"].(string)+".json", nil); c["status"] != want {
						t.Errorf("after %d s: %v, want %s", i, c["status"], want)
					}
					<-time.After(time.Second)
				}
			})
		})
	}
}

func TestACallIsHungUpAsTwilioDoes(t *testing.T) {
	for name, tc := range map[string]struct {
		after        time.Duration
		how          string
		status, code int
		then         string
	}{
		"while it is queued":            {0, "canceled", 200, 0, "canceled"},
		"while it rings":                {time.Second, "canceled", 200, 0, "canceled"},
		"too late to cancel":            {2 * time.Second, "canceled", 200, 0, "in-progress"},
		"while somebody listens":        {2 * time.Second, "completed", 200, 0, "completed"},
		"when it is over":               {3 * time.Second, "completed", 400, 21220, "completed"},
		"in a way that nobody knows of": {0, "forgotten", 400, 20001, "queued"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tw := newTwilio(Options{})
				_, got := ask(t, tw, "POST", "/A/Calls.json", url.Values{"To": {owner}, "From": {number}, "Twiml": {"<Response/>"}})
				at := "/A/Calls/" + got["sid"].(string) + ".json"
				<-time.After(tc.after)
				status, said := ask(t, tw, "POST", at, url.Values{"Status": {tc.how}})
				if code, _ := said["code"].(float64); status != tc.status || int(code) != tc.code {
					t.Errorf("%d %v", status, said)
				}
				if _, c := ask(t, tw, "GET", at, nil); c["status"] != tc.then {
					t.Errorf("then it is %v, want %s", c["status"], tc.then)
				}
			})
		})
	}
}

func TestABehaviourHoldsForItsRequestsOnly(t *testing.T) {
	tw := newTwilio(Options{})
	tw.Behave(Behaviour{On: Create, For: 2, Status: 429})
	var got []int
	for range 3 {
		status, _ := ask(t, tw, "GET", "/A/IncomingPhoneNumbers.json", nil)
		got = append(got, status)
		status, _ = ask(t, tw, "POST", "/A/Messages.json", text())
		got = append(got, status)
	}
	for i, want := range []int{200, 429, 200, 429, 200, 201} {
		if got[i] != want {
			t.Errorf("request %d: %d, want %d", i, got[i], want)
		}
	}
	if tw.Count(Create) != 3 || tw.Count(SignIn) != 3 || tw.Count(Fetch) != 0 {
		t.Errorf("counts: %v", tw.counts)
	}
}

func TestMemoryOfTextsIsBounded(t *testing.T) {
	tw := newTwilio(Options{})
	for range kept + 10 {
		ask(t, tw, "POST", "/A/Messages.json", text())
	}
	if n := len(tw.Messages()); n != kept {
		t.Errorf("%d texts kept, want %d", n, kept)
	}
}

func TestNumbersAndServicesOfTheAccount(t *testing.T) {
	tw := newTwilio(Options{})
	for filter, want := range map[string]int{"": 1, url.QueryEscape(number): 1, "999": 0} {
		_, got := ask(t, tw, "GET", "/A/IncomingPhoneNumbers.json?PhoneNumber="+filter, nil)
		if n := len(got["incoming_phone_numbers"].([]any)); n != want {
			t.Errorf("%q: %d numbers, want %d", filter, n, want)
		}
	}
	if status, got := ask(t, tw, "GET", "/v1/Services/"+service, nil); status != 200 || got["sid"] != service {
		t.Errorf("service: %d %v", status, got)
	}
}
