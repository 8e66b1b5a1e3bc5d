package sim_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"periph.io/x/conn/v3/gpio"

	"latchd/board/sim"
)

// serve serves a board until the test ends and returns its socket.
func serve(t *testing.T, b *sim.Board) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	l, err := sim.Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error)
	go func() { served <- sim.Serve(ctx, l, b) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
		if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the socket is left behind: %v", err)
		}
	})
	return path
}

func do(t *testing.T, path, typed string) (string, error) {
	t.Helper()
	var out strings.Builder
	err := sim.Do(t.Context(), path, strings.Fields(typed), &out)
	return out.String(), err
}

func TestCommandsWorkTheBoardOverItsSocket(t *testing.T) {
	b := held(t)
	path := serve(t, b)
	tests := []struct{ typed, out string }{
		{"line GPIO16", "1\n"},
		{"press 1", ""},
		{"hold # 1ms", ""},
		{"bell 1ms", ""},
		{"exit 1ms", ""},
		{"door open", ""},
		{"line GPIO23", "0\n"},
		{"door closed", ""},
		{"tamper on", ""},
		{"line GPIO17", "0\n"},
	}
	for _, tt := range tests {
		if out, err := do(t, path, tt.typed); out != tt.out || err != nil {
			t.Errorf("%s: %q, %v", tt.typed, out, err)
		}
	}
}

func TestTheBoardsRefusalsComeBackAsWrongUsage(t *testing.T) {
	path := serve(t, sim.New(wiring))
	tests := []struct{ typed, want string }{
		{"press 12x", "key 'x' is not on this pad: keys are 1 2 3 4 5 6 7 8 9 * 0 #"},
		{"line GPIO99", `line "GPIO99" is not on the simulated board: it has GPIO5 GPIO6`},
		{"knock", `command "knock"`},
	}
	for _, tt := range tests {
		if _, err := do(t, path, tt.typed); !errors.Is(err, sim.ErrUsage) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", tt.typed, err)
		}
	}
}

func TestAMissingBoardIsAFailureAndNotWrongUsage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	if _, err := do(t, path, "bell"); err == nil || errors.Is(err, sim.ErrUsage) || !strings.Contains(err.Error(), path) {
		t.Errorf("no socket: %v", err)
	}
}

func TestWatchPrintsChangesAsLinesOfJSONUntilInterrupted(t *testing.T) {
	b := sim.New(wiring)
	path := serve(t, b)
	pin, err := b.Output("GPIO2", gpio.Low)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, w := io.Pipe()
	ended := make(chan error)
	go func() {
		err := sim.Do(ctx, path, []string{"watch"}, w)
		_ = w.Close()
		ended <- err
	}()
	quiet := make(chan struct{})
	go func() { // the watch begins at some moment: keep changing the line
		for l := gpio.High; ; l = !l {
			select {
			case <-quiet:
				return
			case <-time.After(time.Millisecond):
				_ = pin.Out(l)
			}
		}
	}()
	lines := bufio.NewScanner(r)
	last := -1
	for range 4 {
		if !lines.Scan() {
			t.Fatal("the watch ended")
		}
		var c struct {
			At    string
			Line  string
			Level int
		}
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil || c.Line != "GPIO2" || c.Level == last {
			t.Errorf("%s: %v", lines.Text(), err)
		}
		if at, err := time.Parse(time.RFC3339Nano, c.At); err != nil || len(c.At) != len("2006-01-02T15:04:05.000000000Z") ||
			time.Since(at) > time.Minute {
			t.Errorf("at %q: %v", c.At, err)
		}
		last = c.Level
	}
	close(quiet)
	cancel()
	_, _ = io.Copy(io.Discard, r)
	if err := <-ended; err != nil {
		t.Errorf("interrupted: %v", err)
	}
}

func TestAClientThatHangsUpLiftsItsFinger(t *testing.T) {
	b := held(t)
	path := serve(t, b)
	changes := b.Watch(t.Context(), "GPIO20")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- sim.Do(ctx, path, []string{"hold", "5", "1h"}, io.Discard) }()
	if c := <-changes; c.Level {
		t.Error("the key is not down")
	}
	cancel()
	if c := <-changes; !c.Level {
		t.Error("the key is not up")
	}
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}

func TestWhatIsNoCommandIsRefusedAndTheBoardGoesOn(t *testing.T) {
	path := serve(t, sim.New(wiring))
	for _, sent := range []string{"\n", "press 1\n", "[]\n", strings.Repeat("x", 200_000) + "\n", `{"verb":"knock"}` + "\n"} {
		conn, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = io.WriteString(conn, sent) }()
		var answer struct {
			Error string
			Usage bool
		}
		if err := json.NewDecoder(conn).Decode(&answer); err != nil || answer.Error == "" || !answer.Usage {
			t.Errorf("%.20q: %+v, %v", sent, answer, err)
		}
		_ = conn.Close()
	}
	if out, err := do(t, path, "line GPIO17"); out != "0\n" || err != nil {
		t.Errorf("afterwards: %q, %v", out, err)
	}
}

func TestASocket(t *testing.T) {
	t.Run("is its owner's alone", func(t *testing.T) {
		path := serve(t, sim.New(wiring))
		info, err := os.Lstat(path)
		if err != nil || info.Mode() != os.ModeSocket|0o600 {
			t.Errorf("%v, %v", info.Mode(), err)
		}
	})
	t.Run("that a live board answers is refused", func(t *testing.T) {
		path := serve(t, sim.New(wiring))
		if _, err := sim.Listen(path); err == nil || !strings.Contains(err.Error(), "another board answers") {
			t.Error(err)
		}
	})
	t.Run("that a dead board left is replaced", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "s")
		dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
		if err != nil {
			t.Fatal(err)
		}
		dead.SetUnlinkOnClose(false)
		_ = dead.Close()
		l, err := sim.Listen(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Run("does not replace a file", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "s")
		if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := sim.Listen(path); err == nil || !strings.Contains(err.Error(), "no socket") {
			t.Error(err)
		}
	})
	t.Run("does not take away the one that took its place", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "s")
		l, err := sim.Listen(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		next, err := sim.Listen(path)
		if err != nil {
			t.Fatal(err)
		}
		_ = l.Close()
		if _, err := os.Lstat(path); err != nil {
			t.Error(err)
		}
		_ = next.Close()
	})
}
