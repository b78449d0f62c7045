package doctor

import (
	"fmt"
	"strings"
)

// kernelLosesFastCommits tells whether ext4 with the feature fast_commit may lose
// data under a Linux kernel of this release. The fixes are in 5.17, 5.15.27 and
// 5.10.94; before 5.10 there is no such feature, and other branches did not get them.
func kernelLosesFastCommits(release string) bool {
	var major, minor, patch int
	numbers, _, _ := strings.Cut(release, "-")
	if n, _ := fmt.Sscanf(numbers, "%d.%d.%d", &major, &minor, &patch); n < 2 {
		return false
	}
	switch {
	case major != 5 || minor < 10 || minor >= 17:
		return false
	case minor == 10:
		return patch < 94
	case minor == 15:
		return patch < 27
	}
	return true
}

// mount is a line of /proc/self/mountinfo, as far as it matters.
type mount struct {
	device string // major:minor
	point  string
	kind   string // "ext4"
	source string // "/dev/sda1"
}

// mountOf returns the last mount of a device in the text of mountinfo (proc(5)).
func mountOf(text, device string) (found mount, ok bool) {
	for line := range strings.Lines(text) {
		before, after, split := strings.Cut(line, " - ")
		left, right := strings.Fields(before), strings.Fields(after)
		if !split || len(left) < 5 || len(right) < 2 || left[2] != device {
			continue
		}
		found, ok = mount{left[2], left[4], right[0], right[1]}, true
	}
	return found, ok
}

// remote says why a database should not lie on a kind of file system, "" when it may.
func remote(kind string) string {
	switch {
	case strings.HasPrefix(kind, "nfs"), kind == "cifs", kind == "smb3", kind == "smbfs", kind == "9p", kind == "afs",
		kind == "ceph", kind == "fuse.sshfs", kind == "fuse.glusterfs", kind == "vboxsf", kind == "drvfs", kind == "virtiofs":
		return "a network or shared file system, on which locks and flushes are not to be relied upon"
	case strings.HasPrefix(kind, "fuse"):
		return "a file system of a user program (FUSE), which may not flush when it is asked to"
	case kind == "tmpfs", kind == "ramfs":
		return "memory: it is gone when the machine is switched off"
	case kind == "vfat", kind == "exfat", kind == "msdos":
		return "a file system without a journal and without file modes"
	}
	return ""
}
