package mirror

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
)

// rooms holds memory for the content of files, until the collector wants it. Of what
// it takes to find ten edits in a large file that is a third, and each save would have
// it cleared and collected anew. Nothing that is made of a file shares its memory.
var rooms = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// mostRoom bounds what is kept of one file, in bytes.
const mostRoom = 32 << 20

// lendRoom returns memory for one file, which giveBack takes when nobody looks at the
// content any more.
func lendRoom() *bytes.Buffer { return rooms.Get().(*bytes.Buffer) }

func giveBack(room *bytes.Buffer) {
	if room.Cap() <= mostRoom {
		rooms.Put(room)
	}
}

// makeRoom empties room and makes it as large as a file of that size needs, and a
// little larger, for the next save: a buffer that grows by itself doubles.
func makeRoom(room *bytes.Buffer, size int) {
	room.Reset()
	if need := size + bytes.MinRead; need > room.Cap() {
		*room = *bytes.NewBuffer(make([]byte, 0, need+need/32))
	}
}

// read returns the content of a plain file, in the memory of room. It fails with
// errMoving when the file changes meanwhile.
func (f *Folder) read(room *bytes.Buffer, name string) ([]byte, error) {
	info, err := f.root.Lstat(name)
	if err != nil {
		return nil, err
	}
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		return nil, errors.New("it is a symlink; it is not followed")
	case !info.Mode().IsRegular():
		return nil, errors.New("it is no plain file")
	}
	file, err := f.root.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	before, err := file.Stat()
	if err != nil {
		return nil, err
	}
	makeRoom(room, int(min(before.Size(), f.most())))
	if _, err := room.ReadFrom(io.LimitReader(file, f.most()+1)); err != nil {
		return nil, err
	}
	data := room.Bytes()
	if int64(len(data)) > f.most() {
		return nil, fmt.Errorf("it is larger than %d bytes (import.file in the config)", f.most())
	}
	after, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !os.SameFile(info, after) || before.Size() != after.Size() || !before.ModTime().Equal(after.ModTime()) ||
		int64(len(data)) != after.Size() {
		return nil, errMoving
	}
	return data, nil
}

// sum returns the hash of the content of a plain file.
func (f *Folder) sum(name string) (string, error) {
	room := lendRoom()
	defer giveBack(room)
	data, err := f.read(room, name)
	if err != nil {
		return "", err
	}
	return hash(data), nil
}

// most is the largest file that is read, in bytes.
func (f *Folder) most() int64 {
	if f.cfg.Limits.Bytes > 0 {
		return f.cfg.Limits.Bytes
	}
	return 512_000_000
}
