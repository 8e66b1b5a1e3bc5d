package main

import (
	"fmt"
	"strings"

	"rsc.io/qr"
)

// quiet is the light edge that a reader needs around a QR code, in modules (ISO/IEC 18004, section 6.3.8).
const quiet = 4

// Black on white whatever the terminal's own colours: two that no theme changes.
const (
	inkOnPaper = "\x1b[38;5;16;48;5;231m"
	inkOff     = "\x1b[0m"
)

// drawQR draws a QR code for a terminal, two rows of modules a line.
func drawQR(text string) (string, error) {
	code, err := qr.Encode(text, qr.L) // the smallest: a screen is not dirty
	if err != nil {
		return "", fmt.Errorf("draw the QR code: %w", err)
	}
	var b strings.Builder
	for y := -quiet; y < code.Size+quiet; y += 2 {
		b.WriteString(inkOnPaper)
		for x := -quiet; x < code.Size+quiet; x++ {
			switch upper, lower := code.Black(x, y), code.Black(x, y+1); {
			case upper && lower:
				b.WriteRune('█')
			case upper:
				b.WriteRune('▀')
			case lower:
				b.WriteRune('▄')
			default:
				b.WriteByte(' ')
			}
		}
		b.WriteString(inkOff + "\n")
	}
	return b.String(), nil
}
