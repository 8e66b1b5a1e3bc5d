package sms

import (
	"context"
	"encoding/xml"
	"slices"
	"strings"
	"time"

	v2010 "github.com/twilio/twilio-go/rest/api/v2010"

	"latchd/lock"
)

const (
	longRing = 30 * time.Second
	callLook = 3 * time.Second // before the first look at a call; grows by half
)

// mayCall returns whether a call is made where a text has met this trouble: where a call may fare better, and the owner has
// not asked for peace.
func (j job) mayCall(t *Trouble) bool {
	switch {
	case !j.to.voice, t.kind == unheard, t.kind == hurried, t.kind == signedOut:
		return false
	case t.Code == 0:
		return t.kind != refusal // which is our own then
	}
	_, known := codes[t.Code]
	return slices.Contains(textsOnly, t.Code) || !known && t.kind == givenUp
}

// textsOnly are the codes of troubles that texts have and calls do not: landlines, filters, and senders that carriers do not
// let text. See codes.
var textsOnly = []int{21606, 21614, 21635, 30004, 30006, 30007, 30008, 30022, 30024, 30032, 30034, 30450}

// call has Twilio call the owner and speak the code, and follows the call until it is answered or over. A call that still
// rings when its code dies is hung up.
func (c *Client) call(run context.Context, j job, tell func(lock.Input)) {
	if c.forbids(j) != nil || !c.worthwhile(j) {
		return
	}
	sid, t := c.dial(run, j) // to the end of it even if the code dies: what rings must be known, to be hung up
	if run.Err() != nil {
		return
	}
	if t != nil {
		if t.kind == signedOut { // an API key may be allowed to text and not to call: texts go on
			c.look()
			t = &Trouble{kind: signedOut, Code: t.Code, Detail: "Twilio refuses the credentials for a call",
				Hint: "allow the API key to make calls, in Twilio's console, or set twilio.voice_fallback = false"}
		} else {
			c.blame(j.owner, t)
		}
		tell(c.callNews(j, lock.Failed, t))
		return
	}
	tell(c.callNews(j, lock.Sent, nil))
	ctx, cancel := j.within(run)
	defer cancel()
	if state, t := c.followCall(ctx, j, sid); state != lock.Sent {
		tell(c.callNews(j, state, t))
		return
	}
	<-ctx.Done()
	if run.Err() == nil && c.barred.Load() == nil {
		c.hangUp(run, j, sid)
	}
}

// callOver is what Twilio says of a call that has ended (https://www.twilio.com/docs/api/errors/21220).
const callOver = 21220

// hangUp asks once that a call which nobody has answered be ended
// (https://www.twilio.com/docs/voice/api/call-resource#update-a-call-resource). One that was answered meanwhile goes on.
func (c *Client) hangUp(ctx context.Context, j job, sid string) {
	_, t := c.ask(ctx, j.text.Code.Reveal(), func(x *exchange) error {
		_, err := x.service().UpdateCall(sid, (&v2010.UpdateCallParams{}).SetStatus("canceled"))
		return err
	})
	if t != nil && t.Code != callOver && ctx.Err() == nil {
		c.log.Warn("a call may still ring for a dead code", "owner", j.owner, "why", t.Detail, "twilio_code", t.Code)
	}
}

// callNews tells what became of a call. The budget is the texts': a call, failed or not, gives nothing back.
func (c *Client) callNews(j job, state lock.TextState, t *Trouble) lock.TextNews {
	n := c.news(j, state, t)
	n.Unsent, n.Call = false, true
	if t != nil && t.kind == doubtful {
		n.Detail = t.Detail + "; whether the call was made is not known"
	}
	n.Detail = strings.TrimSuffix("by a call: "+n.Detail, ": ")
	return n
}

// dial asks for the call (https://www.twilio.com/docs/voice/api/call-resource#create-a-call-resource).
func (c *Client) dial(ctx context.Context, j job) (sid string, t *Trouble) {
	params := (&v2010.CreateCallParams{}).SetTo(j.to.owners[j.owner].Reveal()).SetFrom(c.from).
		SetTwiml(speech(j.to.names.place(), j.to.languages[j.owner], j.text.Code.Reveal())).
		SetTimeout(int(min(longRing, time.Until(j.dead)) / time.Second)).SetTimeLimit(60)
	_, t = c.ask(ctx, j.text.Code.Reveal(), func(x *exchange) error {
		call, err := x.service().CreateCall(params)
		if err != nil {
			return err
		}
		if call.Sid == nil || !is("CA", *call.Sid) {
			return errStrange
		}
		sid = *call.Sid
		return nil
	})
	return sid, t
}

// speech is what is said, in TwiML (https://www.twilio.com/docs/voice/twiml/say): the door's name and the digits one by
// one, twice, in the owner's language. Only names and numbers: nothing needs to be translated.
func speech(door, language, code string) string {
	type say struct {
		XMLName  xml.Name `xml:"Say"`
		Language string   `xml:"language,attr"`
		Words    string   `xml:",chardata"`
	}
	type pause struct {
		XMLName xml.Name `xml:"Pause"`
		Length  int      `xml:"length,attr"`
	}
	once := say{Language: language, Words: door + ". " + strings.Join(strings.Split(code, ""), ". ") + "."}
	b, _ := xml.Marshal(struct {
		XMLName xml.Name `xml:"Response"`
		Parts   []any
	}{Parts: []any{pause{Length: 1}, once, pause{Length: 1}, once}}) // strings and numbers cannot fail to marshal
	return string(b)
}

// followCall asks what became of a call until it is answered or over, or the code is dead; then the state is lock.Sent still
// (https://www.twilio.com/docs/voice/api/call-resource#call-status-values).
func (c *Client) followCall(ctx context.Context, j job, sid string) (lock.TextState, *Trouble) {
	for gap, n := callLook, 0; n < looks && sleep(ctx, gap); gap = min(gap*3/2, lastLook) {
		if c.barred.Load() != nil {
			continue
		}
		n++
		var call *v2010.ApiV2010Call
		x, t := c.ask(ctx, j.text.Code.Reveal(), func(x *exchange) (err error) {
			call, err = x.service().FetchCall(sid, &v2010.FetchCallParams{})
			return err
		})
		switch {
		case t != nil && t.kind == signedOut:
			c.look()
			return lock.Sent, nil
		case t != nil && t.kind == hurried && !sleep(ctx, x.wait):
			return lock.Sent, nil
		case t != nil, call.Status == nil:
			continue
		}
		switch *call.Status {
		case "in-progress", "completed":
			return lock.Delivered, nil
		case "busy":
			return lock.Failed, &Trouble{kind: givenUp, Detail: "the owner's phone is busy", Hint: "ring again"}
		case "no-answer":
			return lock.Failed, &Trouble{kind: givenUp, Detail: "nobody answered", Hint: "ring again"}
		case "failed", "canceled":
			return lock.Failed, &Trouble{kind: givenUp, Detail: "the call could not be made",
				Hint: "check the owner's phone, and under Voice, Geo permissions in Twilio's console that its country may be called"}
		}
	}
	return lock.Sent, nil
}
