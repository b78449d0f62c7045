package store

import (
	"bytes"
	"encoding/binary"
	"iter"
)

// Salvage yields every record that is intact in the raw bytes of a database,
// in the order of the bytes. It needs neither tree nor meta pages, so it works
// on a file that cannot be opened.
//
// It also finds old copies, in pages that are free by now: a record before it
// was acknowledged, and one that was confirmed and trimmed long ago. The caller
// takes one per op id and decides by sequence and state what is still wanted.
func Salvage(file []byte) iter.Seq[Record] {
	return func(yield func(Record) bool) {
		for {
			at := bytes.Index(file, []byte(recordMagic[:3])) // of either form
			if at < 0 {
				return
			}
			file = file[at:]
			r, size, ok := recordAt(file)
			if !ok {
				file = file[1:]
				continue
			}
			if !yield(r) {
				return
			}
			file = file[size:]
		}
	}
}

// recordAt decodes the record that the bytes begin with, if it is intact.
func recordAt(b []byte) (r Record, size int, ok bool) {
	if len(b) < recordHeader {
		return Record{}, 0, false
	}
	length := binary.BigEndian.Uint32(b[4:])
	if uint64(length) > uint64(len(b)) {
		return Record{}, 0, false
	}
	r, err := decodeRecord(b[:length])
	return r, int(length), err == nil
}
