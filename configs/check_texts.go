package configs

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"text/template/parse"
	"time"

	"latchd/lock"
)

func (r *reading) texts() {
	for i, code := range r.cfg.Texts.CountryCodes {
		if code == "" || len(code) > 3 || !isDigits(code) || code[0] == '0' {
			r.refuse(indexed("texts.country_codes", i), "is "+quote(code), `allowed: 1 to 3 digits without +, as in "44"`)
		}
	}
	if problem, remedy := bodyFault(r.cfg.Texts.Body); problem != "" {
		r.refuse("texts.body", problem, remedy)
	} else if r.cfg.Texts.NamesSite() && r.cfg.Site.ID == "" && !r.unread("site.id") {
		r.refuse("texts.body", "holds {{.Site}}, and the door belongs to none", "give site.id, or take it out")
	}
}

// longestBody keeps a text, its door's name put in, well below the 1,600 characters that Twilio takes.
const longestBody = 600

// bodyFault says what is wrong with what a text says. Fields are all that it may use: a template that branches or loops
// can be right today and fail on the day that somebody stands at the door.
func bodyFault(body string) (problem, remedy string) {
	const fields = "allowed: text with {{.Code}}, {{.Door}}, {{.Site}} and {{.Minutes}}"
	if len([]rune(body)) > longestBody {
		return "is too long", fmt.Sprintf("allowed: up to %d characters", longestBody)
	}
	trees, err := parse.Parse("body", body, "", "")
	if err != nil {
		return "is no template", fields
	}
	code := false
	if tree := trees["body"]; tree != nil {
		for _, node := range tree.Root.Nodes {
			name, ok := bodyField(node)
			if !ok {
				return "holds " + quote(node.String()), fields
			}
			code = code || name == ".Code"
		}
	}
	if !code {
		return "does not hold {{.Code}}", fields
	}
	return "", ""
}

// NamesSite says whether a text says to which site the door belongs.
func (t Texts) NamesSite() bool {
	trees, err := parse.Parse("body", t.Body, "", "")
	if err != nil || trees["body"] == nil {
		return false
	}
	return slices.ContainsFunc(trees["body"].Root.Nodes, func(n parse.Node) bool { name, _ := bodyField(n); return name == ".Site" })
}

// bodyField returns the field that a node of the template stands for, "" when it is plain text.
func bodyField(n parse.Node) (name string, ok bool) {
	switch n := n.(type) {
	case *parse.TextNode:
		return "", true
	case *parse.ActionNode:
		name = n.Pipe.String()
		return name, oneOf(name, ".Code .Door .Site .Minutes")
	}
	return "", false
}

func (r *reading) owners() {
	if len(r.cfg.Owner) == 0 && !r.unread("owner") && !r.meant["owner"] {
		r.refuse("owner", r.missing("owner", r.lineOf("owner")), `add [[owner]] with name = "Ada" and phone = "+15557654321"`)
	}
	named, called := map[string]string{}, map[lock.Phone]string{}
	for i, o := range r.cfg.Owner {
		owner := indexed("owner", i)
		if key := owner + ".name"; r.given(key, `name = "Ada"`) {
			r.properName(key, o.Name)
			if by, ok := named[o.Name]; ok {
				r.refuse(key, "is the name of "+by+" as well", "give each owner a name of their own")
			}
			named[o.Name] = owner
		}
		if key := owner + ".phone"; r.given(key, `phone = "+15557654321"`) {
			r.ownerPhone(key, o.Phone)
			if by, ok := called[o.Phone]; ok {
				r.refuse(key, "is the number of "+by+" as well", "give each number once")
			}
			called[o.Phone] = owner
		}
		if _, ok := parseHours(o.Quiet); !ok {
			r.refuse(owner+".quiet", "is "+quote(o.Quiet), `allowed: HH:MM-HH:MM, as in "22:00-07:00", or "" for never`)
		}
		if !language.MatchString(o.Language) {
			r.refuse(owner+".language", "is "+quote(o.Language), `allowed: a language and a country as Twilio's voices have them, as in "de-DE"`)
		}
	}
}

// language is the form of those at https://www.twilio.com/docs/voice/twiml/say/text-speech, but for "arb" and "cmn-CN" as well.
var language = regexp.MustCompile(`^([a-z]{2,3}(-[A-Z]{2})?)?$`)

// ownerPhone checks an owner's number, and that texts may go to its country.
func (r *reading) ownerPhone(key string, phone lock.Phone) {
	r.phone(key, string(phone), "the owner's number")
	if isE164(string(phone)) && phone == r.cfg.Twilio.From {
		r.refuse(key, "is the number of twilio.from, which cannot text itself", "give the owner's own number")
	}
	codes := r.cfg.Texts.CountryCodes
	if len(codes) == 0 || !isE164(string(phone)) || r.unread("texts.country_codes") {
		return
	}
	for _, code := range codes {
		if strings.HasPrefix(string(phone), "+"+code) {
			return
		}
	}
	r.refuse(key, "no text may go to its country", "add its country code to texts.country_codes")
}

// phone checks a number. It is never repeated.
func (r *reading) phone(key, number, whose string) {
	switch {
	case strings.Contains(number, "..."):
		r.refuse(key, "is still the example's", "put "+whose+` here, as in "+15557654321"`)
	case !isE164(number):
		r.refuse(key, "is no number in E.164 form", `allowed: +, country code, number, digits only, as in "+15557654321"`)
	}
}

// isE164 holds a number against ITU-T E.164: a plus, and up to 15 digits of which the first is not 0. Fewer than seven
// reach no subscriber.
func isE164(s string) bool {
	n, ok := strings.CutPrefix(s, "+")
	return ok && len(n) >= 7 && len(n) <= 15 && isDigits(n) && n[0] != '0'
}

func isDigits(s string) bool { return strings.Trim(s, "0123456789") == "" }

// parseHours reads quiet hours: "22:00-07:00", or empty for never.
func parseHours(s string) (h lock.Hours, ok bool) {
	if s == "" {
		return h, true
	}
	const hourMinute = "15:04"
	from, to, _ := strings.Cut(s, "-")
	a, err1 := time.Parse(hourMinute, from)
	b, err2 := time.Parse(hourMinute, to)
	if err1 != nil || err2 != nil || len(s) != len("22:00-07:00") || a.Equal(b) {
		return h, false
	}
	return lock.Hours{From: a.Hour()*60 + a.Minute(), To: b.Hour()*60 + b.Minute()}, true
}
