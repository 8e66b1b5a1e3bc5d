package systemd

import (
	"os"

	"golang.org/x/sys/unix"
)

// timesyncd touches this file whenever it has set the clock (systemd-timesyncd.service(8), "Files").
const timesyncd = "/run/systemd/timesync/synchronized"

// maxError is where the kernel's estimate of the clock's error stops growing when no time source corrects it, in µs
// (NTP_PHASE_LIMIT in the kernel's timex.h).
const maxError = 16_000_000

// ClockSynced says whether the wall clock follows a time source: by the kernel's estimate of its error (adjtimex(2)), or,
// where the kernel may not be asked, as in latchd.service, by systemd-timesyncd's word. Where neither answers: false.
func ClockSynced() bool {
	var tx unix.Timex
	_, err := unix.Adjtimex(&tx)
	return clockSynced(int64(tx.Maxerror), err, timesyncd)
}

// TimesyncdSynced says whether systemd-timesyncd has set the clock since the machine's start: all that ClockSynced can see from
// within latchd.service.
func TimesyncdSynced() bool {
	_, err := os.Stat(timesyncd)
	return err == nil
}

func clockSynced(kernelError int64, refused error, flag string) bool {
	if refused == nil {
		// Not STA_UNSYNC, which some daemons keep set so that the kernel leaves the hardware clock alone.
		return kernelError < maxError
	}
	_, err := os.Stat(flag)
	return err == nil
}
