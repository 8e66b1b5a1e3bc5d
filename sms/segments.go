package sms

import "strings"

// The GSM 7 bit default alphabet (3GPP TS 23.038, 6.2.1) and its extension table (6.2.1.1), whose characters take two
// septets. The escape itself is no character.
const (
	gsmBasic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§" +
		"¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmExtension = "\f^{}\\[~]|€"
)

// Segments returns in how many segments a body is sent, each of which Twilio bills
// (https://www.twilio.com/docs/glossary/what-sms-character-limit): 160 septets of the GSM alphabet fit in one, or 153 in
// each of several, the rest being the header that joins them; where a character is none of that alphabet's, the whole body
// goes out in UCS-2, and 70 or 67 units of UTF-16 fit. That character, the first one, is returned too; 0 when there is none.
// No character is split between two segments. The empty body counts as one.
//
// A messaging service may have Twilio replace such characters by simpler ones ("smart encoding"); this is not foreseen here.
func Segments(body string) (n int, forcing rune) {
	if i := strings.IndexFunc(body, func(r rune) bool { return septets(r) == 0 }); i >= 0 {
		forcing = []rune(body[i:])[0]
		return pack(body, units, 70, 67), forcing
	}
	return pack(body, septets, 160, 153), 0
}

// septets is what a character takes in the GSM alphabet, 0 when it is none of it.
func septets(r rune) int {
	switch {
	case strings.ContainsRune(gsmBasic, r):
		return 1
	case strings.ContainsRune(gsmExtension, r):
		return 2
	}
	return 0
}

// units is what a character takes in UTF-16.
func units(r rune) int {
	if r > 0xffff {
		return 2
	}
	return 1
}

// pack counts the segments of a body whose characters are so large, when alone is the room in a single one and each that
// in one of several.
func pack(body string, size func(rune) int, alone, each int) int {
	all, n, used := 0, 1, 0
	for _, r := range body {
		s := size(r)
		all += s
		if used += s; used > each {
			n, used = n+1, s
		}
	}
	if all <= alone {
		return 1
	}
	return n
}
