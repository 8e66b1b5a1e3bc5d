package standin

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Call is a call that was asked for.
type Call struct {
	SID, To, From string
	Twiml         string // what is spoken
	At            time.Time
	Ended         string // "canceled" or "completed": by a request

	outcome string        // the status at which it ends, "" for "completed"
	rings   time.Duration // for so much longer
}

// Calls returns the calls that were asked for, oldest first, the last thousand of them.
func (t *Twilio) Calls() []Call {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.calls)
}

// dial takes a call, or refuses it as Twilio does (https://www.twilio.com/docs/voice/api/call-resource).
func (t *Twilio) dial(r *http.Request, b Behaviour) answer {
	c := Call{To: r.PostFormValue("To"), From: r.PostFormValue("From"), Twiml: r.PostFormValue("Twiml"), At: time.Now(),
		outcome: b.CallOutcome, rings: b.Rings}
	bad := func(code int, message string) answer { return refuse(http.StatusBadRequest, code, message) }
	switch {
	case !e164.MatchString(c.To):
		return bad(21211, "The phone number you are attempting to call, "+c.To+", is not valid.")
	case !slices.Contains(t.o.Numbers, c.From), slices.Contains(t.o.Mute, c.From):
		return bad(21210, "The source phone number provided, "+c.From+", is not yet verified for your account.")
	case c.Twiml == "":
		return bad(21205, "Url parameter is required.")
	}
	id := make([]byte, 16)
	rand.Read(id)
	c.SID = "CA" + hex.EncodeToString(id)
	t.mu.Lock()
	t.calls = append(t.calls, c)
	t.calls = slices.Delete(t.calls, 0, max(0, len(t.calls)-kept))
	t.mu.Unlock()
	return answer{http.StatusCreated, t.callResource(c)}
}

// findCall shows what became of a call.
func (t *Twilio) findCall(sid string) func(*http.Request, Behaviour) answer {
	return func(r *http.Request, _ Behaviour) answer {
		for _, c := range t.Calls() {
			if c.SID == sid {
				return answer{http.StatusOK, t.callResource(c)}
			}
		}
		return refuse(http.StatusNotFound, 20404, "The requested resource "+r.URL.Path+" was not found")
	}
}

// hangUp ends a call, or leaves it alone or refuses as Twilio does: "canceled" is for calls that nobody has answered yet
// (https://www.twilio.com/docs/voice/api/call-resource#update-a-call-resource, https://www.twilio.com/docs/api/errors/21220).
func (t *Twilio) hangUp(sid string) func(*http.Request, Behaviour) answer {
	return func(r *http.Request, b Behaviour) answer {
		t.mu.Lock()
		defer t.mu.Unlock()
		i := slices.IndexFunc(t.calls, func(c Call) bool { return c.SID == sid })
		if i < 0 {
			return refuse(http.StatusNotFound, 20404, "The requested resource "+r.URL.Path+" was not found")
		}
		c, how := &t.calls[i], r.PostFormValue("Status")
		switch status := t.callStatus(*c); {
		case how != "canceled" && how != "completed":
			return refuse(http.StatusBadRequest, 20001, "Unknown status")
		case status == "queued", status == "ringing":
			c.Ended = "canceled"
		case status != "in-progress":
			return refuse(http.StatusBadRequest, 21220, "Invalid call state")
		case how == "completed":
			c.Ended = how
		}
		return answer{http.StatusOK, t.callResource(*c)}
	}
}

// callStatus is how far a call has come: queued for a step, ringing for a step, answered for a step, then over.
func (t *Twilio) callStatus(c Call) string {
	switch age := time.Since(c.At); {
	case c.Ended != "":
		return c.Ended
	case age < t.o.Step:
		return "queued"
	case age < 2*t.o.Step+c.rings:
		return "ringing"
	case age < 3*t.o.Step+c.rings && c.outcome == "":
		return "in-progress"
	}
	return cmp.Or(c.outcome, "completed")
}

// callResource is a call as the API shows it.
func (t *Twilio) callResource(c Call) object {
	return object{"sid": c.SID, "account_sid": t.o.AccountSID, "api_version": "2010-04-01", "to": c.To, "from": c.From,
		"to_formatted": c.To, "from_formatted": c.From, "status": t.callStatus(c), "direction": "outbound-api",
		"date_created": date(c.At), "date_updated": date(time.Now()), "price_unit": "USD",
		"uri": "/2010-04-01/Accounts/" + t.o.AccountSID + "/Calls/" + c.SID + ".json"}
}

// callSID finds the call in the path of a request for one.
func callSID(path string) (sid string, ok bool) {
	return strings.CutPrefix(strings.TrimSuffix(path, ".json"), "Calls/")
}
