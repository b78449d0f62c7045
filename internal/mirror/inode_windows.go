package mirror

import "os"

// inodeOf returns the number of a file within its file system: 0 where that is
// not to be had.
func inodeOf(os.FileInfo) uint64 { return 0 }
