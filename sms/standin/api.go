package standin

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

var e164 = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

// object is a JSON object of Twilio's.
type object map[string]any

// answer is what goes back: a status and a JSON body.
type answer struct {
	status int
	body   object
}

// refuse makes an error as Twilio's API words it (https://www.twilio.com/docs/usage/twilios-response).
func refuse(status, code int, message string) answer {
	if code == 0 {
		code = status
	}
	return answer{status, object{"code": code, "message": message, "status": status,
		"more_info": fmt.Sprintf("https://www.twilio.com/docs/errors/%d", code)}}
}

func (a answer) write(w http.ResponseWriter, b Behaviour) {
	w.Header().Set("Content-Type", "application/json")
	if b.RetryAfter != "" {
		w.Header().Set("Retry-After", b.RetryAfter)
	}
	w.WriteHeader(a.status)
	if b.Body != "" {
		fmt.Fprint(w, b.Body)
		return
	}
	json.NewEncoder(w).Encode(a.body)
}

// route finds what a request asks for.
func (t *Twilio) route(r *http.Request) (Kind, func(*http.Request, Behaviour) answer) {
	lost := func(r *http.Request, _ Behaviour) answer {
		return refuse(http.StatusNotFound, 20404, "The requested resource "+r.URL.Path+" was not found")
	}
	if service, ok := strings.CutPrefix(r.URL.Path, "/v1/Services/"); ok && r.Method == http.MethodGet {
		return SignIn, func(r *http.Request, b Behaviour) answer {
			if !slices.Contains(t.o.Services, service) {
				return lost(r, b)
			}
			return answer{http.StatusOK, object{"sid": service, "account_sid": t.o.AccountSID}}
		}
	}
	path, ok := strings.CutPrefix(r.URL.Path, "/2010-04-01/Accounts/"+t.o.AccountSID+"/")
	message, single := strings.CutPrefix(strings.TrimSuffix(path, ".json"), "Messages/")
	call, calls := callSID(path)
	switch {
	case !ok:
	case path == "Calls.json" && r.Method == http.MethodPost:
		return Dial, t.dial
	case calls && r.Method == http.MethodGet:
		return Listen, t.findCall(call)
	case calls && r.Method == http.MethodPost:
		return HangUp, t.hangUp(call)
	case path == "Messages.json" && r.Method == http.MethodPost:
		return Create, t.create
	case path == "Messages.json" && r.Method == http.MethodGet:
		return List, t.list
	case path == "IncomingPhoneNumbers.json" && r.Method == http.MethodGet:
		return SignIn, t.numbers
	case single && r.Method == http.MethodGet:
		return Fetch, func(r *http.Request, b Behaviour) answer {
			for _, m := range t.Messages() {
				if m.SID == message {
					return answer{http.StatusOK, t.resource(m)}
				}
			}
			return lost(r, b)
		}
	}
	return Other, lost
}

// create takes a text, or refuses it as Twilio does.
func (t *Twilio) create(r *http.Request, b Behaviour) answer {
	m := Message{To: r.PostFormValue("To"), From: r.PostFormValue("From"), Service: r.PostFormValue("MessagingServiceSid"),
		Body: r.PostFormValue("Body"), At: time.Now(), outcome: b.Outcome, code: b.OutcomeCode, late: b.Late}
	bad := func(code int, message string) answer { return refuse(http.StatusBadRequest, code, message) }
	switch {
	case m.To == "":
		return bad(21604, "A 'To' phone number is required.")
	case !e164.MatchString(m.To):
		return bad(21211, "The 'To' number "+m.To+" is not a valid phone number.")
	case m.From == "" && m.Service == "":
		return bad(21603, "A 'From' phone number is required.")
	case m.Service != "" && !slices.Contains(t.o.Services, m.Service):
		return bad(21701, "The Messaging Service does not exist.")
	case m.Service == "" && !slices.Contains(t.o.Numbers, m.From):
		return bad(21606, "The From phone number "+m.From+
			" is not a valid, SMS-capable inbound phone number or short code for your account.")
	case m.Body == "":
		return bad(21602, "Message body is required.")
	case utf8.RuneCountInString(m.Body) > 1600:
		return bad(21617, "The concatenated message body exceeds the 1600 character limit")
	}
	if s := r.PostFormValue("ValidityPeriod"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > 36000 {
			return bad(90007, "Invalid validity period value")
		}
		m.Validity = time.Duration(n) * time.Second
	}
	id := make([]byte, 16)
	rand.Read(id)
	m.SID = "SM" + hex.EncodeToString(id)
	t.take(m)
	return answer{http.StatusCreated, t.resource(m)}
}

func (t *Twilio) take(m Message) {
	t.mu.Lock()
	t.messages = append(t.messages, m)
	if len(t.messages) > kept {
		t.messages = slices.Delete(t.messages, 0, 1)
	}
	t.mu.Unlock()
	if t.o.OnText != nil {
		t.o.OnText(m)
	}
}

// status is how far a message has come, and its error code.
func (t *Twilio) status(m Message) (string, int) {
	age := time.Since(m.At)
	switch {
	case m.outcome == "queued" && m.Validity > 0 && age >= m.Validity:
		return "failed", 30036
	case age < t.o.Step, m.outcome == "queued":
		return "queued", 0
	case age < 2*t.o.Step+m.late:
		return "sent", 0
	}
	return cmp.Or(m.outcome, "delivered"), m.code
}

// resource is a message as the API shows it (https://www.twilio.com/docs/messaging/api/message-resource).
func (t *Twilio) resource(m Message) object {
	status, code := t.status(m)
	uri := "/2010-04-01/Accounts/" + t.o.AccountSID + "/Messages/" + m.SID
	o := object{"account_sid": t.o.AccountSID, "api_version": "2010-04-01", "body": m.Body, "date_created": date(m.At),
		"date_sent": nil, "date_updated": date(time.Now()), "direction": "outbound-api", "error_code": nil,
		"error_message": nil, "from": null(m.From), "messaging_service_sid": null(m.Service), "num_media": "0",
		"num_segments": "1", "price": nil, "price_unit": nil, "sid": m.SID, "status": status,
		"subresource_uris": object{"media": uri + "/Media.json"}, "to": m.To, "uri": uri + ".json"}
	if code != 0 {
		o["error_code"], o["error_message"] = code, "The text to "+m.To+" ended as "+status
	}
	if status != "queued" && status != "failed" {
		o["date_sent"] = date(m.At.Add(t.o.Step))
	}
	return o
}

// list shows the newest texts of those asked for on one page
// (https://www.twilio.com/docs/messaging/api/message-resource#read-multiple-message-resources).
func (t *Twilio) list(r *http.Request, _ Behaviour) answer {
	size, err := strconv.Atoi(cmp.Or(r.FormValue("PageSize"), "50"))
	if err != nil || size < 1 || size > 1000 {
		return refuse(http.StatusBadRequest, 20001, "Page size must be between 1 and 1000")
	}
	to, from := r.FormValue("To"), r.FormValue("From")
	found := []object{}
	for _, m := range slices.Backward(t.Messages()) {
		if len(found) < size && (to == "" || to == m.To) && (from == "" || from == m.From) {
			found = append(found, t.resource(m))
		}
	}
	return page(r, "messages", found, size)
}

// numbers lists those of the account's numbers that contain what is asked for
// (https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource).
func (t *Twilio) numbers(r *http.Request, _ Behaviour) answer {
	found := []object{}
	for i, n := range t.o.Numbers {
		if strings.Contains(n, r.FormValue("PhoneNumber")) {
			found = append(found, object{"sid": fmt.Sprintf("PN%032x", i+1), "account_sid": t.o.AccountSID,
				"phone_number": n, "friendly_name": n, "api_version": "2010-04-01", "status": "in-use", "type": "local",
				"capabilities": object{"voice": !slices.Contains(t.o.Mute, n), "sms": true, "mms": false, "fax": false}})
		}
	}
	return page(r, "incoming_phone_numbers", found, 50)
}

// page is a list's first page, and its only one.
func page(r *http.Request, name string, found []object, size int) answer {
	return answer{http.StatusOK, object{name: found, "uri": r.URL.RequestURI(), "first_page_uri": r.URL.RequestURI(),
		"next_page_uri": nil, "previous_page_uri": nil, "page": 0, "page_size": size, "start": 0, "end": max(0, len(found)-1)}}
}

// date is the form of the API's times, RFC 2822.
func date(t time.Time) string { return t.UTC().Format(time.RFC1123Z) }

func null(s string) any {
	if s == "" {
		return nil
	}
	return s
}
