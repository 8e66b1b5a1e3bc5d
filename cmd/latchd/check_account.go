package main

import (
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// account is a user with its groups.
type account struct {
	name string
	uid  uint32
	gids []uint32
}

func accountOf(name string, groups []string) (a account, err error) {
	u, err := user.Lookup(name)
	if err != nil {
		return a, err
	}
	ids, err := u.GroupIds()
	if err != nil {
		return a, err
	}
	for group := range strings.FieldsSeq(strings.Join(groups, " ")) {
		if g, err := user.LookupGroup(group); err == nil {
			ids = append(ids, g.Gid)
		}
	}
	a.name = name
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	a.uid = uint32(uid)
	for _, id := range ids {
		if gid, err := strconv.ParseUint(id, 10, 32); err == nil {
			a.gids = append(a.gids, uint32(gid))
		}
	}
	return a, err
}

// The rights to a file, as others have them in its mode.
const (
	toEnter = 0o1
	toWrite = 0o2
	toRead  = 0o4
)

// may says whether a file's mode lets the account do that: its owner by the first three bits, else its group by the next,
// else all others by the last (path_resolution(7), "Permissions").
func (a account) may(want, mode fs.FileMode, uid, gid uint32) bool {
	switch {
	case a.uid == 0:
		return true
	case a.uid == uid:
		mode >>= 6
	case slices.Contains(a.gids, gid):
		mode >>= 3
	}
	return mode&want == want
}

// kept returns the file or folder that keeps the account from path, and its owner, group and mode in words; "" when none does
// or it is not there. A file with an access list (acl(5)) is trusted to let the account in.
func (a account) kept(path string, want fs.FileMode) (by, mode string) {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", ""
	}
	for _, p := range []string{path, real} {
		for _, at := range slices.Backward(upwards(p)) {
			need := fs.FileMode(toEnter)
			if at == p {
				need = want
			}
			info, err := os.Stat(at)
			if err != nil {
				return "", ""
			}
			s := info.Sys().(*syscall.Stat_t)
			if _, err := unix.Getxattr(at, "system.posix_acl_access", nil); err != nil && !a.may(need, info.Mode().Perm(), s.Uid, s.Gid) {
				return at, fmt.Sprintf("%s:%s %04o", userName(s.Uid), groupName(s.Gid), info.Mode().Perm())
			}
		}
	}
	return "", ""
}

// upwards is a path and the folders on the way to it, the root last.
func upwards(path string) (all []string) {
	for {
		all = append(all, path)
		if filepath.Dir(path) == path {
			return all
		}
		path = filepath.Dir(path)
	}
}

func userName(id uint32) string {
	u, err := user.LookupId(fmt.Sprint(id))
	if err != nil {
		return fmt.Sprint(id)
	}
	return u.Username
}

func groupName(id uint32) string {
	g, err := user.LookupGroupId(fmt.Sprint(id))
	if err != nil {
		return fmt.Sprint(id)
	}
	return g.Name
}
