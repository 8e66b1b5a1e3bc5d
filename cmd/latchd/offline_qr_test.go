package main

import (
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"rsc.io/qr"

	"latchd/otp"
)

// seen returns the picture as a person sees it: rows of modules, true where it is dark.
func seen(t *testing.T, picture string) (rows [][]bool) {
	t.Helper()
	for line := range strings.Lines(picture) {
		line, ink := strings.CutPrefix(strings.TrimSuffix(line, "\n"), inkOnPaper)
		line, off := strings.CutSuffix(line, inkOff)
		if !ink || !off {
			t.Fatalf("a line that keeps the terminal's colours, or changes them for good: %q", line)
		}
		var upper, lower []bool
		for _, c := range line {
			upper = append(upper, c == '█' || c == '▀')
			lower = append(lower, c == '█' || c == '▄')
		}
		rows = append(rows, upper, lower)
	}
	return rows
}

func TestThePictureIsTheCodeWithAnEdge(t *testing.T) {
	const text = "otpauth://totp/latchd:Front%20door?secret=" + rfcSecret + "&issuer=latchd"
	picture, err := drawQR(text)
	if err != nil {
		t.Fatal(err)
	}
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		t.Fatal(err)
	}
	rows := seen(t, picture)
	if len(rows) < code.Size+2*4 {
		t.Fatalf("%d rows for a code of %d", len(rows), code.Size)
	}
	for y, row := range rows {
		if len(row) != code.Size+2*4 {
			t.Fatalf("row %d has %d modules", y, len(row))
		}
		for x, dark := range row {
			if dark != code.Black(x-4, y-4) {
				t.Fatalf("at %d, %d: dark %v", x, y, dark)
			}
		}
	}
	if lines := len(rows) / 2; lines > 23 || len(rows[0]) > 80 {
		t.Errorf("%d lines of %d do not fit a small terminal with the question below", lines, len(rows[0]))
	}
}

// TestAReaderReadsThePicture gives the picture to zbarimg, of Debian's zbar-tools, as a phone's camera would get it.
func TestAReaderReadsThePicture(t *testing.T) {
	if _, err := exec.LookPath("zbarimg"); err != nil {
		t.Skip("zbarimg is not installed here (Debian: zbar-tools)")
	}
	key, err := otp.ParseTOTP(rfcSecret)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		door   string
		digits int
		want   string
	}{
		{"Front door", 6, "otpauth://totp/latchd:Front%20door?secret=" + rfcSecret + "&issuer=latchd"},
		{"Hof & Küche?: 1+1", 8, "otpauth://totp/latchd:Hof%20%26%20K%C3%BCche%3F%3A%201%2B1?secret=" + rfcSecret + "&issuer=latchd&digits=8"},
	} {
		picture, err := drawQR(keyURI(key, c.door, c.digits))
		if err != nil {
			t.Fatal(err)
		}
		const scale = 4 // dots a module
		rows := seen(t, picture)
		img := image.NewGray(image.Rect(0, 0, scale*len(rows[0]), scale*len(rows)))
		for y := range img.Rect.Dy() {
			for x := range img.Rect.Dx() {
				if !rows[y/scale][x/scale] {
					img.SetGray(x, y, color.Gray{Y: 255})
				}
			}
		}
		file := filepath.Join(t.TempDir(), "qr.png")
		f, err := os.Create(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := png.Encode(f, img); err != nil {
			t.Fatal(err)
		}
		f.Close()
		out, err := exec.CommandContext(t.Context(), "zbarimg", "--quiet", "--raw", file).Output()
		if err != nil {
			t.Fatalf("zbarimg: %v", err)
		}
		if got := strings.TrimSpace(string(out)); got != c.want {
			t.Errorf("read as %s\nwant %s", got, c.want)
		}
	}
}
