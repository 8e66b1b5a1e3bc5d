package setup_test

import (
	"testing"

	"latchd/setup"
)

func TestANumberMayBeWrittenAsPeopleDo(t *testing.T) {
	for answer, want := range map[string]string{
		"+15557654321": "+15557654321", "+1 555 765-4321": "+15557654321", " +1.555.765.4321": "+15557654321",
		"+49 (0)30 1234567": "+49(0)301234567", "Ada": "Ada", "": "",
	} {
		if got := setup.Number(answer); got != want {
			t.Errorf("%q is taken as %d characters, want %d", answer, len(got), len(want))
		}
	}
}
