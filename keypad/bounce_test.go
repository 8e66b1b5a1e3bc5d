package keypad_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"latchd/board/sim"
	"latchd/keypad"
)

func TestABounceLastsFromTheFirstEdgeToTheLast(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		edges []time.Duration
		took  time.Duration
		moved bool
		rests time.Duration // when
	}{
		{},
		{edges: []time.Duration{3 * ms}, moved: true, rests: 28 * ms},
		{edges: []time.Duration{3 * ms, 4 * ms, 11 * ms}, took: 8 * ms, moved: true, rests: 36 * ms},
	} {
		var b keypad.Bounce
		for _, at := range c.edges {
			b.Edge(at)
		}
		took, moved := b.Took()
		if took != c.took || moved != c.moved || b.Left(c.rests) != 0 || moved && b.Left(c.rests-ms) != ms {
			t.Errorf("%v: %v, %v, %v left", c.edges, took, moved, b.Left(c.rests-ms))
		}
	}
}

func TestAContactThatNeverRestsIsGivenUpAfterASecond(t *testing.T) {
	var b keypad.Bounce
	for at := time.Duration(0); at <= time.Second; at += 10 * time.Millisecond {
		b.Edge(at)
		if rests := b.Left(at) == 0; rests != (at == time.Second) {
			t.Errorf("%v: rests: %v", at, rests)
		}
	}
}

func TestTheAdvisedDebounceIsTwiceTheWorstBounce(t *testing.T) {
	for worst, want := range map[time.Duration]time.Duration{
		0: 5 * time.Millisecond, 2 * time.Millisecond: 5 * time.Millisecond, 6100 * time.Microsecond: 13 * time.Millisecond,
		8 * time.Millisecond: 16 * time.Millisecond, time.Second: 200 * time.Millisecond,
	} {
		if got := keypad.Advise(worst); got != want {
			t.Errorf("%v: %v, want %v", worst, got, want)
		}
	}
}

// probed is a pad under test.
type probed struct {
	*sim.Board
	pad  *matrix
	mu   sync.Mutex
	read []keypad.Reading
}

func (p *probed) take() []keypad.Reading {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer func() { p.read = nil }()
	return slices.Clone(p.read)
}

func probing(t *testing.T, f func(t *testing.T, p *probed)) {
	synctest.Test(t, func(t *testing.T) {
		p := &probed{Board: sim.New(wiring)}
		p.pad = newMatrix(t, p.Board)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() {
			ended <- keypad.Probe(ctx, p.pad, 4, func(r keypad.Reading) {
				p.mu.Lock()
				defer p.mu.Unlock()
				p.read = append(p.read, r)
			})
		}()
		<-time.After(time.Second)
		f(t, p)
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		_ = p.Close()
	})
}

func down(m keypad.Matrix) string {
	var keysDown strings.Builder
	for r, row := range keys {
		for c, k := range row {
			if m[r]>>c&1 == 1 {
				keysDown.WriteRune(k)
			}
		}
	}
	return keysDown.String()
}

func TestTheProbeTimesEveryBounce(t *testing.T) {
	probing(t, func(t *testing.T, p *probed) {
		if first := p.take(); len(first) != 1 || down(first[0].Frame) != "" || first[0].Edges {
			t.Fatalf("at rest: %v", first)
		}
		p.Bounce(8*time.Millisecond, 1)
		longest := time.Duration(0)
		for _, key := range strings.Join(keys, "") {
			if err := p.Press(t.Context(), string(key)); err != nil {
				t.Fatal(err)
			}
			<-time.After(200 * time.Millisecond)
			read := p.take()
			if len(read) != 2 || down(read[0].Frame) != string(key) || down(read[1].Frame) != "" {
				t.Fatalf("%c: %v", key, read)
			}
			for _, r := range read {
				if !r.Edges || r.Bounce <= 0 || r.Bounce > 8*time.Millisecond {
					t.Errorf("%c: bounce %v, edges %v", key, r.Bounce, r.Edges)
				}
				longest = max(longest, r.Bounce)
			}
		}
		if longest < 4*time.Millisecond {
			t.Errorf("the longest of 24 bounces of 0 to 8 ms is %v", longest)
		}
	})
}

func TestTheProbeSeesGhostsAndKeysWithoutEdges(t *testing.T) {
	probing(t, func(t *testing.T, p *probed) {
		p.take()
		var fingers sync.WaitGroup
		for i, key := range "124" { // 4 is in the column of 1, whose edges it hides
			fingers.Go(func() {
				<-time.After(time.Duration(i) * time.Second)
				_ = p.Hold(t.Context(), key, 10*time.Second)
			})
		}
		<-time.After(5 * time.Second)
		var got []string
		for _, r := range p.take() {
			got = append(got, fmt.Sprint(down(r.Frame), " ", down(r.Frame.Doubtful()), " ", r.Edges))
		}
		want := []string{"1  true", "12  true", "1245 1245 false"}
		if !slices.Equal(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
		fingers.Wait()
	})
}

func TestATapTooShortForAPressIsEdgesWithoutAKey(t *testing.T) {
	probing(t, func(t *testing.T, p *probed) {
		p.take()
		_ = p.Hold(t.Context(), '5', 10*time.Millisecond)
		<-time.After(200 * time.Millisecond)
		if r := p.take(); len(r) != 1 || down(r[0].Frame) != "" || !r[0].Edges || r[0].Bounce != 10*time.Millisecond {
			t.Errorf("%v", r)
		}
	})
}

func TestTheProbeEndsWithALineThatFails(t *testing.T) {
	b := sim.New(wiring)
	pad := newMatrix(t, b)
	broken := errors.New("the wire is cut")
	pad.broken.Store(&broken)
	if err := keypad.Probe(t.Context(), pad, 4, func(keypad.Reading) { t.Error("a reading") }); !errors.Is(err, broken) {
		t.Error(err)
	}
}
