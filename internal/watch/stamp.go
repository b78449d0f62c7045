package watch

import "os"

// stamp is what tells two states of a file apart without reading it.
type stamp struct {
	there    bool
	mode     os.FileMode
	size     int64
	modified int64 // nanoseconds
	changed  int64 // of the inode, where the system keeps it: also when a program sets modified back
	device   uint64
	inode    uint64
}

func stampOf(info os.FileInfo) stamp {
	return stamp{there: true, mode: info.Mode(), size: info.Size(), modified: info.ModTime().UnixNano()}
}

// identity is the part that says which file it is, not what is in it.
func (s stamp) identity() stamp {
	return stamp{there: s.there, device: s.device, inode: s.inode}
}
