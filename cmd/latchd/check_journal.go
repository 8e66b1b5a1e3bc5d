package main

import (
	"errors"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// folder looks whether the journal's folder is there, or could be made, can be written, and has room.
func (r *report) folder(dir string) {
	at := dir
	info, err := os.Stat(at)
	for (errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ENOTDIR)) && at != filepath.Dir(at) {
		at = filepath.Dir(at)
		info, err = os.Stat(at)
	}
	if err != nil {
		r.fail("journal: %v", err)
		return
	}
	if !info.IsDir() {
		r.fail("journal: %s is not a folder: set journal.path to one", at)
		return
	}
	switch err := unix.Access(at, unix.W_OK|unix.X_OK); {
	case errors.Is(err, unix.EROFS):
		r.fail("journal: %s is on a file system that is mounted read-only: lockouts are the longest, and nothing is kept: "+
			"see dmesg for why, and mount it read-write", at)
	case err != nil:
		r.fail("journal: %s cannot be written by this user: run as the daemon's user, or give it the folder", at)
	default:
		r.room(dir, at)
	}
	r.keeps(dir, at)
}

// What the journal's file system should have free. A journal of 90 days is a few MB.
const (
	littleRoom   = 50_000_000 // bytes
	littleInodes = 100
	noRoom       = 1_000_000
	noInodes     = 4 // the journal, its log, its index, and the file by which another is replaced
)

// room looks at what the journal's file system has free for the daemon, which is not root.
func (r *report) room(dir, at string) {
	var fs unix.Statfs_t
	if err := unix.Statfs(at, &fs); err != nil {
		r.fail("journal: see how much room %s has: %v", at, err)
		return
	}
	if fs.Blocks == 0 { // such as /proc
		r.fail("journal: the file system of %s is not a disk, and keeps no files: set journal.path to a folder on one", dir)
		return
	}
	free := fs.Bavail * uint64(fs.Bsize)
	inodes := uint64(littleInodes)
	if fs.Files > 0 { // btrfs and others have as many as there is room for
		inodes = fs.Ffree
	}
	r.roomFor(dir, free, inodes)
}

func (r *report) roomFor(dir string, free, inodes uint64) {
	const mend = "make room: what lies on the disk, du -xh / | sort -h | tail tells"
	switch {
	case free < noRoom:
		r.fail("journal: the disk of %s is full: lockouts are the longest, and nothing is kept: %s", dir, mend)
	case inodes < noInodes:
		r.fail("journal: the disk of %s takes no more files (df -i), however much room it has: remove some", dir)
	case free < littleRoom:
		r.warn("journal: the disk of %s has %d MB left: %s", dir, free/1_000_000, mend)
	case inodes < littleInodes:
		r.warn("journal: the disk of %s takes %d more files only (df -i): remove some", dir, inodes)
	default:
		r.ok("journal: %s", dir)
	}
}
