package wiring

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestThePictureIsSVGWithAWireForEachTerminalAndNoneOnAnother(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := plans(t)
		var b strings.Builder
		if err := p.SVG(&b); err != nil {
			t.Fatal(err)
		}
		for d := xml.NewDecoder(strings.NewReader(b.String())); ; {
			if _, err := d.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("not XML: %v", err)
			}
		}
		l := p.layout()
		n := 0
		for i, s := range l.places {
			for _, term := range s.terminals {
				if term.pin == 0 {
					continue
				}
				n++
				if title := fmt.Sprintf("<title>%s: %s, pin %d</title>", escape(s.wireName(term)), term.line, term.pin); !strings.Contains(b.String(), title) {
					t.Errorf("no wire is called %s", title)
				}
			}
			for _, other := range l.places[:i] {
				if above, below := min(s.top, other.top), max(s.top, other.top); s.flank == other.flank && below-above < min(s.height(), other.height()) {
					t.Errorf("%s lies on %s", s.name, other.name)
				}
			}
		}
		if n != len(l.wires) {
			t.Errorf("%d wires for %d terminals", len(l.wires), n)
		}
		for i, a := range l.wires {
			lo, hi := min(a.edge, l.board[a.flank]), max(a.edge, l.board[a.flank])
			if a.track <= lo || a.track >= hi {
				t.Errorf("%+v leaves its flank", a)
			}
			for _, b := range l.wires[:i] {
				if a.flank == b.flank && (a.track == b.track || a.to == b.to || a.from == b.to || b.from == a.to || a.from == b.from && a.pin != b.pin) {
					t.Errorf("%+v runs along %+v", a, b)
				}
			}
		}
	})
}

func TestTheTwoGravestWordsStandAtAPinWhereThereIsRoom(t *testing.T) {
	p := usual
	p.Strike = Output{"GPIO3", false}
	p.Exit, p.Contact, p.Bell = Input{"GPIO2", true}, Input{"GPIO4", true}, Input{"GPIO15", true}
	want := map[int][]string{3: {"beside 5 V +1"}, 4: {"5 V"}, 5: {"pulls up", "no pull-down +2"}, 10: {"UART"}}
	if diff := cmp.Diff(want, p.tags()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// written is a text of the picture.
type written struct {
	X      float64 `xml:"x,attr"`
	Y      float64 `xml:"y,attr"`
	Anchor string  `xml:"text-anchor,attr"`
	Size   float64 `xml:"font-size,attr"`
	Text   string  `xml:",chardata"`
	Spans  []struct {
		Text string `xml:",chardata"`
	} `xml:"tspan"`
}

// across is where it begins and ends, with letters a little over half as wide as they are high.
func (w written) across() (from, to float64) {
	text := w.Text
	for _, s := range w.Spans {
		text += s.Text
	}
	wide := 9 * float64(utf8.RuneCountInString(text))
	switch w.Anchor {
	case "end":
		return w.X - wide, w.X
	case "middle":
		return w.X - wide/2, w.X + wide/2
	}
	return w.X, w.X + wide
}

// On a page 830 pixels wide, as GitHub's, a picture of the usual width has no letters smaller than 11 pixels. Nothing is written on
// something else, even where so many wires are marked that the picture grows.
func TestThePicturesLabelsAreReadable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := plans(t)
		var b strings.Builder
		if err := p.SVG(&b); err != nil {
			t.Fatal(err)
		}
		var picture struct {
			View  string    `xml:"viewBox,attr"`
			Size  float64   `xml:"font-size,attr"`
			Texts []written `xml:"text"`
		}
		if err := xml.Unmarshal([]byte(b.String()), &picture); err != nil {
			t.Fatal(err)
		}
		var wide, high float64
		if _, err := fmt.Sscanf(picture.View, "0 0 %f %f", &wide, &high); err != nil || picture.Size*830 < 11*pageWidth {
			t.Fatalf("letters of %v in %s: %v", picture.Size, picture.View, err)
		}
		for i, a := range picture.Texts {
			from, to := a.across()
			if from < 0 || to > wide || a.Y > high || a.Size != 0 && a.Size < picture.Size {
				t.Errorf("%q stands at %v to %v of %s, in letters of %v", a.Text, from, to, picture.View, a.Size)
			}
			for _, b := range picture.Texts[:i] {
				if f, e := b.across(); from < e && f < to && a.Y-b.Y < picture.Size-2 && b.Y-a.Y < picture.Size-2 {
					t.Errorf("%+v is written on %+v", a, b)
				}
			}
		}
	})
}
