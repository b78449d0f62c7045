package health

import (
	"path/filepath"
	"strings"

	"golang.org/x/sys/windows"
)

// read asks the system. Windows has no inodes.
func (d *Disk) read() error {
	path, err := windows.UTF16PtrFromString(d.Path)
	if err != nil {
		return err
	}
	d.mount = strings.ToUpper(filepath.VolumeName(d.Path))
	return windows.GetDiskFreeSpaceEx(path, &d.FreeBytes, &d.TotalBytes, nil)
}
