package main

import (
	"strings"
	"testing"

	"latchd/configs"
)

func TestTextsThatAreBilledMoreThanOnceAreWarnedOf(t *testing.T) {
	for name, tc := range map[string]struct {
		door, body string
		want       []string // nil: no warning
	}{
		"the default":                    {"Front door", "{{.Code}} opens {{.Door}} for {{.Minutes}} min.", nil},
		"an umlaut":                      {"Haustür", "{{ .Code }} öffnet {{ .Door }}" + strings.Repeat("ß", 120), nil},
		"one full segment":               {"D", "{{.Code}}" + strings.Repeat("x", 154), nil},
		"one character more":             {"D", "{{.Code}}" + strings.Repeat("x", 155), []string{"2 segments", "holds 160"}},
		"one more with the door's name":  {"Doors", "{{.Code}}{{.Door}}" + strings.Repeat("x", 150), []string{"2 segments"}},
		"a curly quote":                  {"Ada’s door", "{{.Code}} opens {{.Door}}", nil},
		"a long text with a curly quote": {"Ada’s door", "{{.Code}} opens {{.Door}}" + strings.Repeat("x", 50), []string{"2 segments", "'’' (U+2019)", "holds 70"}},
		"a euro counts two":              {"D", "{{.Code}}" + strings.Repeat("€", 78), []string{"2 segments"}},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := configs.Default()
			cfg.Door.Name, cfg.Texts.Body = tc.door, tc.body
			got := textWarning(&cfg)
			if tc.want == nil && got != "" || tc.want != nil && !holds(got, tc.want) {
				t.Errorf("%q, want %q", got, tc.want)
			}
		})
	}
}

func TestTheEstimateCountsWhatTheBudgetAllows(t *testing.T) {
	for want, change := range map[string]func(*configs.Config){
		"up to 3 texts of 1 segment; the budget allows 20 segments a day, 620 in 31 days": func(*configs.Config) {},
		"up to 1 text of 1 segment; the budget allows 20 segments a day, 620 in 31 days":  func(c *configs.Config) { c.Texts.PerHour = 1 },
		"up to 1 text of 2 segments; the budget allows 48 segments a day, 1488 in": func(c *configs.Config) {
			c.Texts.PerHour, c.Texts.PerDay, c.Texts.Body = 1, 500, c.Texts.Body+strings.Repeat("x", 150)
		},
		"billed by Twilio; and a call for each text that does not arrive": func(c *configs.Config) { c.Twilio.VoiceFallback = true },
	} {
		cfg := configs.Default()
		cfg.Door.Name, cfg.Owner = "Front door", make([]configs.Owner, 3)
		change(&cfg)
		var out strings.Builder
		(&report{out: &out, cfg: &cfg}).estimate()
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q, want %q", out.String(), want)
		}
	}
}
