package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"latchd/configs"
	"latchd/lock"
	"latchd/mqtt"
	"latchd/sms"
)

// live signs in to Twilio and at the brokers. It sends nothing.
func (r *report) live(ctx context.Context, secrets configs.Secrets) {
	if r.texts != nil {
		r.twilio(ctx)
	}
	r.brokers(ctx, secrets)
}

func (r *report) twilio(ctx context.Context) {
	s, err := r.texts.Survey(ctx)
	if err != nil {
		r.fail("twilio: %v", err)
		return
	}
	switch t := r.cfg.Twilio; {
	case t.MessagingServiceSID == "":
		r.ok("twilio: signed in; the sender %s is this account's and can send texts", t.From)
	case s.Senders < 0:
		r.ok("twilio: signed in; the messaging service is this account's; whether it has a sender cannot be read")
	case s.Senders == 0:
		r.warn("twilio: signed in; the messaging service is this account's, but has no number that can send texts: " +
			"add one in Twilio's console, unless it sends from a short code or a name")
	default:
		r.ok("twilio: signed in; the messaging service is this account's, with %s that can send texts", count(s.Senders, "number"))
	}
	if !s.Active {
		r.fail("twilio: the account is suspended or closed: see whether it is out of money, in Twilio's console")
	}
	if s.Mute && r.cfg.Twilio.VoiceFallback {
		r.warn("twilio: the sender %s cannot call, so no code will be spoken: choose a number with Voice in Twilio's console, "+
			"or set twilio.voice_fallback = false", r.cfg.Twilio.From)
	}
	r.reach(s)
	where := "Messaging, Geo permissions"
	if r.cfg.Twilio.VoiceFallback {
		where = "Messaging and Voice, Geo permissions, and that the key may make calls"
	}
	r.warn("twilio: the owners' countries are %s: see that they are on under %s, in Twilio's console; that cannot be seen from here",
		strings.Join(r.countries(), ", "), where)
}

// reach says whether the account may text all owners. A trial account texts verified numbers only
// (https://www.twilio.com/docs/usage/tutorials/how-to-use-your-free-trial-account).
func (r *report) reach(s sms.Survey) {
	const mend = "verify them under Phone Numbers, Verified Caller IDs, or upgrade the account"
	var unverified []string
	for _, o := range r.cfg.Owner {
		if slices.Contains(s.Unverified, o.Name) {
			unverified = append(unverified, fmt.Sprintf("%s (%s)", o.Name, o.Phone))
		}
	}
	names := strings.Join(unverified, ", ")
	switch {
	case s.Type == "Full":
		r.ok("twilio: a full account: no number has to be verified")
	case s.Unlisted != nil && s.Type == "":
		r.warn("twilio: whether this is a trial account cannot be read (%s), nor which numbers are verified (%s): "+
			"if it is one, see that every owner's number is verified, in Twilio's console", s.Untold.Detail, s.Unlisted.Detail)
	case s.Unlisted != nil:
		r.warn("twilio: a trial account texts verified numbers only, and which they are cannot be read (%s): "+
			"see them under Phone Numbers, Verified Caller IDs", s.Unlisted.Detail)
	case s.Type != "" && names != "":
		r.warn("twilio: a trial account, which cannot text %s: %s", names, mend)
	case s.Type != "":
		r.ok("twilio: a trial account; every owner's number is verified")
	case names != "":
		r.warn("twilio: whether this is a trial account cannot be read (%s); if it is one, it cannot text %s: %s",
			s.Untold.Detail, names, mend)
	default:
		r.ok("twilio: whether this is a trial account cannot be read (%s); every owner's number is verified, as one needs",
			s.Untold.Detail)
	}
}

// countries lists the calling codes of the owners' numbers with the owners' names.
func (r *report) countries() (list []string) {
	owners := map[string][]string{}
	var codes []string
	for _, o := range r.cfg.Owner {
		code := sms.CallingCode(o.Phone)
		if owners[code] == nil {
			codes = append(codes, code)
		}
		owners[code] = append(owners[code], o.Name)
	}
	for _, code := range codes {
		list = append(list, code+" ("+strings.Join(owners[code], ", ")+")")
	}
	return list
}

func (r *report) brokers(ctx context.Context, secrets configs.Secrets) {
	o, err := brokerOptions(r.cfg, secrets)
	if err != nil {
		return // told already
	}
	c, err := mqtt.New(o, nil, func(lock.Input) {})
	if err != nil {
		r.fail("%v", err)
		return
	}
	for _, f := range c.Check(ctx) {
		if f.Detail != "" {
			r.fail("mqtt: broker %s: %s: %s", f.Broker, f.Detail, f.Hint)
		} else {
			r.ok("mqtt: broker %s: connected, signed in, subscribed", f.Broker)
		}
	}
}
