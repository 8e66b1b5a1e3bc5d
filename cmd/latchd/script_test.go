package main

import (
	"os"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestScripts runs testdata/script: each file is what a user types, and what must come of it.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("TWILIO_AUTH_TOKEN", "sesame0secret0token")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"ready": awaitFile, "installs": install},
	})
}

// awaitFile is "ready FILE": it waits until the file is there.
func awaitFile(ts *testscript.TestScript, _ bool, args []string) {
	for end := time.Now().Add(patience); ; <-time.After(10 * time.Millisecond) {
		if _, err := os.Stat(ts.MkAbs(args[0])); err == nil {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("%s has not come", args[0])
		}
	}
}

// install is exec, but that the check at the end of a setup may fail where the user may not make /var/lib/latchd.
func install(ts *testscript.TestScript, _ bool, args []string) {
	if err := ts.Exec(args[0], args[1:]...); err != nil && os.Getuid() == 0 {
		ts.Fatalf("%v", err)
	}
}
