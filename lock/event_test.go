package lock

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestAnEventNamesItsSiteWhereThereIsOne(t *testing.T) {
	for door, want := range map[string]string{"front": `"clock":"","door":"front"`, "elm-5/front": `"clock":"","site":"elm-5","door":"front"`} {
		b, err := json.Marshal(Event{Type: BellRung, At: time.Unix(0, 0), Door: door})
		if err != nil || !strings.Contains(string(b), want) {
			t.Errorf("%s: %s, %v, want %s", door, b, err, want)
		}
		var back Event
		if err := json.Unmarshal(b, &back); err != nil || back.Door != door {
			t.Errorf("%s is read back as %q, %v", door, back.Door, err)
		}
	}
}
