package store

import (
	"syscall"
	"unsafe"
)

// unmap tells the system that what this process has read of the file, v for one,
// is not needed in its memory for now; it is read again when it is. Without this,
// who reads a whole file holds as much memory as the file is large, in the count
// of the process. The mapping as a whole is meant, since the system maps what lies
// around a page along with it. It is shared and never written through.
func (tx *Tx) unmap(v []byte) {
	if len(v) == 0 || tx.bolt.Writable() {
		return
	}
	first := unsafe.Pointer(unsafe.SliceData(v))
	from, size := uintptr(first)-tx.db.bolt.Info().Data, uintptr(tx.bolt.Size()) // wraps for what lies before it
	if from >= size {
		return // not a part of the file
	}
	_ = syscall.Madvise(unsafe.Slice((*byte)(unsafe.Add(first, -int(from))), size), syscall.MADV_DONTNEED) // advice only
}
