package configs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheBoardIsReadWhateverElseIsMissing(t *testing.T) {
	for text, want := range map[string]string{
		"": "",
		"[twilio]\naccount_sid = 3\n[owner]\n[web]\nlisten = \"?\"\n":                    "",
		"[keypad]\nrows = [\"GPIO26\"]\n":                                                "keypad",
		"[bell]\ndebounce = \"1h\"\n":                                                    "bell.debounce",
		"[strike]\nline = \"GPIO5\"\n":                                                   "strike.line",
		"[keypd]\nrows = []\n":                                                           "keypd",
		"[board]\ndriver = \"sim\"\n[keypad]\ndebounce = \"30ms\"\n[door]\nid = \"?\"\n": "",
	} {
		path := filepath.Join(t.TempDir(), "f.toml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, err := LoadBoard(path)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
		if err == nil && strings.Contains(text, "30ms") && cfg.Keypad.Debounce.String() != "30ms" {
			t.Errorf("debounce %v", cfg.Keypad.Debounce)
		}
	}
}
