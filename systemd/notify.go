package systemd

import (
	"os"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"golang.org/x/sys/unix"
)

// Ready tells systemd that the start, or the reload announced by Reloading, is complete. status is a short line for
// `systemctl status`. Like all notices here (sd_notify(3)) it does nothing outside a unit of Type=notify, and never
// waits: an error says that systemd has not been told, which is worth a line in the log and nothing else.
func Ready(status string) error { return notify(daemon.SdNotifyReady, statusLine(status)) }

// Reloading says that the configuration is being read again. Ready must follow, also when the old one stays.
func Reloading() error {
	return notify(daemon.SdNotifyReloading, strings.TrimSpace(daemon.SdNotifyMonotonicUsec()))
}

// Stopping says that the end has begun, of the daemon's own accord or not.
func Stopping(status string) error { return notify(daemon.SdNotifyStopping, statusLine(status)) }

// Alive feeds the watchdog. The loop that owns the door calls it, and nothing else, or a hung loop would go unnoticed.
func Alive() error { return notify(daemon.SdNotifyWatchdog) }

// AliveEvery returns how often Alive is due: half of the time after which the watchdog bites, as sd_watchdog_enabled(3)
// advises. 0 means that nobody watches.
func AliveEvery() (time.Duration, error) {
	limit, err := daemon.SdWatchdogEnabled(false)
	return limit / 2, err
}

func statusLine(s string) string { return "STATUS=" + strings.ReplaceAll(s, "\n", " ") }

func notify(lines ...string) error {
	path := os.Getenv("NOTIFY_SOCKET")
	if path == "" {
		return nil
	}
	return send(path, []byte(strings.Join(lines, "\n")))
}

// send hands one datagram to the unix socket at path ("@name" for an abstract one). Where the receiver has stopped
// reading and its queue is full, the datagram is lost: a stuck systemd or journald must not hold up the door.
func send(path string, msg []byte) error {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	defer unix.Close(fd)
	return os.NewSyscallError("sendto", unix.Sendto(fd, msg, unix.MSG_DONTWAIT, &unix.SockaddrUnix{Name: path}))
}
