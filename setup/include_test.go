package setup_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchd/configs"
	"latchd/setup"
)

func TestWhatTheIncludedFileGivesIsLeftToIt(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "latchd.toml")
	_, site, _ := strings.Cut(filled, "[code]")
	for file, text := range map[string]string{path: "include = \"site.toml\"\n[door]\nid = \"front\"\nname = \"Front door\"\n[strike]\nline = \"GPIO17\"\nactive = \"high\"\npulse = \"7s\"\n",
		filepath.Join(dir, "site.toml"): "[code]" + site + "[keypad]\ndebounce = \"30ms\"\n"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	load := func() configs.Config {
		was, faults, err := configs.LoadWhatReads(path)
		if err != nil || len(faults) > 0 {
			t.Fatal(faults, err)
		}
		return *was
	}
	for change, as := range map[string]func(*configs.Config){
		"":                            func(*configs.Config) {},
		"[keypad]\ndebounce = ":       func(c *configs.Config) { c.Keypad.Debounce = configs.Default().Keypad.Debounce },
		"[[owner]]\nname = \"Grace\"": func(c *configs.Config) { c.Owner = []configs.Owner{{Name: "Grace", Phone: "+15557654399"}} },
		"[mqtt]\ncommands = false":    func(c *configs.Config) { c.MQTT.Commands = false },
	} {
		cfg := load()
		as(&cfg)
		text := setup.Text(cfg)
		got, err := configs.Parse(path, []byte(text))
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if diff := cmp.Diff(&cfg, got, sameConfig); diff != "" {
			t.Errorf("%q (-want +got):\n%s", change, diff)
		}
		rest := strings.Replace(text, change, "", 1)
		if !strings.Contains(text, change) || strings.Count(rest, "[[owner]]")+strings.Count(rest, "[twilio]")+strings.Count(rest, "[mqtt]")+strings.Count(rest, "[keypad]") > 0 {
			t.Errorf("%q: it writes what the other file gives:\n%s", change, text)
		}
	}
	want := load()
	want.Owner[0].Name = "Eve"
	if text := setup.Text(want); !strings.Contains(text, `"Eve"`) {
		t.Errorf("a change of an owner in place is lost:\n%s", text)
	}
	want.Bell.Line = want.Strike.Line
	if got := setup.Problem(want, "bell.line"); !strings.Contains(got, "is taken by strike.line") && !strings.Contains(got, "strike.line as well") {
		t.Errorf("of a line that is taken it says %q", got)
	}
}
