package sim

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestCommandsAreReadAsTyped(t *testing.T) {
	tests := []struct {
		typed string
		want  command
	}{
		{"press 123#", command{Verb: "press", Keys: "123#"}},
		{"hold 5 2s", command{Verb: "hold", Keys: "5", For: 2 * time.Second}},
		{"bell", command{Verb: "bell"}},
		{"bell 1h", command{Verb: "bell", For: time.Hour}},
		{"exit 300ms", command{Verb: "exit", For: 300 * time.Millisecond}},
		{"door open", command{Verb: "door", On: true}},
		{"door closed", command{Verb: "door"}},
		{"tamper on", command{Verb: "tamper", On: true}},
		{"tamper off", command{Verb: "tamper"}},
		{"line GPIO17", command{Verb: "line", Line: "GPIO17"}},
		{"watch", command{Verb: "watch"}},
	}
	for _, tt := range tests {
		if got, err := parse(strings.Fields(tt.typed)); got != tt.want || err != nil {
			t.Errorf("%s: %+v, %v", tt.typed, got, err)
		}
	}
}

func TestWrongCommandsSayWhatIsWrong(t *testing.T) {
	tests := []struct{ typed, want string }{
		{"", "no command"},
		{"knock", `command "knock": press, hold`},
		{"press", `press: 0 arguments: it is "press KEYS"`},
		{"press 1 2", `press: 2 arguments: it is "press KEYS"`},
		{"press " + strings.Repeat("1", 20_001), "more than 20000 keys"},
		{"hold 5", `hold: 1 arguments: it is "hold KEY DUR"`},
		{"hold 55 2s", `hold: 2 keys: it is "hold KEY DUR"`},
		{"hold 5 2", `hold: "2" is not a duration: write 300ms or 2s`},
		{"hold 5 61m", "hold: 1h1m0s: more than 0 and at most 1h0m0s"},
		{"bell 0s", "bell: 0s: more than 0"},
		{"exit -1s", "exit: -1s: more than 0"},
		{"bell 1s 2s", `bell: 2 arguments: it is "bell [DUR]"`},
		{"door ajar", `door: "ajar": open or closed`},
		{"tamper", `tamper: 0 arguments: it is "tamper on|off"`},
		{"line", "line: 0 arguments"},
		{"watch GPIO17", "watch: 1 arguments"},
	}
	for _, tt := range tests {
		_, err := parse(strings.Fields(tt.typed))
		if err == nil || !errors.Is(err, ErrUsage) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", tt.typed, err)
		}
	}
}

// What is accepted keeps within its bounds, whatever is typed.
func FuzzParse(f *testing.F) {
	for _, form := range forms {
		f.Add(form)
	}
	f.Add("hold 5 1h")
	f.Add("press ####")
	f.Fuzz(func(t *testing.T, typed string) {
		c, err := parse(strings.Split(typed, " "))
		if err != nil && !errors.Is(err, ErrUsage) {
			t.Errorf("not a usage error: %v", err)
		}
		if err == nil && (forms[c.Verb] == "" || c.For < 0 || c.For > maxHold || len([]rune(c.Keys)) > maxKeys) {
			t.Errorf("accepted %+v", c)
		}
	})
}
