package doctor

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// FileSystem checks what the database lies on.
func FileSystem(path string) []Finding {
	var at unix.Stat_t
	if err := unix.Stat(path, &at); err != nil {
		return []Finding{Skip("the file system was not looked at: %v", err)}
	}
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return []Finding{Skip("the file system was not looked at: %v", err)}
	}
	m, ok := mountOf(string(text), fmt.Sprintf("%d:%d", unix.Major(at.Dev), unix.Minor(at.Dev)))
	if !ok {
		return []Finding{Skip("the file system of %s is in no list of mounts", path)}
	}
	if why := remote(m.kind); why != "" {
		return []Finding{Bad(Warning, "keep the data on a disk of this machine with --home", "the database lies on %s: %s", m.kind, why)}
	}
	if m.kind != "ext4" {
		return []Finding{Good("the database lies on %s", m.kind)}
	}
	return []Finding{fastCommit(m)}
}

// fastCommit looks into the superblock of ext4, which only root may read.
func fastCommit(m mount) Finding {
	release := kernelRelease()
	if !kernelLosesFastCommits(release) {
		return Good("the database lies on %s, and kernel %s is not known to lose what it flushed", m.kind, release)
	}
	f, err := os.Open(m.source)
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, fs.ErrNotExist) {
		return Bad(Warning, fmt.Sprintf("run as root: dumpe2fs -h %s | grep fast_commit; if it says so, update the kernel", m.source),
			"kernel %s loses data on ext4 with the feature fast_commit, and whether this disk has it was not checked", release)
	}
	if err != nil {
		return Skip("%s was not looked at: %v", m.source, err)
	}
	defer f.Close()
	const (
		featureCompat = 1024 + 0x5C // s_feature_compat, little-endian
		fastCommit    = 0x400
	)
	var b [4]byte
	if _, err := f.ReadAt(b[:], featureCompat); err != nil {
		return Skip("%s was not looked at: %v", m.source, err)
	}
	if binary.LittleEndian.Uint32(b[:])&fastCommit != 0 {
		return Bad(Error, "update the kernel to 5.10.94, 5.15.27, 5.17 or later; or turn it off on the unmounted disk: tune2fs -O ^fast_commit "+m.source,
			"kernel %s loses data on ext4 with the feature fast_commit, which this disk has", release)
	}
	return Good("the database lies on ext4 without fast_commit")
}

func kernelRelease() string {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return ""
	}
	return unix.ByteSliceToString(u.Release[:])
}

// Watching checks the limits of inotify, which a person with folders to watch needs.
func Watching(folders int) []Finding {
	if folders == 0 {
		return []Finding{Good("no folder is to be watched")}
	}
	var found []Finding
	for _, l := range []struct {
		name  string
		least int
	}{{"max_user_watches", 8192}, {"max_user_instances", 16}} {
		text, err := os.ReadFile("/proc/sys/fs/inotify/" + l.name)
		n, conversion := strconv.Atoi(strings.TrimSpace(string(text)))
		if err != nil || conversion != nil {
			found = append(found, Skip("the limit %s is not known", l.name))
			continue
		}
		if n < l.least {
			found = append(found, Bad(Warning, fmt.Sprintf("as root: sysctl fs.inotify.%s=%d (changes are found all the same, within 30 s)", l.name, max(65536, l.least)),
				"the system allows few watched folders: fs.inotify.%s is %d", l.name, n))
		}
	}
	if len(found) == 0 {
		found = append(found, Good("the system's limits leave room to watch folders"))
	}
	return found
}
