package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

// A file stands for the card, and the device mapper passes reads and writes on to it, or refuses them.
const makeDisk = `
modprobe -a loop dm_mod
truncate -s 4M /run/bench.card
loop=$(losetup --find --show /run/bench.card)
echo "0 8192 linear $loop 0" | dmsetup create bench-card
mke2fs -q -F -t ext4 -O ^has_journal /dev/mapper/bench-card
mkdir -p /var/lib/latchd
mount -o errors=continue /dev/mapper/bench-card /var/lib/latchd`

// turnDisk are the ways in which it goes bad, and well again.
var turnDisk = map[string]string{
	"full":      `dd if=/dev/zero of=/var/lib/latchd/filled bs=1k 2>/dev/null || sync -f /var/lib/latchd`,
	"roomy":     `rm /var/lib/latchd/filled`,
	"failing":   `dmsetup suspend --nolockfs --noflush bench-card; echo "0 8192 error" | dmsetup load bench-card; dmsetup resume bench-card`,
	"well":      `dmsetup suspend --nolockfs --noflush bench-card; echo "0 8192 linear $(losetup -n -O name -j /run/bench.card) 0" | dmsetup load bench-card; dmsetup resume bench-card`,
	"read-only": `mount -o remount,ro /var/lib/latchd`,
	"writable":  `mount -o remount,rw /var/lib/latchd`,
}

func (p *play) disk(_ *testscript.TestScript, args []string) error {
	how := makeDisk
	if len(args) > 0 {
		var ok bool
		if how, ok = turnDisk[strings.Join(args, "")]; !ok {
			return fmt.Errorf("no disk is %q", args)
		}
	}
	_, err := command("bash", "-ec", how)
	return err
}

// removeDisk takes away the disk of the scenario before, if there was one.
func (d *door) removeDisk() {
	for unix.Unmount(stateDir, unix.MNT_DETACH) == nil {
	}
	if _, err := os.Stat("/run/bench.card"); err == nil {
		command("bash", "-c", `dmsetup remove --retry bench-card; losetup -j /run/bench.card -n -O name | xargs -r losetup -d; rm /run/bench.card`)
	}
}
