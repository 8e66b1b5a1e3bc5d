package sms

import (
	"regexp"
	"strings"
	"unicode"
)

// digits finds what may be a code or a phone number: four digits or more, with what people put between them.
var digits = regexp.MustCompile(`\+?\d(?:[^\pL\pN]{0,3}\d){3,}`)

// scrub makes words that came from outside fit to be shown: one line, bounded, without the secret and without any run of
// digits that could be a code or a number. Twilio's messages echo the number, and might echo the text.
func (c *Client) scrub(s string) string {
	// First what cannot be seen, for taking it away may join digits.
	s = strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
	s = c.hide.Replace(strings.Join(strings.Fields(s), " "))
	s = digits.ReplaceAllString(s, "…")
	if r := []rune(s); len(r) > 200 {
		s = string(r[:200]) + "…"
	}
	return s
}
