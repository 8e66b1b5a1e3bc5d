package sms

import (
	"strings"
	"testing"
)

func TestABodyIsCountedInTheSegmentsThatAreBilled(t *testing.T) {
	x := strings.Repeat
	for name, tc := range map[string]struct {
		body    string
		n       int
		forcing rune
	}{
		"nothing":                           {"", 1, 0},
		"one full segment":                  {x("a", 160), 1, 0},
		"one character more":                {x("a", 161), 2, 0},
		"two full segments":                 {x("a", 306), 2, 0},
		"one more than two hold":            {x("a", 307), 3, 0},
		"the basic table":                   {gsmBasic + x("a", 160-127), 1, 0},
		"ü and ß are in it":                 {x("üß", 80), 1, 0},
		"ç is not, but Ç is":                {"Çç", 1, 'ç'},
		"a backtick is not":                 {"`", 1, '`'},
		"€ counts two":                      {x("€", 80), 1, 0},
		"€ beyond the segment":              {x("€", 80) + "a", 2, 0},
		"the extension table":               {gsmExtension + x("a", 140), 1, 0},
		"the extension table, one more":     {gsmExtension + x("a", 141), 2, 0},
		"an escape is not split":            {x("a", 152) + "€" + x("a", 152), 3, 0},
		"an escape at the segment's end":    {x("a", 151) + "€" + x("a", 153), 2, 0},
		"a curly quote":                     {"It’s open", 1, '’'},
		"a full one in UCS-2":               {"’" + x("a", 69), 1, '’'},
		"one character more in UCS-2":       {"’" + x("a", 70), 2, '’'},
		"two full ones in UCS-2":            {x("я", 134), 2, 'я'},
		"one more than two hold in UCS-2":   {x("я", 135), 3, 'я'},
		"€ counts one in UCS-2":             {"я" + x("€", 69), 1, 'я'},
		"an emoji counts two":               {x("🔑", 35), 1, '🔑'},
		"an emoji beyond the segment":       {x("🔑", 35) + "a", 2, '🔑'},
		"an emoji is not split":             {x("🔑", 67), 3, '🔑'}, // 33 in each, which leaves one unit free
		"the escape itself is no character": {"\x1b", 1, '\x1b'},
		"the first of several is named":     {"Tür – öffnen ✓", 1, '–'},
	} {
		if n, forcing := Segments(tc.body); n != tc.n || forcing != tc.forcing {
			t.Errorf("%s: %d segments for %q, want %d for %q", name, n, forcing, tc.n, tc.forcing)
		}
	}
}
