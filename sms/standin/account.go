package standin

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Account is a stand-in that also tells of the account itself, as Twilio does to those who may read it: its type, the
// numbers that are verified, and the senders of its messaging services. A trial account reaches verified numbers only.
type Account struct {
	*Twilio
	Type     string   // "Full" or "Trial"; "": the key may not read it
	Status   string   // "active", "suspended", "closed"; "": active
	Verified []string // the numbers that a trial account may text and call, E.164; nil: none, and the key may not read them
	Senders  []string // those of every messaging service
}

// ServeHTTP implements http.Handler.
func (a *Account) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	account := "/2010-04-01/Accounts/" + a.o.AccountSID
	var tell func(*http.Request) answer
	switch path := r.URL.Path; {
	case r.Method == http.MethodPost && path == account+"/Messages.json" && a.unverified(r):
		tell = trial(21608, "Trial accounts cannot send messages to unverified numbers")
	case r.Method == http.MethodPost && path == account+"/Calls.json" && a.unverified(r):
		tell = trial(21219, "Trial accounts may only make calls to verified numbers")
	case r.Method != http.MethodGet:
	case path == account+".json":
		tell = a.account
	case path == account+"/OutgoingCallerIds.json":
		tell = a.verified
	case strings.HasPrefix(path, "/v1/Services/") && strings.HasSuffix(path, "/PhoneNumbers"):
		tell = a.senders
	}
	switch {
	case tell == nil:
		a.Twilio.ServeHTTP(w, r)
	case !a.signedIn(r):
		refuse(http.StatusUnauthorized, 20003, "Authenticate").write(w, Behaviour{})
	default:
		tell(r).write(w, Behaviour{})
	}
}

// unverified says whether a trial account is asked to reach a number that is not verified.
func (a *Account) unverified(r *http.Request) bool {
	to := r.PostFormValue("To")
	return a.Type == "Trial" && e164.MatchString(to) && !slices.Contains(a.Verified, to)
}

// trial refuses as https://www.twilio.com/docs/api/errors/21608 and https://www.twilio.com/docs/api/errors/21219 say.
func trial(code int, why string) func(*http.Request) answer {
	return func(r *http.Request) answer {
		return refuse(http.StatusBadRequest, code, "The number "+r.PostFormValue("To")+" is unverified. "+why)
	}
}

// forbidden is what an API key hears that lacks a permission (https://www.twilio.com/docs/api/errors/70051).
func forbidden() answer { return refuse(http.StatusUnauthorized, 70051, "Authorization failed") }

// account answers as https://www.twilio.com/docs/iam/api/account says, but for the token, which nobody needs.
func (a *Account) account(*http.Request) answer {
	if a.Type == "" {
		return forbidden()
	}
	status := a.Status
	if status == "" {
		status = "active"
	}
	return answer{http.StatusOK, object{"sid": a.o.AccountSID, "owner_account_sid": a.o.AccountSID, "type": a.Type, "status": status,
		"friendly_name": "A house", "auth_token": nil, "date_created": date(time.Now()), "date_updated": date(time.Now()),
		"uri": "/2010-04-01/Accounts/" + a.o.AccountSID + ".json", "subresource_uris": object{}}}
}

// verified answers as https://www.twilio.com/docs/voice/api/outgoing-caller-ids says.
func (a *Account) verified(r *http.Request) answer {
	if a.Verified == nil {
		return forbidden()
	}
	found := []object{}
	for i, n := range a.Verified {
		sid := fmt.Sprintf("PN%032x", i+1)
		found = append(found, object{"sid": sid, "account_sid": a.o.AccountSID, "phone_number": n, "friendly_name": n,
			"date_created": date(time.Now()), "date_updated": date(time.Now()),
			"uri": "/2010-04-01/Accounts/" + a.o.AccountSID + "/OutgoingCallerIds/" + sid + ".json"})
	}
	return answer{http.StatusOK, object{"outgoing_caller_ids": found, "uri": r.URL.RequestURI(),
		"first_page_uri": r.URL.RequestURI(), "next_page_uri": nil, "previous_page_uri": nil, "page": 0,
		"page_size": 1000, "start": 0, "end": max(0, len(found)-1)}}
}

// senders answers as https://www.twilio.com/docs/messaging/api/phonenumber-resource says.
func (a *Account) senders(*http.Request) answer {
	found := []object{}
	for _, n := range a.Senders {
		found = append(found, object{"phone_number": n, "capabilities": []string{"SMS", "Voice"}})
	}
	return answer{http.StatusOK, object{"phone_numbers": found, "meta": object{"key": "phone_numbers"}}}
}
