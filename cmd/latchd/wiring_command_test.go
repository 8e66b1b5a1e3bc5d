package main

import (
	"bytes"
	"os"
	"testing"

	"latchd/configs"
)

// The README's picture is what the command draws for the demo's door.
func TestThePictureInTheDocumentationIsTheCommands(t *testing.T) {
	cfg, err := configs.Parse("demo.toml", []byte(configs.Demo))
	if err != nil {
		t.Fatal(err)
	}
	var drawn bytes.Buffer
	if err := plan(cfg).SVG(&drawn); err != nil {
		t.Fatal(err)
	}
	kept, err := os.ReadFile("../../docs/wiring.svg")
	if err != nil || !bytes.Equal(kept, drawn.Bytes()) {
		t.Errorf("docs/wiring.svg is another one (%v): go run ./cmd/latchd wiring --config configs/demo.toml --svg docs/wiring.svg", err)
	}
}
