//go:build !linux

package store

// unmap does nothing where there is no such advice.
func (tx *Tx) unmap([]byte) {}
