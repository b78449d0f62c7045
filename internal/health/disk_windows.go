package health

import "golang.org/x/sys/windows"

// read asks the system. Windows has no inodes.
func (d *Disk) read() error {
	path, err := windows.UTF16PtrFromString(d.Path)
	if err != nil {
		return err
	}
	return windows.GetDiskFreeSpaceEx(path, &d.FreeBytes, &d.TotalBytes, nil)
}
