package sms

import (
	"strings"
	"testing"
	"time"
)

func TestATextNamesTheSiteWhereItsBodyDoes(t *testing.T) {
	o := Options{Body: "{{.Code}} opens {{.Door}}, {{.Site}}", Door: "Front door", Site: "Elm Street 5"}
	if got, err := o.Sample(6, time.Minute); err != nil || got != "000000 opens Front door, Elm Street 5" {
		t.Errorf("%q, %v", got, err)
	}
	o.Body = "{{.Code}} opens {{.Door}} for {{.Minutes}} min."
	if got, err := o.Sample(6, time.Minute); err != nil || got != "000000 opens Front door for 1 min." {
		t.Errorf("%q, %v", got, err)
	}
}

// What has no body of its own, a call or a code that signs in, names both: its owner may have doors in several houses.
func TestACallNamesTheSite(t *testing.T) {
	names := Options{Door: "Front door", Site: "Elm Street 5"}.names()
	if said := speech(names.place(), "en-US", "123456"); !strings.Contains(said, "Front door, Elm Street 5") {
		t.Errorf("it says %s", said)
	}
	if got := (Options{Door: "Front door"}).names().place(); got != "Front door" {
		t.Errorf("without a site it is %q", got)
	}
}
