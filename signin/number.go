package signin

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// bare drops from a number what people and their phones write into it: spaces, dashes, dots, brackets, marks that cannot be seen.
func bare(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '.' || unicode.IsSpace(r) || unicode.In(r, unicode.Pd, unicode.Ps, unicode.Pe, unicode.Cf) {
			return -1
		}
		return r
	}, s)
}

// seven digits make a phone number (see parsePhone), in any script, and however they are parted.
var seven = regexp.MustCompile(`\p{Nd}{7}`)

// numberIn refuses what may hold a whole phone number, anywhere in a value of JSON: users.json and the answers show none.
func numberIn(v any, field string) error {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			if err := cmp.Or(numberIn(key, field), numberIn(value, field)); err != nil {
				return err
			}
		}
	case []any:
		for _, value := range v {
			if err := numberIn(value, field); err != nil {
				return err
			}
		}
	case float64:
		return numberIn(strconv.FormatFloat(v, 'f', -1, 64), field)
	case string:
		if seven.MatchString(bare(v)) {
			return fmt.Errorf("%w: %s holds seven digits or more in a row, as a phone number does", ErrUser, field)
		}
	}
	return nil
}
