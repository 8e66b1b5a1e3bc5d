package board

import (
	"errors"
	"strings"
	"testing"
)

func TestASurveyTellsFreeBusyAndMissingLinesApartAndTakesNone(t *testing.T) {
	k := pi4()
	k.holders = map[string]string{"GPIO5": "gpioset"}
	c := k.chip(t)
	if err := c.lookAt("GPIO17"); err != nil {
		t.Errorf("a free line: %v", err)
	}
	if err := c.lookAt("GPIO5"); !errors.Is(err, ErrBusy) || !strings.Contains(err.Error(), `held by "gpioset"`) {
		t.Errorf("a busy line: %v", err)
	}
	if err := c.lookAt("GPIO99"); err == nil || !strings.Contains(err.Error(), "GPIO99") {
		t.Errorf("a missing line: %v", err)
	}
	if len(k.requests) != 0 {
		t.Errorf("lines were requested: %v", k.requests)
	}
}
