//go:build unix

package health

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// read asks the system. Free is what a person without special rights may use.
func (d *Disk) read() error {
	var s unix.Statfs_t
	if err := unix.Statfs(d.Path, &s); err != nil {
		return err
	}
	size := uint64(s.Bsize)
	d.FreeBytes, d.TotalBytes = uint64(s.Bavail)*size, uint64(s.Blocks)*size
	if s.Files > 0 { // some file systems make inodes as they need them
		free := uint64(s.Ffree)
		d.FreeInodes, d.allInodes = &free, uint64(s.Files)
	}
	var at unix.Stat_t
	if err := unix.Stat(d.Path, &at); err != nil {
		return err
	}
	d.mount = fmt.Sprint(at.Dev)
	return nil
}
