package systemd

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"
)

// listen plays the receiving end of a datagram socket of systemd's.
func listen(t *testing.T) (path string, receive func() string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "s")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return path, func() string {
		t.Helper()
		if err := conn.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 64<<10)
		n, err := conn.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		return string(b[:n])
	}
}

func TestNotices(t *testing.T) {
	path, receive := listen(t)
	t.Setenv("NOTIFY_SOCKET", path)
	for _, c := range []struct {
		name string
		give func() error
		want string // a regular expression
	}{
		{"ready with a status", func() error { return Ready("locked") }, `READY=1\nSTATUS=locked`},
		{"a status cannot smuggle in another notice", func() error { return Stopping("a\nREADY=1") }, "STOPPING=1\nSTATUS=a READY=1"},
		{"a reload says when it began", Reloading, `RELOADING=1\nMONOTONIC_USEC=\d+`},
		{"stopping", func() error { return Stopping("locked") }, `STOPPING=1\nSTATUS=locked`},
		{"alive", Alive, `WATCHDOG=1`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := c.give(); err != nil {
				t.Fatal(err)
			}
			if got := receive(); !regexp.MustCompile(`^` + c.want + `$`).MatchString(got) {
				t.Errorf("systemd was told %q, want %s", got, c.want)
			}
		})
	}
}

func TestNoticeOutsideAUnitDoesNothing(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	if err := Ready("locked"); err != nil {
		t.Error(err)
	}
}

func TestNoticeToNobodyIsAnError(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", filepath.Join(t.TempDir(), "s"))
	if err := Alive(); err == nil {
		t.Error("no error")
	}
}

func TestNoticeGoesToAnAbstractSocket(t *testing.T) {
	name := fmt.Sprintf("@latchd-test-%d", os.Getpid())
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	t.Setenv("NOTIFY_SOCKET", name)
	if err := Alive(); err != nil {
		t.Error(err)
	}
}

// A systemd that reads no more, as one that has crashed and frozen, must not stop the loop that feeds the watchdog.
func TestAliveNeverWaits(t *testing.T) {
	path, _ := listen(t)
	t.Setenv("NOTIFY_SOCKET", path)
	for range 1 << 20 {
		if Alive() != nil {
			return
		}
	}
	t.Error("the socket's queue took everything")
}

func TestAliveEvery(t *testing.T) {
	pid := fmt.Sprint(os.Getpid())
	for _, c := range []struct {
		name, usec, pid string
		want            time.Duration
		fails           bool
	}{
		{name: "half of the watchdog's time", usec: "10000000", pid: pid, want: 5 * time.Second},
		{name: "nobody watches", usec: "", pid: pid},
		{name: "another process is watched", usec: "10000000", pid: "1"},
		{name: "not a number", usec: "ten", pid: pid, fails: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("WATCHDOG_USEC", c.usec)
			t.Setenv("WATCHDOG_PID", c.pid)
			got, err := AliveEvery()
			if got != c.want || (err != nil) != c.fails {
				t.Errorf("got %v, %v; want %v, error: %v", got, err, c.want, c.fails)
			}
		})
	}
}

func TestClockSynced(t *testing.T) {
	dir := t.TempDir()
	missing, flag := filepath.Join(dir, "missing"), filepath.Join(dir, "synchronized")
	write(t, flag, "", 0o644)
	refused := os.ErrPermission
	for _, c := range []struct {
		name  string
		error int64
		err   error
		flag  string
		want  bool
	}{
		{"the kernel's clock is disciplined", 250_000, nil, missing, true},
		{"the kernel's clock runs free, whatever timesyncd once said", 16_000_000, nil, flag, false},
		{"the kernel may not be asked, timesyncd has set the clock", 0, refused, flag, true},
		{"the kernel may not be asked, timesyncd has not set the clock", 0, refused, missing, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := clockSynced(c.error, c.err, c.flag); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}
