package journal

import (
	"os"
	"path/filepath"
	"testing"
)

func TestTheRetainedTopicsOfEachBrokerAreRememberedOverRestarts(t *testing.T) {
	d, _ := begin(t, options(t.TempDir()))
	equal(t, "at first", d.Retained("a:1883"), nil)
	retain := func(broker string, topics ...string) {
		t.Helper()
		if err := d.Retain(broker, topics); err != nil {
			t.Fatal(err)
		}
	}
	retain("a:1883", "x/y", "x/z")
	retain("b:1883", "x/y")
	retain("b:1883", "z")
	retain("c:1883", "z")
	retain("c:1883")
	d.end()
	d, _ = begin(t, d.opt)
	for broker, want := range map[string][]string{"a:1883": {"x/y", "x/z"}, "b:1883": {"z"}, "c:1883": nil} {
		equal(t, broker, d.Retained(broker), want)
	}
}

func TestAGarbledFileOfRetainedTopicsIsBegunAnew(t *testing.T) {
	d, _ := begin(t, options(t.TempDir()))
	file := filepath.Join(d.opt.Dir, "retained")
	for _, garbage := range []string{"", "{", "[]", "null", `{"a":1}`, `{"a":["x"],"b":{}}`} {
		if err := os.WriteFile(file, []byte(garbage), 0o600); err != nil {
			t.Fatal(err)
		}
		equal(t, garbage, d.Retained("a"), nil)
		if err := d.Retain("a", []string{"x"}); err != nil {
			t.Fatal(err)
		}
		equal(t, garbage, d.Retained("a"), []string{"x"})
	}
	if err := os.RemoveAll(d.opt.Dir); err != nil {
		t.Fatal(err)
	}
	if err := d.Retain("a", []string{"x"}); err == nil {
		t.Error("noted without a folder")
	}
}
